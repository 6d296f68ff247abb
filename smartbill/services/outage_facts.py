"""What is proved about an outage, gathered for its legal clocks."""

from django.db.models import Count, Max, Min, Q
from django.db.models.functions import TruncMonth

from smartbill.clocks import Clock, Facts, Month, clocks_of
from smartbill.lifecycle import Status
from smartbill.models import Outage


def facts_of(outage: Outage) -> Facts:
    """Return the facts; three queries whatever the number of documents."""
    issuer, filing = outage.issuer, outage.filing
    entries = outage.entries.order_by()
    seals = entries.aggregate(first=Min("document__stamped_at"), last=Max("document__stamped_at"))
    months = (
        entries.annotate(month=TruncMonth("document__issued_at", tzinfo=issuer.zone))
        .values("month")
        .annotate(unsealed=Count("id", filter=_UNSEALED), last_seal=Max("document__stamped_at"))
        .order_by("month")
    )
    rows = [
        Month(first_day=row["month"].date(), unsealed=row["unsealed"], last_seal_at=row["last_seal"])
        for row in months
        if row["month"]
    ]
    return Facts(
        provider=issuer.provider,
        zone=issuer.zone,
        began_at=outage.first_evidence_at,
        last_evidence_at=outage.last_evidence_at,
        ended_at=outage.restored_at,
        filed_at=filing.filed_at if filing else None,
        first_seal_at=seals["first"],
        sealed_at=None if any(month.unsealed for month in rows) else seals["last"],
        months=rows,
    )


def clocks_of_outage(outage: Outage) -> list[Clock]:
    """Return the legal clocks of an outage as they stand."""
    return clocks_of(facts_of(outage))


_UNSEALED = Q(document__status=Status.CONTINGENCY)
