"""Storing an exchange rate. A rate that another one replaces stays, with who replaced it, when and why."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.errors import RateRefused
from billing.models import ExchangeRate, Sale
from billing.money import CurrencyOnHold, exponent
from billing.rates import RATE_MISSING
from billing.services.register_sale import take_up
from smartbill.permissions import require_person

LARGEST = Decimal(10) ** 9
PLACES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRate:
    """What is entered: one unit of `currency` was worth `rate` of `into` on a day, as `source` published it."""

    currency: str
    into: str
    on: date
    rate: Decimal
    source: str

    @property
    def key(self) -> tuple[str, str, date]:
        return self.currency, self.into, self.on

    def is_same_as(self, stored: ExchangeRate) -> bool:
        return (self.rate, self.source) == (stored.rate, stored.source)


def record_rate(new: NewRate, *, actor: Any, reason: str = "") -> ExchangeRate:
    """Store a rate, and have the sales that waited for one decided again.

    The same rate a second time changes nothing. Another one for a day that has one needs a reason. Raises
    PermissionDenied, or RateRefused in words.
    """
    require_person(actor, "billing.add_exchangerate")
    check_rate(new)
    try:
        with transaction.atomic():
            stored = _store(new, actor=actor, reason=reason.strip())
    except IntegrityError as error:
        raise RateRefused(_("Somebody entered a rate for this day at the same moment. Look at it first.")) from error
    release_waiting(new.currency, into=new.into)
    return stored


def check_rate(new: NewRate) -> None:
    """Raise RateRefused where a rate cannot be what it says."""
    for code in (new.currency, new.into):
        if len(code) != 3 or not (code.isascii() and code.isalpha() and code.isupper()):
            raise RateRefused(_("“%(code)s” is no currency: write three letters, such as EUR.") % {"code": code})
        try:
            exponent(code)
        except CurrencyOnHold as error:
            raise RateRefused(_("Amounts in %(code)s are on hold; see the sale.") % {"code": code}) from error
    if new.currency == new.into:
        raise RateRefused(_("A rate is between two different currencies."))
    if not new.rate.is_finite() or not 0 < new.rate < LARGEST or new.rate != round(new.rate, PLACES):
        raise RateRefused(_("The rate must be above zero and have at most 12 decimals."))
    if not new.source.strip():
        raise RateRefused(_("Say who published the rate."))
    if new.on > now().date():
        raise RateRefused(_("The day of the rate lies in the future."))


def _store(new: NewRate, *, actor: Any, reason: str) -> ExchangeRate:
    currency, into, on = new.key
    rows = ExchangeRate.objects.in_force().select_for_update()
    standing = rows.filter(currency=currency, into=into, on=on).first()
    if standing is not None and new.is_same_as(standing):
        return standing
    if standing is not None:
        if not reason:
            text = _("%(rate)s is stored already. Say why the new one replaces it.")
            raise RateRefused(text % {"rate": standing})
        ExchangeRate.objects.filter(pk=standing.pk).update(replaced_at=now())
    return ExchangeRate.objects.create(
        currency=currency,
        into=into,
        on=on,
        rate=new.rate,
        source=new.source,
        reason=reason if standing is not None else "",
        recorded_by=actor,
    )


def release_waiting(currency: str, *, into: str) -> int:
    """Have every sale that is held for want of a rate decided again; return how many there were."""
    held = Sale.objects.filter(outcome=Sale.Outcome.HELD, currency=currency, endpoint__issuer__currency=into)
    waiting = [sale for sale in held.iterator() if any(reason["code"] == RATE_MISSING for reason in sale.reasons)]
    return sum(take_up(sale, reason=_("An exchange rate was stored.")) for sale in waiting)
