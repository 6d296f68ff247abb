"""`manage.py check_connections`: one line per outside system, then what is missing before going live.

Status 1 if a system does not work; with `--live` also if something is missing that live mode needs.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, transaction

from config.connections import PROBES, Connection, first_line
from config.readiness import Item, State, checklist
from config.readiness.checklist import counted
from config.readiness.outside import CONNECTION
from config.records import record

INSIDE = {"database", "cache", "worker"}
MARKS = {State.READY: "ok", State.MISSING: "MISSING", State.ADVISED: "advised", State.UNKNOWN: "unknown"}


class Command(BaseCommand):
    help = "Say of each outside system whether it is reachable and authorised, and what is missing before going live."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("only", nargs="*", choices=[*PROBES, []], help="systems to look at; default all")
        parser.add_argument("--live", action="store_true", help="status 1 as well if something is missing")

    def handle(self, *, only: list[str], live: bool, **options: Any) -> None:
        failed = False
        for name in only or PROBES:
            try:
                for connection in PROBES[name]():
                    failed |= not connection.works
                    self.stdout.write(str(connection))
                    _keep(connection)
            except DatabaseError as error:
                failed = True
                self.stdout.write(str(Connection(name=name, reachable=False, detail=first_line(error))))
        if live or not only:
            failed |= self._tell_readiness() and live
        if failed:
            raise SystemExit(1)

    def _tell_readiness(self) -> bool:
        """Print the list of the page; whether something is missing."""
        try:
            sections = checklist()
        except DatabaseError as error:
            self.stdout.write(f"\nThe list of what is missing needs the database: {first_line(error)}")
            return True
        self.stdout.write("\nBefore going live")
        for section in sections:
            for item in section.items:
                self._tell(item)
        counts = counted(sections)
        self.stdout.write(", ".join(f"{count} {State(state).label}" for state, count in counts.items()))
        return bool(counts[State.MISSING])

    def _tell(self, item: Item) -> None:
        self.stdout.write(f"{MARKS[item.state]:<8}{item.title}: {item.found}")
        if item.state != State.READY:
            self.stdout.write(f"{'':<8}{item.why}")
            if item.command:
                self.stdout.write(f"{'':<8}→ {item.command}")


def _keep(connection: Connection) -> None:
    """Write down what was found out outside, for the page; where that fails, the line was told all the same."""
    if connection.name in INSIDE:  # our own database, cache and worker are seen anew by whoever looks
        return
    try:
        with transaction.atomic():
            record(f"{CONNECTION}{connection.name}", is_good=connection.works, detail=connection.detail)
    except DatabaseError:
        return
