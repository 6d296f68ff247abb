"""A person enters a sale that Stripe could not announce: one form, one sale, however often it is sent.

The entry is written while the issuer's row is closed, and every payment is decided under a share of it: of a payment
that is decided at the same moment, one side sees the other (`services/match_manual.py`).
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.drafts import draft_from_snapshot
from billing.errors import EnteredAlready, InvalidProfile, KnownPayment, NothingReceived
from billing.manual import ManualSale, content_of
from billing.models import ManualEntry, Sale, SaleAlias, StripeEndpoint, profile_of
from billing.profiles import NOBODY, STAFF, Profile
from billing.services.match_manual import lookalikes, recognised_by
from billing.services.register_sale import register_sale
from billing.services.save_profile import entries_from, save_profile
from billing.services.screen_sale import Screened, foreseen
from billing.stripe_shapes import StripeId
from billing.texts import folded
from smartbill.drafts import Draft
from smartbill.errors import Problem
from smartbill.models import Issuer
from smartbill.permissions import require_person
from smartbill.services.lock_issuer import close_issuer

ENTER, RELEASE = "billing.add_manualentry", "billing.release_manualentry"
NOT_RELEASED = "not_released"
NUMBERS = ("quantity", "unit_price", "rate")
"""What is a number in the content of a line, and kept as text."""
KINDS_OF_ID = {"in_": "invoice", "pi_": "payment_intent", "cs_": "checkout_session", "ch_": "charge"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What came from the form. `buyer` holds typed tax data, where no customer was chosen.

    `is_confirmed`: the person was asked about a number whose check digit does not fit, and stands by it.
    `is_another`: the person has seen the sales that look like this one and says that it is another.
    """

    endpoint: StripeEndpoint
    sale: ManualSale
    why: str
    note: str = ""
    buyer: Mapping[str, str] | None = None
    stripe_id: str = ""
    expects_payment: bool = False
    is_another: bool = False
    is_confirmed: bool = False

    @property
    def issuer(self) -> Issuer:
        return self.endpoint.issuer


def key_of(token: UUID) -> str:
    """Return the business key of the sale that a form makes."""
    return f"manual:{token.hex}"


def profile_for(entered: Entered) -> Profile:
    """Return what is known of the buyer: chosen, or typed. Raises InvalidProfile."""
    if entered.sale.customer_id:
        return profile_of(entered.sale.customer_id, livemode=entered.endpoint.livemode)
    confirmed = STAFF if entered.is_confirmed else ""
    return NOBODY.with_values(entries_from(entered.buyer or {}, NOBODY, source=STAFF, confirmed=confirmed))


def draft_of_entered(entered: Entered, *, token: UUID) -> Draft:
    """Return the draft that would be issued; nothing is stored. Raises InvalidProfile."""
    content = content_of(entered.sale, key=key_of(token), issuer=entered.issuer)
    return draft_from_snapshot(content, issuer=entered.issuer, source=key_of(token), profile=profile_for(entered))


def foreseen_of_entered(entered: Entered, *, token: UUID) -> Screened:
    """Return the draft as the rules would leave it and what they would hold it for; nothing is stored or asked."""
    content = content_of(entered.sale, key=key_of(token), issuer=entered.issuer)
    profile = profile_for(entered)
    draft = partial(draft_from_snapshot, content, issuer=entered.issuer, source=key_of(token), profile=profile)
    redraft = partial(_with_kind, draft)
    return foreseen(content, draft(), issuer=entered.issuer, profile=profile, redraft=redraft)


def _with_kind(draft: Callable[..., Draft], kind: str) -> Draft:
    return draft(chosen=kind)


def stripe_id_of(typed: str) -> StripeId:
    """Return the kind of a Stripe id and the id, or raise InvalidProfile in words."""
    kind = KINDS_OF_ID.get(typed[:3])
    if kind is None:
        text = _("Give the id of an invoice, payment, checkout or charge: in_…, pi_…, cs_… or ch_….")
        raise InvalidProfile([Problem("stripe_id", "wrong", text)])
    return kind, typed


def shown_of(entered: Entered) -> str:
    """Return the hash of what was said to the letter: what was previewed, and nothing else, is entered."""
    return _hash(_said(entered))


def fingerprint_of(entered: Entered) -> str:
    """Return the hash of what was meant: case, accents, blanks and the zeros of a number make no other sale."""
    said = _said(entered)
    lines = [{**line, **{name: _number(line[name]) for name in NUMBERS}} for line in said["sale"]["lines"]]
    return _hash(_meant({**said, "sale": {**said["sale"], "lines": lines}}))


def _said(entered: Entered) -> dict[str, Any]:
    """Return what was said, in which the form and the moment have no part."""
    content = content_of(entered.sale, key="", issuer=entered.issuer)["manual"]
    day = entered.sale.paid_at.astimezone(entered.issuer.zone).date()
    said = {**content, "created": day.isoformat(), "endpoint": entered.endpoint.pk}
    return {"sale": said, "buyer": dict(entered.buyer or {}), "stripe_id": entered.stripe_id}


