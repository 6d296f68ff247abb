"""Ask Stripe for all that went back of a sale, and keep one row of each: read whole, written under the sale's lock."""

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing import client
from billing.errors import BillingError
from billing.models import Reversal, ReversalAlias, ReversalEvent, Sale
from billing.money import CurrencyOnHold, UnreadableAmount
from billing.remedies import Standing, State
from billing.remedy_texts import JOINED, REASONS
from billing.services.claim_events import lease_length
from billing.services.register_sale import take_up
from billing.stripe_reversals import Given, Movement, movements
from billing.stripe_shapes import Shape, UnreadableShape, id_of

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(hours=1)
MOST_SEARCHES = 1000
"""Where counting stops: the column is small, and a search is never given up."""


def find_reversals(*, sale_id: int) -> None:
    """Search once for a sale that is due; what fails is tried again with growing pauses, for ever."""
    at = now()
    until = at + lease_length()
    if not Sale.objects.to_search(at).filter(pk=sale_id).update(search_at=until):
        return
    sale = Sale.objects.get(pk=sale_id)
    try:
        given = read_given(sale)
        with transaction.atomic():
            locked = Sale.objects.select_for_update(no_key=True).get(pk=sale_id)
            if locked.search_at != until:
                # Something newer was announced, or another worker took over: what was read may be old.
                return
            record_movements(locked, given)
            Sale.objects.filter(pk=sale_id).update(search_at=None, searches=0)
    except (BillingError, UnreadableShape, UnreadableAmount, CurrencyOnHold):
        pause = min(FIRST_PAUSE * 4 ** min(sale.searches, 6), LONGEST_PAUSE)
        mine = Sale.objects.filter(pk=sale_id, search_at=until)
        mine.update(search_at=now() + pause, searches=min(sale.searches + 1, MOST_SEARCHES))


def read_given(sale: Sale) -> Given:
    """Read what Stripe holds against a sale. Raises billing.errors; never called inside a transaction."""
    ids = list(sale.aliases.values_list("kind", "stripe_id"))
    invoices = [stripe_id for kind, stripe_id in ids if kind == "invoice"]
    payments = [(kind, stripe_id) for kind, stripe_id in ids if kind == "payment_intent"]
    # A charge is one of an intent, unless it is from before there were any.
    payments = payments or [(kind, stripe_id) for kind, stripe_id in ids if kind == "charge"]
    return Given(
        refunds=_once(row for kind, each in payments for row in client.fetch_refunds(**{kind: each})),
        disputes=_once(row for kind, each in payments for row in client.fetch_disputes(**{kind: each})),
        credit_notes=_once(row for each in invoices for row in client.fetch_credit_notes(each)),
        invoice=client.fetch_invoice(invoices[0]) if invoices else None,
    )


def _once(rows: Iterable[Shape]) -> list[Shape]:
    return list({id_of(row): row for row in rows}.values())


def record_movements(sale: Sale, given: Given) -> None:
    """Bring the reversals of a sale to what Stripe says; what is new or changed is looked at next. Under its lock."""
    rows = {row.key: row for row in sale.reversals.select_for_update()}
    begun = {key: row.amount_minor for key, row in rows.items() if row.has_begun}
    found = movements(given, begun=begun)
    keys = {movement.key for movement in found}
    named = {f"{kind}:{stripe_id}" for movement in found for kind, stripe_id in movement.ids}
    news = [_record(sale, movement, rows, keys) for movement in found]
    for key, row in rows.items():
        if key not in keys and not row.has_begun:
            news.append(_end(row, joined=key in named))
    if any(news):
        if sale.outcome == Sale.Outcome.HELD:
            take_up(sale, reason=_("Money of it went back at Stripe."))
        sale.reversals.exclude(state__in=[State.DONE, State.NOTHING]).update(next_at=now())


def _record(sale: Sale, movement: Movement, rows: dict[str, Reversal], keys: set[str]) -> bool:
    """Write one movement; True when that is news."""
    row = rows.get(movement.key) or _renamed(movement, rows, keys)
    columns = {"source": movement.source, "standing": movement.standing, "amount_minor": movement.amount}
    if row is None:
        row = Reversal.objects.create(
            key=movement.key, sale=sale, currency=movement.currency, occurred_at=movement.occurred_at, **columns
        )
        ReversalEvent.objects.create(reversal=row, after=row.state)
        _name(row, movement)
        return True
    changed = {name: value for name, value in columns.items() if getattr(row, name) != value}
    if row.key != movement.key:
        changed |= {"key": movement.key}
    if changed:
        # A settled row stays settled, unless Stripe takes back what it was settled about.
        Reversal.objects.filter(pk=row.pk).update(**changed, next_at=now(), looks=0, updated_at=now())
    return _name(row, movement) or bool(changed)


def _renamed(movement: Movement, rows: dict[str, Reversal], keys: set[str]) -> Reversal | None:
    """Return the row of a refund that turns out to be a part of this credit note, and has no movement of its own."""
    others = [f"{kind}:{stripe_id}" for kind, stripe_id in movement.ids[1:]]
    found = [rows[key] for key in others if key in rows and key not in keys and not rows[key].has_begun]
    if not found:
        return None
    row = rows[movement.key] = rows.pop(found[0].key)
    return row


def _name(row: Reversal, movement: Movement) -> bool:
    """Give the row all names of the movement; True when one is new."""
    is_new = False
    for kind, stripe_id in movement.ids:
        alias, made = ReversalAlias.objects.get_or_create(kind=kind, stripe_id=stripe_id, defaults={"reversal": row})
        if not made and alias.reversal_id != row.pk:
            ReversalAlias.objects.filter(pk=alias.pk).update(reversal=row)
            made = True
        is_new = is_new or made
    return is_new


def _end(row: Reversal, *, joined: bool) -> bool:
    """End a row of which Stripe says nothing any more: it became a part of another, or never came to be."""
    if not joined and row.standing != Standing.UNDONE:
        Reversal.objects.filter(pk=row.pk).update(standing=Standing.UNDONE, next_at=now(), updated_at=now())
        return True
    if joined and row.code != JOINED:
        before, reason = row.state, str(REASONS[JOINED])
        Reversal.objects.filter(pk=row.pk).update(
            state=State.NOTHING,
            state_since=now(),
            code=JOINED,
            reason=reason,
            remedy="",
            corrected_minor=0,
            next_at=None,
            updated_at=now(),
        )
        ReversalEvent.objects.create(reversal=row, before=before, after=State.NOTHING, reason=reason)
        return True
    return False
