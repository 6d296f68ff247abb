"""What a customer did before, in two queries over indexes, and the lock under which rules may ask for it."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, Q, Sum

from billing.models import Reversal, Sale
from billing.remedies import Source, Standing
from billing.rule_facts import Past
from smartbill.models import Issuer


def past_of(
    customer_id: str, *, issuer: Issuer, paid_at: datetime, besides: int, as_of: datetime | None = None
) -> Past | None:
    """Return the past of a customer beside one sale; None for a guest, of whom nothing is known.

    Earlier means paid earlier. The sales of the day are those of the issuer's calendar, whatever their order; `as_of`
    leaves out what was paid after that moment, as it was when the sale was new.
    """
    if not customer_id:
        return None
    found = _sales(customer_id, issuer, paid_at, besides, as_of)
    reversals = Reversal.objects.filter(
        sale__customer_id=customer_id, sale__endpoint__issuer=issuer, occurred_at__lt=paid_at
    )
    counted = reversals.filter(source__in=[Source.REFUND, Source.CREDIT_NOTE, Source.DISPUTE])
    return Past(
        sales=found["sales"],
        amount=None if found["unknown"] else found["amount"] or Decimal(0),
        reversals=counted.exclude(standing=Standing.UNDONE).count(),
        sales_of_day=found["sales_of_day"],
        amount_of_day=None if found["unknown_of_day"] else found["amount_of_day"] or Decimal(0),
    )


def _sales(customer_id: str, issuer: Issuer, paid_at: datetime, besides: int, as_of: datetime | None) -> dict[str, Any]:
    begin, end = day_of(paid_at, issuer.zone)
    before, that_day = Q(paid_at__lt=paid_at), Q(paid_at__gte=begin, paid_at__lt=end)
    rows = Sale.objects.filter(customer_id=customer_id, endpoint__issuer=issuer, paid_at__isnull=False)
    rows = rows.exclude(pk=besides).exclude(outcome=Sale.Outcome.NOT_APPLICABLE)
    if as_of is not None:
        rows = rows.filter(paid_at__lte=as_of)
    return rows.aggregate(
        sales=Count("pk", filter=before),
        amount=Sum("worth", filter=before),
        unknown=Count("pk", filter=before & Q(worth=None)),
        sales_of_day=Count("pk", filter=that_day),
        amount_of_day=Sum("worth", filter=that_day),
        unknown_of_day=Count("pk", filter=that_day & Q(worth=None)),
    )


def day_of(at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the first instant of the local day of a moment, and of the day after."""
    day = at.astimezone(zone).date()
    return (
        datetime.combine(day, time.min, tzinfo=zone),
        datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone),
    )


def lock_past(customer_id: str, *, issuer: Issuer) -> None:
    """Have the sales of a customer decided one after the other, to the end of the transaction.

    Two sales of the same moment would else each be the first of its day. On SQLite every transaction that writes is
    alone anyway.
    """
    if customer_id and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [issuer.pk, customer_id])
