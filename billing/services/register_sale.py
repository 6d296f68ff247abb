"""One row per purchase: whichever event comes first founds the sale, every other finds it by one of its Stripe ids.

Two sales that turn out to be one are joined: the one with a document, else the one of the invoice, else the older
stays, and the other says so and waits for nothing. When both have a document, both stand and the desk shows it. An
invoice never joins the sale of another invoice, although one payment may have paid both.
"""

from collections.abc import Collection, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.models import Sale, SaleAlias, SaleEvent, StripeEndpoint
from billing.services.announce_approval import lapse_approval
from billing.stripe_shapes import StripeId
from smartbill.errors import Problem

INVOICE = "invoice"
ENRICHING = {INVOICE, "checkout_session"}
GAVE_UP = "gave_up"
RACES = 5


class _Moved(Exception):
    """Another worker joined sales between our reading and our lock."""


def register_sale(
    *, endpoint: StripeEndpoint, key: str, ids: Collection[StripeId], said: str = "", actor: Any = None
) -> Sale:
    """Return the sale that these ids belong to, made under `key` (such as `invoice:in_1`) when nobody knows them.

    `said` is how it became known, where Stripe did not announce it, and `actor` who said so.
    `ids` are pairs of kind and Stripe id; those not known yet become aliases. Safe to call in any order, any number of
    times and concurrently, inside a transaction or not.
    """
    wanted = sorted(set(ids))
    for last in (False,) * (RACES - 1) + (True,):
        try:
            with transaction.atomic():
                return _register(endpoint, key, wanted, said=said, actor=actor)
        except (IntegrityError, _Moved):
            if last:
                raise
    raise AssertionError("unreachable")


def known_sale(kind: str, stripe_id: str) -> Sale | None:
    """Return the sale of an id, or None; one that we gave up on is taken up again, because there is news of it."""
    sale = Sale.objects.filter(aliases__kind=kind, aliases__stripe_id=stripe_id).first()
    if sale and sale.outcome == Sale.Outcome.HELD and any(reason["code"] == GAVE_UP for reason in sale.reasons):
        take_up(sale, reason=_("Stripe announced it again."))
    return sale


def take_up(sale: Sale, *, actor: Any = None, reason: str) -> bool:
    """Have a held sale decided again; False when it is not held any more."""
    at = now()
    with transaction.atomic():
        held = Sale.objects.filter(pk=sale.pk, outcome=Sale.Outcome.HELD)
        if not held.update(
            outcome=Sale.Outcome.PENDING, reasons=[], attempts=0, next_at=at, last_error="", updated_at=at
        ):
            return False
        note(sale, Sale.Outcome.HELD, Sale.Outcome.PENDING, reason=reason, actor=actor)
    sale.refresh_from_db()
    return True


def note(sale: Sale, before: str, after: str, *, reason: str, actor: Any = None) -> None:
    """Write the event of a sale."""
    SaleEvent.objects.create(sale=sale, before=before, after=after, reason=reason, actor=actor)


def _register(endpoint: StripeEndpoint, key: str, wanted: Sequence[StripeId], *, said: str, actor: Any) -> Sale:
    owners = _owners(wanted)
    sales = list(Sale.objects.select_for_update(no_key=True).filter(pk__in=owners.values()).order_by("pk"))
    if _owners(wanted) != owners:
        raise _Moved
    sales = [sale for sale in sales if not _of_another_invoice(sale, wanted)]
    survivor = min(sales, key=_rank) if sales else _found(endpoint, key, said, actor)
    missing = [alias for alias in wanted if alias not in owners]
    for kind, stripe_id in missing:
        SaleAlias.objects.create(sale=survivor, kind=kind, stripe_id=stripe_id)
    for sale in sales:
        if sale.pk != survivor.pk:
            join_sales(sale, survivor)
    if sales and any(kind in ENRICHING for kind, _id in missing):
        _hear_news(survivor, missing)
    return survivor


def _owners(wanted: Sequence[StripeId]) -> dict[StripeId, int]:
    named = Q()
    for kind, stripe_id in wanted:
        named |= Q(kind=kind, stripe_id=stripe_id)
    found = SaleAlias.objects.filter(named).values_list("kind", "stripe_id", "sale_id")
    return {(kind, stripe_id): sale_id for kind, stripe_id, sale_id in found}


