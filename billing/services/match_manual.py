"""Whether a payment may be the one of a document made by hand: same amount, currency and buyer, within the days set.

Nothing is ever linked by this: it makes a question for a person. A buyer is the same when any of customer, tax id,
e-mail or name agrees. Where one side names nobody, a document that says that its payment will appear at Stripe may be
meant as well: to ask costs a click, not to ask costs a second document. For the same reason every row of the amount is
compared, however many there are: of each only what names the buyer is read.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from billing.models import ManualEntry, Sale
from billing.texts import digits, folded
from smartbill.drafts import Draft
from smartbill.models import Issuer

Period = tuple[datetime, datetime]


def recognised_by(draft: Draft) -> set[str]:
    """Return what the buyer of a draft is recognised by."""
    party = draft.party
    found = {
        "customer": draft.customer_reference,
        "tax": digits(party.tax_id)[0] or folded(party.tax_id),
        "email": party.email.strip().lower(),
        "name": folded(party.name),
    }
    return {f"{name}:{value}" for name, value in found.items() if value}


def manual_matches(sale: Sale, draft: Draft, *, issuer: Issuer) -> Sequence[ManualEntry]:
    """Return the open documents made by hand of which this sale may be the payment, the newest first."""
    if sale.is_manual or sale.is_own or not issuer.manual_match_days:
        return []
    buyer = recognised_by(draft)
    rows = ManualEntry.objects.like(sale, issuer=issuer).values_list("pk", "buyer", "expects_payment")
    found = [pk for pk, named, expects in rows.iterator() if _may_be_the_same(buyer, named, expects)]
    return list(ManualEntry.objects.filter(pk__in=found).select_related("sale__document").order_by("-id"))


def _may_be_the_same(one: Collection[str], other: Collection[str], expects_payment: bool) -> bool:
    if set(one) & set(other):
        return True
    return expects_payment and (not one or not other)


def lookalikes(issuer: Issuer, *, amount_minor: int, draft: Draft, paid_at: datetime) -> Sequence[Sale]:
    """Return sales of the same amount and buyer that were paid within the issuer's days, the newest first.

    Those of Stripe, and those that were entered by hand and not withdrawn. An entry that names nobody is like another
    of its day that names nobody.
    """
    days = timedelta(days=issuer.manual_match_days)
    if not days:
        return []
    period = (paid_at - days, paid_at + days)
    buyer = recognised_by(draft)
    found = [*_paid(issuer, amount_minor, buyer, period), *_entered(issuer, amount_minor, buyer, period, paid_at)]
    return list(Sale.objects.filter(pk__in=found).select_related("document").order_by("-id"))


def _paid(issuer: Issuer, amount_minor: int, buyer: set[str], period: Period) -> list[int]:
    rows = (
        Sale.objects.filter(
            endpoint__issuer=issuer,
            amount_minor=amount_minor,
            currency=issuer.currency,
            paid_at__range=period,
            entry=None,
        )
        .exclude(outcome=Sale.Outcome.NOT_APPLICABLE)
        .values_list("pk", "customer_id", "customer_name", "document__customer_tax_id", "document__customer_email")
    )
    return [pk for pk, *named in rows.iterator() if buyer & _recognised(*named)]


def _entered(issuer: Issuer, amount_minor: int, buyer: set[str], period: Period, paid_at: datetime) -> list[int]:
    rows = ManualEntry.objects.filter(
        sale__endpoint__issuer=issuer,
        amount_minor=amount_minor,
        currency=issuer.currency,
        paid_at__range=period,
        withdrawn_at=None,
    ).values_list("sale_id", "buyer", "paid_at")
    day = paid_at.astimezone(issuer.zone).date()
    return [
        sale_id
        for sale_id, named, at in rows.iterator()
        if buyer & set(named) or not (buyer or named or at.astimezone(issuer.zone).date() != day)
    ]


def _recognised(customer_id: str, name: str, tax_id: str | None, email: str | None) -> set[str]:
    """Return what the buyer of a sale is recognised by; the last two are those of its document, if it has one."""
    found = {
        "customer": customer_id,
        "name": folded(name),
        "tax": digits(tax_id or "")[0] or folded(tax_id or ""),
        "email": (email or "").strip().lower(),
    }
    return {f"{name}:{value}" for name, value in found.items() if value}
