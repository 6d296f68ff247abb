"""`manage.py demo`: the whole product on one machine, told as a story. `--once` ends by itself."""

import signal
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.demo.authenticator import code_at, seconds_left
from config.demo.observer import NotSeen
from config.demo.report import Report
from config.demo.stack import Stack, StackFailed
from config.demo.staff import StaffRefused
from config.demo.story import Story

PEOPLE = {"finance": "One person, who may do everything", "elena": "Another person, a Finance manager"}
PROVISION = Path(__file__).parents[2] / "demo" / "provision.toml"


class Command(BaseCommand):
    help = "Start everything with stand-ins, tell the story, and serve until interrupted."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="end after the story; exit status 1 if a promise broke")

    def handle(self, *_arguments: Any, once: bool, **_options: Any) -> None:
        if not settings.SELLO_SANDBOX:
            raise CommandError("The demonstration needs the stand-ins: use config.settings.local.")
        # A supervisor's SIGTERM ends the demonstration as Ctrl-C does, at any moment of it.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        stack = Stack(settings.DATA_DIR / "demo")
        report = Report(say=self._say)
        try:
            token = self._start(stack)
            self._tell(stack, token, report)
            self._sum_up(stack, report, serving=not once and not report.broken)
            if not once and not report.broken:
                self._say("\nServing until Ctrl-C.")
                self._show_codes(stack.keys)
        except KeyboardInterrupt:
            self._say("\nStopping.")
        except StackFailed as error:
            raise CommandError(str(error)) from error
        finally:
            # Nothing may keep the processes from being ended, not even an impatient second Ctrl-C.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            stack.stop()
        if report.broken:
            raise CommandError(f"{len(report.broken)} promises were not kept; logs are in {stack.folder / 'log'}")

    def _start(self, stack: Stack) -> str:
        self._say("Starting: database (its tables take about a minute), stand-ins, web, worker")
        stack.manage("migrate", "--verbosity", "0")
        stack.manage("provision", str(PROVISION))
        token = stack.manage("create_api_token", "demo", "--scope", "read").strip()
        stack.choose_ports()
        stack.write_environment()
        stack.start_sandbox()
        stack.start_web()
        stack.start_worker()
        return token

    def _tell(self, stack: Stack, token: str, report: Report) -> None:
        self._say("\nThe story (every webhook is delivered three times, out of order)")
        try:
            Story(stack, token, report).tell()
        except (NotSeen, StaffRefused) as error:
            report.promise(str(error), held=False)
        report.promise("every process is still alive", stack.alive())

    def _sum_up(self, stack: Stack, report: Report, *, serving: bool) -> None:
        self._say(f"\n{report.kept} promises kept, {len(report.broken)} broken.")
        if report.seconds:
            self._say(f"Payment to mail: median {report.median_seconds:.1f} s, slowest {max(report.seconds):.1f} s.")
        if not serving:
            self._say(
                f"\nMails: {stack.folder / 'mail'}\nPages and admin end with this run; `make demo` keeps them open."
            )
            return
        self._say("\nLook at it")
        for title, link in report.links:
            self._say(f"  {title:<49} {link}")
        self._say(f"  {'The admin':<49} {stack.web}/admin/")
        for name, part in PEOPLE.items():
            self._say(f"  {part:<49} {name} / {stack.password} / the code below")
            self._say(f"  {'  or an authenticator app with the key':<49} {stack.keys[name]}")
        self._say(f"  {'Commands against it, in a second terminal':<49} make demo-do DO=check_connections")
        self._say(f"  {'Mails':<49} {stack.folder / 'mail'}")

    def _show_codes(self, keys: Mapping[str, str]) -> None:
        """Be the authenticator app of whoever looks at the demonstration; a log is told the codes once."""
        live = self.stdout.isatty()
        self.stdout.write(f"Codes now: {_codes(keys, time.time())}", ending="" if live else "\n")
        while True:
            self.stdout.flush()
            time.sleep(1)
            if live:
                at = time.time()
                self.stdout.write(f"\rCodes now: {_codes(keys, at)}  (for {seconds_left(at):2.0f} s) ", ending="")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _codes(keys: Mapping[str, str], at: float) -> str:
    return ", ".join(f"{name} {code_at(key, at)}" for name, key in keys.items())