def _of_another_invoice(sale: Sale, wanted: Sequence[StripeId]) -> bool:
    ours = {stripe_id for kind, stripe_id in wanted if kind == INVOICE}
    theirs = set(sale.aliases.filter(kind=INVOICE).values_list("stripe_id", flat=True))
    return bool(ours and theirs and not ours & theirs)


def _rank(sale: Sale) -> tuple[bool, bool, int]:
    return sale.document_id is None, not sale.key.startswith(f"{INVOICE}:"), sale.pk


def _found(endpoint: StripeEndpoint, key: str, said: str, actor: Any) -> Sale:
    sale = Sale.objects.create(key=key, endpoint=endpoint, livemode=endpoint.livemode)
    note(sale, "", sale.outcome, reason=said or _("Announced by Stripe."), actor=actor)
    return sale


def join_sales(sale: Sale, survivor: Sale) -> None:
    """Hand the aliases over and end the sale, unless it has a document of its own: that one stands."""
    if sale.document_id is not None:
        _mark_twin(sale, survivor)
        return
    before, text = sale.outcome, _("Belongs to the sale %(key)s.") % {"key": survivor.key}
    reason = Problem("sale", "part_of_another", text).as_json()
    sale.outcome, sale.reasons, sale.next_at = Sale.Outcome.NOT_APPLICABLE, [reason], None
    sale.save(update_fields=["outcome", "reasons", "next_at", "updated_at"])
    sale.aliases.update(sale=survivor)
    for approval in sale.approvals.open():
        lapse_approval(approval, text)
    if sale.reversals.update(sale=survivor):
        Sale.objects.filter(pk=survivor.pk).update(search_at=now())
    note(sale, before, sale.outcome, reason=text)


def give_back_payments(sale: Sale, *, was_linked: bool) -> None:
    """Let the payments of a withdrawn sale go: one that was seen at Stripe gets a sale of its own, at once."""
    aliases = sale.aliases.exclude(kind="manual")
    first = min(aliases, key=lambda alias: (alias.kind != INVOICE, alias.pk), default=None) if was_linked else None
    if first is None:
        aliases.delete()
        return
    own, _created = Sale.objects.get_or_create(
        key=f"{first.kind}:{first.stripe_id}", defaults={"endpoint": sale.endpoint, "livemode": sale.livemode}
    )
    before, at = own.outcome, now()
    Sale.objects.filter(pk=own.pk, document=None).update(
        outcome=Sale.Outcome.PENDING, reasons=[], attempts=0, next_at=at, is_own=True, updated_at=at
    )
    aliases.update(sale=own)
    note(own, before, Sale.Outcome.PENDING, reason=_("The document made by hand for it was withdrawn."))


def _mark_twin(sale: Sale, survivor: Sale) -> None:
    """Say once on a sale with a document that the same purchase has another: Stripe announces it again and again."""
    text = _("The same purchase has a second document, that of the sale %(key)s: keep one and invalidate the other.")
    reason = Problem("sale", "second_document", text % {"key": survivor.key}).as_json()
    if reason in sale.reasons:
        return
    sale.reasons = [*sale.reasons, reason]
    sale.save(update_fields=["reasons", "updated_at"])
    note(sale, sale.outcome, sale.outcome, reason=reason["message"])


def _hear_news(sale: Sale, missing: Sequence[StripeId]) -> None:
    """A held sale of which more is known now is decided again; one with a document shows what was linked to it."""
    linked = ", ".join(stripe_id for kind, stripe_id in missing if kind in ENRICHING)
    if sale.outcome == Sale.Outcome.HELD:
        take_up(sale, reason=_("%(ids)s belongs to this sale as well.") % {"ids": linked})
    elif sale.outcome == Sale.Outcome.DOCUMENT and not sale.is_manual and any(kind == INVOICE for kind, _id in missing):
        text = _("%(ids)s was linked after the document was made; compare the amounts.") % {"ids": linked}
        sale.reasons = [*sale.reasons, Problem("invoice", "linked_after_document", text).as_json()]
        sale.save(update_fields=["reasons", "updated_at"])
        note(sale, sale.outcome, sale.outcome, reason=text)