def _meant(said: Any) -> Any:
    if isinstance(said, Mapping):
        return {name: _meant(value) for name, value in said.items()}
    if isinstance(said, list | tuple):
        return [_meant(value) for value in said]
    return folded(said) if isinstance(said, str) else said


def _number(text: str) -> str:
    return f"{Decimal(text).normalize():f}"


def _hash(said: Any) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def enter_manual(entered: Entered, *, token: UUID, actor: Any) -> Sale:
    """Store the sale and put it on its way, or let it wait for the person who may let it go.

    The second call with a token returns the sale of the first. Raises PermissionDenied, InvalidProfile,
    NothingReceived, KnownPayment when Stripe has announced the payment already, or EnteredAlready.
    """
    require_person(actor, ENTER)
    for last in (False, True):
        try:
            with transaction.atomic():
                issuer = close_issuer(entered.issuer.pk)
                if standing := ManualEntry.objects.filter(token=token).select_related("sale").first():
                    return standing.sale
                return _enter(entered, issuer, token, actor)
        except IntegrityError:
            # Another was first with this form, these words or this Stripe id: now it can be seen which.
            if last:
                raise
    raise AssertionError("unreachable")


def _enter(entered: Entered, issuer: Issuer, token: UUID, actor: Any) -> Sale:
    draft = draft_of_entered(entered, token=token)
    content = content_of(entered.sale, key=key_of(token), issuer=issuer)
    alike = look_alike(entered, draft)
    if alike and not entered.is_another:
        raise EnteredAlready([str(sale) for sale in alike])
    sale = _sale(entered, token, content, draft, actor)
    needs_second = issuer.needs_second(draft.total)
    goes = actor.has_perm(RELEASE) and not needs_second
    ManualEntry.objects.create(
        sale=sale,
        token=token,
        fingerprint=fingerprint_of(entered),
        copy=len(_said_before(entered)),
        content=content,
        buyer=sorted(recognised_by(draft)),
        currency=sale.currency,
        amount_minor=content["manual"]["total"],
        paid_at=entered.sale.paid_at,
        why=entered.why,
        note=entered.note,
        expects_payment=entered.expects_payment or bool(entered.stripe_id),
        needs_second=needs_second,
        entered_by=actor,
        released_by=actor if goes else None,
        released_at=now() if goes else None,
    )
    return sale


def _why(entered: Entered) -> str:
    return " · ".join(filter(None, (str(ManualEntry.Reason(entered.why).label), entered.note)))


def _sale(entered: Entered, token: UUID, content: Mapping[str, Any], draft: Draft, actor: Any) -> Sale:
    ids: list[StripeId] = [("manual", token.hex)]
    if entered.stripe_id:
        expected = stripe_id_of(entered.stripe_id)
        if alias := SaleAlias.objects.filter(kind=expected[0], stripe_id=expected[1]).select_related("sale").first():
            raise KnownPayment(str(alias.sale))
        ids.append(expected)
    if content["manual"]["total"] < 0:
        raise NothingReceived
    said = _("Entered by hand: %(why)s") % {"why": _why(entered)}
    sale = register_sale(endpoint=entered.endpoint, key=key_of(token), ids=ids, said=said, actor=actor)
    if entered.sale.customer_id == "" and any((entered.buyer or {}).values()):
        save_profile(
            customer_id=sale.key,
            livemode=sale.livemode,
            values=entered.buyer or {},
            source=STAFF,
            reason=_("Typed with a document made by hand."),
            confirmed=str(actor) if entered.is_confirmed else "",
        )
    columns = {
        "customer_id": entered.sale.customer_id,
        "customer_name": draft.party.name[:250],
        "currency": content["manual"]["currency"],
        "amount_minor": content["manual"]["total"],
        "paid_at": entered.sale.paid_at,
    }
    Sale.objects.filter(pk=sale.pk).update(**columns)
    sale.refresh_from_db()
    return sale


def look_alike(entered: Entered, draft: Draft) -> Sequence[Sale]:
    """Return sales that may be this very one: of the same words, or of the same amount and buyer, by hand or Stripe."""
    said = [entry.sale for entry in _said_before(entered) if entry.withdrawn_at is None]
    amount = content_of(entered.sale, key="", issuer=entered.issuer)["manual"]["total"]
    alike = lookalikes(entered.issuer, amount_minor=amount, draft=draft, paid_at=entered.sale.paid_at)
    return list({sale.pk: sale for sale in [*said, *alike]}.values())


def _said_before(entered: Entered) -> Sequence[ManualEntry]:
    return list(ManualEntry.objects.filter(fingerprint=fingerprint_of(entered)).select_related("sale__document"))
