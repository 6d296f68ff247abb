"""`manage.py after_restore`: what must be done after a backup of the database was restored, before anybody sends."""

import getpass
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive

from smartbill.errors import SmartbillError
from smartbill.lifecycle import Status
from smartbill.services.restore import Findings, begin, carry_out, declare_current, look, retire_host


class Command(BaseCommand):
    help = (
        "After a restore: whatever may have been sent since the backup becomes doubt, and workers may start again. "
        "Stop all workers first. May be repeated; a run that was cut off is carried on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--backup-made-at", metavar="TIME", help="ISO time with zone; else the newest row counts")
        parser.add_argument(
            "--journals-complete",
            action="store_true",
            help="the journals of all hosts that sent since the backup are here: what none of them names was not sent",
        )
        parser.add_argument("--reason", default="", help="kept with the audit row")
        parser.add_argument("--by", default="", help="who runs this; else the name of the system's user")
        parser.add_argument("--current", action="store_true", help="nothing was restored, only the record was lost")
        parser.add_argument("--retire", metavar="HOST", help="no longer wait for a host that is gone for ever")

    def handle(self, **options: Any) -> None:
        by = options["by"] or getpass.getuser()
        try:
            if options["retire"]:
                self._retire(options["retire"])
            elif options["current"]:
                self._declare_current(by, options)
            else:
                self._after_restore(by, options)
        except SmartbillError as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(f"The database is not ready ({error}). Is it up, and has `migrate` run?") from error

    def _after_restore(self, by: str, options: dict[str, Any]) -> None:
        since = _time(options["backup_made_at"])
        self._tell(look())
        self._confirm("Put all of this in doubt, and let workers start again?", options)
        generation = begin(since=since, journals_complete=options["journals_complete"], by=by, reason=options["reason"])
        done = carry_out(generation)
        self.stdout.write(f"Forgotten sendings known from journals: {done['forgotten']}.")
        self.stdout.write(f"Calls in doubt: {done['in_doubt']}. Codes that were seen are looked up by the workers.")
        self.stdout.write("Start the workers. What comes back through Stripe is matched with the journals.")

    def _tell(self, found: Findings) -> None:
        self.stdout.write(found.contradiction or "Nothing but your word says that a backup was restored.")
        self.stdout.write(f"The database tells of nothing after {found.last_known or '–'}.")
        for status, count in sorted(found.waiting.items()):
            self.stdout.write(f"{count:8} {Status(status).label}")
        self.stdout.write(f"{found.forgotten:8} sendings in this host's journals that the database does not know")
        if found.unfinished:
            self.stdout.write(f"A run begun at {found.unfinished.until} is carried on, with the answers given then.")

    def _declare_current(self, by: str, options: dict[str, Any]) -> None:
        if not options["reason"]:
            raise CommandError("Say with --reason how you know that nothing was restored.")
        self._confirm("Is this database the living one, and only the record was lost?", options)
        declare_current(by=by, reason=options["reason"])
        self.stdout.write("The record is written anew. Start the workers.")

    def _retire(self, name: str) -> None:
        if not retire_host(name):
            raise CommandError(f"No host {name!r} is waited for.")
        self.stdout.write(f"Nobody waits for {name} any more.")

    def _confirm(self, question: str, options: dict[str, Any]) -> None:
        if options["yes"]:
            return
        if input(f"{question} [yes/no] ").strip().lower() != "yes":
            raise CommandError("Nothing was changed.")


def _time(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None or is_naive(at):
        raise CommandError("--backup-made-at needs a whole time with its zone, such as 2026-11-21T10:00:00Z.")
    return at.astimezone(UTC)
