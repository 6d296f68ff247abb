"""Which stored rate a sale in another currency is converted by: the issuer's rule names the day, never a guess."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from billing.models import ExchangeRate
from billing.stripe_purchases import headline
from billing.stripe_shapes import UnreadableShape
from smartbill.errors import Problem
from smartbill.models import Issuer

RATE_MISSING = "rate_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A stored rate: what one unit of `currency` is worth in `into`, on which day and by whose publication."""

    currency: str
    into: str
    rate: Decimal
    on: date
    source: str


def day_for(rule: str, paid_on: date) -> date:
    """Return the day whose rate counts for a payment of this day."""
    if rule == Issuer.RateDay.DAY_BEFORE:
        return paid_on - timedelta(days=1)
    return paid_on.replace(day=1) if rule == Issuer.RateDay.MONTH else paid_on


def quote_for(content: Mapping[str, Any], *, issuer: Issuer) -> Quote | Problem | None:
    """Return the rate for the sale with this snapshot, why there is none, or None where none is needed."""
    try:
        seen = headline(content)
    except UnreadableShape:
        # What cannot be read is held for that reason by `rules.decide`.
        return None
    currency, paid_at = seen["currency"], seen["paid_at"]
    if currency == issuer.currency or paid_at is None:
        return None
    if issuer.rate_day == Issuer.RateDay.HOLD:
        text = _("The sale is in %(theirs)s; this issuer issues in %(ours)s and has no rule which day's rate counts.")
        return Problem("currency", "other_currency", text % {"theirs": currency, "ours": issuer.currency})
    day = day_for(issuer.rate_day, paid_at.astimezone(issuer.zone).date())
    found = ExchangeRate.objects.newest_until(day, currency=currency, into=issuer.currency)
    if found is None or (day - found.on).days > issuer.rate_days_old:
        text = _(
            "The sale is in %(theirs)s. No rate into %(ours)s of %(day)s, nor of the %(days)s days before, is stored: "
            "enter or import it, and the sale goes on by itself."
        )
        shown = {"theirs": currency, "ours": issuer.currency, "day": day.isoformat(), "days": issuer.rate_days_old}
        return Problem("currency", RATE_MISSING, text % shown)
    return Quote(
        currency=found.currency, into=found.into, rate=found.rate.normalize(), on=found.on, source=found.source
    )
