"""`manage.py outage_drill`: rehearse an outage of the tax authority against the stand-in; refused in live mode."""

import csv
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.timezone import localtime

from smartbill.errors import SmartbillError
from smartbill.models import Issuer, Outage
from smartbill.services.outage_csv import document_rows
from smartbill.services.outage_drill import Drill
from smartbill.services.outage_report import report_of


class Command(BaseCommand):
    help = "Have the stand-in refuse seals, issue test documents, mend it, and prove that the outage opened and closed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--issuer", default="", help="its short name; needed when there are several in test mode")
        parser.add_argument("--minutes", type=int, default=1, help="how long no seals are given (1)")
        parser.add_argument("--documents", type=int, default=5, help="how many test documents are issued (5)")
        parser.add_argument("--csv", type=Path, help="write the report's documents to this file")

    def handle(self, *, issuer: str, minutes: int, documents: int, **options: Any) -> None:
        if not 1 <= documents <= 1000 or not 0 <= minutes <= 240:
            raise CommandError("--documents is 1 to 1000, --minutes 0 to 240.")
        drill = Drill(_issuer(issuer), count=documents, seconds=minutes * 60, say=self._say)
        try:
            outage = drill.run()
        except SmartbillError as error:
            raise CommandError(str(error)) from error
        self._print(outage)
        if options["csv"]:
            with options["csv"].open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows(document_rows(report_of(outage)))
        if drill.broken:
            raise CommandError(f"{len(drill.broken)} of {len(drill.findings)} promises were not kept.")
        self._say(f"{len(drill.findings)} promises kept.")

    def _print(self, outage: Outage) -> None:
        """Print the report: the episode, its documents, its sums."""
        report = report_of(outage)
        lasted = (outage.restored_at or outage.opened_at) - outage.first_evidence_at
        self._say(f"\n{outage}: {len(report.rows)} documents, {int(lasted.total_seconds())} s until a seal was seen")
        for row in report.rows:
            issued, sealed = (f"{localtime(at):%H:%M:%S}" if at else "–" for at in (row.issued_at, row.sealed_at))
            self._say(f"  {row.number:<34} {row.amount:>10.2f} {row.currency}  issued {issued}  stamped {sealed}")
        for sums in report.sums:
            stamped = f"{sums.sealed_count} of {sums.count} stamped"
            self._say(f"  {'sum':<34} {sums.amount:>10.2f} {sums.currency}  {stamped}")
        self._say(f"Report to print: {settings.PUBLIC_BASE_URL}{outage.report_path}\n")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _issuer(slug: str) -> Issuer:
    """Return the issuer named, or the only one in test mode."""
    rows = Issuer.objects.filter(slug=slug) if slug else Issuer.objects.filter(livemode=False, active=True)
    found = list(rows[:2])
    if len(found) != 1:
        names = ", ".join(Issuer.objects.filter(livemode=False, active=True).values_list("slug", flat=True)) or "none"
        raise CommandError(f"Name the issuer with --issuer; in test mode there are: {names}.")
    return found[0]
