"""`manage.py check_connections`: one line per outside system, and status 1 if any of them does not work."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from config.connections import PROBES, Connection, first_line


class Command(BaseCommand):
    help = "Say of each outside system whether it is reachable and authorised, in which mode and version."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("only", nargs="*", choices=[*PROBES, []], help="systems to look at; default all")

    def handle(self, *, only: list[str], **options: Any) -> None:
        failed = False
        for name in only or PROBES:
            try:
                for connection in PROBES[name]():
                    failed |= not connection.works
                    self.stdout.write(str(connection))
            except DatabaseError as error:
                failed = True
                self.stdout.write(str(Connection(name=name, reachable=False, detail=first_line(error))))
        if failed:
            raise SystemExit(1)
