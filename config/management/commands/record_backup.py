"""`manage.py record_backup`: the last line of an operator's backup script, so that an old backup is noticed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive, now

from config.alarms import BACKUP
from config.records import record


class Command(BaseCommand):
    help = "Record that a backup was made (or, with --failed, that it was not). More than a day without one is alerted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--made-at", metavar="TIME", default="", help="ISO time with zone; else now")
        parser.add_argument("--detail", default="", help="size, place; shown to staff")
        parser.add_argument("--failed", action="store_true", help="it was not made")

    def handle(self, *, made_at: str, detail: str, failed: bool, **options: Any) -> None:
        try:
            at = parse_datetime(made_at) if made_at else now()
        except ValueError:
            at = None
        if at is None or is_naive(at):
            raise CommandError("--made-at needs a whole time with its zone, such as 2026-11-21T10:00:00Z.")
        if at > now():
            raise CommandError("--made-at lies in the future: is the clock of this machine right?")
        row = record(BACKUP, is_good=not failed, detail=detail, at=at)
        self.stdout.write(f"Recorded: {'failed' if failed else 'made'} at {row.at:%Y-%m-%d %H:%M:%S} UTC.")
