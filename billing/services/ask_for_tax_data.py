"""A customer is asked for the tax data that a document lacks: one open question, a mail, reminders, a deadline.

| when | what |
|---|---|
| a document was held for the buyer's data | a link is made and mailed, if the issuer asks by itself |
| after 40 % and 80 % of the time | a reminder, while something waits |
| nothing waits any more | the question ends without another word |
| the deadline | what the issuer chose: a document for a consumer where the law allows it, else a person's desk |
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency
from django.db import IntegrityError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.errors import NobodyToAsk, NothingToAsk
from billing.models import Sale, TaxRequest, profile_of
from billing.services.announce_approval import lapse_needless
from billing.services.redraft import waiting_sales, wants_customer
from billing.services.screen_sale import screened
from notifications.services.queue_message import queue_message
from smartbill.faces import LOCALES
from smartbill.lifecycle import Kind, Status
from smartbill.models import Document, Issuer
from smartbill.permissions import require_person, require_reason
from smartbill.services.link import hash_of
from smartbill.services.revise import revise_document

TEMPLATE = "tax_data_wanted"
REMINDERS = (0.4, 0.8)
"""Shares of the time after which the customer is reminded."""
DAYS_BY_HAND = 5
MOST_ASKED = 3
ASKED_WITHIN = timedelta(days=30)
"""A customer gets so many links by themselves in this time; then a person has to look."""
State = TaxRequest.State


def ask_automatically(sale: Sale, document: Document) -> None:
    """Ask the customer of a held document, unless the issuer does not want it or they were asked often enough."""
    issuer = sale.endpoint.issuer
    if not (issuer.buyer_days and document.customer_email and wants_customer(document)):
        return
    lately = TaxRequest.objects.filter(
        customer_id=sale.buyer_id, livemode=sale.livemode, created_at__gt=now() - ASKED_WITHIN
    )
    if lately.open().exists() or lately.count() >= MOST_ASKED:
        return
    request = _open(sale, document, days=issuer.buyer_days)
    if request is not None:
        _mail(request, sale)


def ask_customer(sale: Sale, *, actor: Any, reason: str) -> None:
    """Send the link now: a new one, or the open one once more.

    Raises PermissionDenied, ReasonMissing, NothingToAsk, or NobodyToAsk without an e-mail address.
    """
    require_person(actor, "billing.ask_tax_data")
    reason = require_reason(reason)
    document = sale.document
    if document is None or document.status not in (Status.HELD, Status.REJECTED):
        raise NothingToAsk
    if not document.customer_email:
        raise NobodyToAsk
    days = sale.endpoint.issuer.buyer_days or DAYS_BY_HAND
    with transaction.atomic():
        request = _open(sale, document, days=days, actor=actor)
        if request is None:
            request = _locked(customer_id=sale.buyer_id, livemode=sale.livemode)
        if request is None:
            raise NothingToAsk
        _mail(request, sale, actor=actor, reason=reason)


def withdraw_request(request: TaxRequest, *, actor: Any, reason: str) -> None:
    """End an open question; the link tells the customer to write to the seller. Raises NothingToAsk when it is over."""
    require_person(actor, "billing.ask_tax_data")
    _end(request, State.WITHDRAWN, note=require_reason(reason), actor=actor)


def settle_request(*, customer_id: str, livemode: bool) -> None:
    """End the open question of a customer who can do nothing more."""
    with transaction.atomic():
        request = _locked(customer_id=customer_id, livemode=livemode)
        if request is not None and not _wanting(request):
            _end(request, State.SETTLED, note=_("No document waits for these data any more."))


def advance_request(*, request_id: int) -> None:
    """Do what is due: remind, or apply at the deadline what the issuer chose."""
    with transaction.atomic():
        request = TaxRequest.objects.select_for_update(no_key=True).due(now()).filter(pk=request_id).first()
        if request is None:
            return
        sales = _wanting(request)
        if not sales:
            _end(request, State.SETTLED, note=_("No document waits for these data any more."))
        elif now() >= request.ends_at:
            issued = [sale for sale in sales if _issue_late(sale)]
            _end(request, State.EXPIRED, note=_outcome(len(issued), len(sales)))
        else:
            _mail(request, sales[0], is_reminder=True)


def _wanting(request: TaxRequest) -> list[Sale]:
    """Return the sales whose customer can mend something, oldest first; what a person asked for stays asked."""
    waiting = waiting_sales(request.customer_id, livemode=request.livemode)
    is_by_hand = request.actor_id is not None
    return [
        sale
        for sale in waiting
        if sale.document and (is_by_hand or sale.document.status == Status.REJECTED or wants_customer(sale.document))
    ]


def _issue_late(sale: Sale) -> bool:
    """Issue to a consumer what the law and the issuer allow; anything else stays on the desk as it is."""
    document, issuer = sale.document, sale.endpoint.issuer
    if document is None or issuer.late_buyer != Issuer.LateBuyer.CONSUMER or document.kind == Kind.EXPORT:
        return False
    if not wants_customer(document):
        return False
    profile = profile_of(sale.buyer_id, livemode=sale.livemode)
    # What rules hold or people approved otherwise is left to them: a deadline is no approval.
    draft = screened(sale, profile=profile, is_consumer=True, may_ask=False).held_draft
    reason = _("The customer did not complete the tax data in time; issued as to a final consumer.")
    is_issued = revise_document(document, draft=draft, reason=reason, is_final=True)
    if is_issued:
        lapse_needless(sale)
    return is_issued


def _outcome(issued: int, waiting: int) -> str:
    text = _("The time is over. Documents issued as to a final consumer: %(issued)s of %(waiting)s.")
    if not issued:
        text = _("The time is over. Documents that wait for a person: %(waiting)s.")
    return text % {"issued": issued, "waiting": waiting}


# Rows -----------------------------------------------------------------------------------------------------------------
def _open(sale: Sale, document: Document, *, days: int, actor: Any = None) -> TaxRequest | None:
    """Return a new question, or None when one is open."""
    open_one = TaxRequest.objects.open().filter(customer_id=sale.buyer_id, livemode=sale.livemode)
    if open_one.exists():
        return None
    token, at = secrets.token_urlsafe(32), now()
    made = TaxRequest(
        endpoint=sale.endpoint,
        customer_id=sale.buyer_id,
        livemode=sale.livemode,
        customer_name=document.customer_name,
        recipient=document.customer_email,
        language=document.language,
        token=token,
        token_sha256=hash_of(token),
        created_at=at,
        ends_at=at + timedelta(days=days),
        next_at=at,
        actor=actor,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:
        return None
    return made


def _locked(*, customer_id: str, livemode: bool) -> TaxRequest | None:
    mine = TaxRequest.objects.open().filter(customer_id=customer_id, livemode=livemode)
    return mine.select_for_update(no_key=True).first()


def _end(request: TaxRequest, state: str, *, note: str, actor: Any = None) -> None:
    at = now()
    open_one = TaxRequest.objects.open().filter(pk=request.pk)
    changes = {"actor": actor} if actor is not None else {}
    if not open_one.update(state=state, ended_at=at, next_at=None, note=note, **changes):
        raise NothingToAsk
    request.refresh_from_db()


def _next_step(request: TaxRequest, at: datetime) -> datetime:
    whole = request.ends_at - request.created_at
    steps = [request.created_at + whole * share for share in REMINDERS]
    return next((step for step in steps if step > at), request.ends_at)


# Mail -----------------------------------------------------------------------------------------------------------------
def _mail(request: TaxRequest, sale: Sale, *, is_reminder: bool = False, actor: Any = None, reason: str = "") -> None:
    """Queue the mail and say when the next one is due."""
    request.mails += 1
    request.next_at = _next_step(request, now())
    request.save(update_fields=["mails", "next_at"])
    queue_message(
        reference=f"tax_request:{request.pk}",
        template=TEMPLATE,
        language=request.language,
        recipient=request.recipient,
        context=_context(request, sale, is_reminder=is_reminder),
        number=request.mails,
        actor=actor,
        reason=reason,
    )


def _context(request: TaxRequest, sale: Sale, *, is_reminder: bool) -> dict[str, Any]:
    issuer, document = request.endpoint.issuer, sale.document
    locale = LOCALES.get(request.language, "en_US")
    total = format_currency(document.total, document.currency, locale=locale) if document else ""
    return {
        "seller_name": issuer.commercial_name or issuer.name,
        "customer_name": request.customer_name,
        "purchase": sale.number or (document.reference if document else ""),
        "total": total,
        "until": until(request),
        "contact_email": issuer.email,
        "link": request.link,
        "reminder": is_reminder,
        "livemode": request.livemode,
        "becomes_consumer": becomes_consumer(request, document),
    }


def until(request: TaxRequest) -> str:
    """Return the deadline as the customer's country writes it, at the seller's clock."""
    locale = LOCALES.get(request.language, "en_US")
    at = request.ends_at.astimezone(request.endpoint.issuer.zone)
    return f"{format_date(at, 'long', locale=locale)}, {at:%H:%M}"


def becomes_consumer(request: TaxRequest, document: Document | None) -> bool:
    """Tell whether the deadline makes a consumer of the buyer, as far as it can be said beforehand."""
    is_wanted = request.endpoint.issuer.late_buyer == Issuer.LateBuyer.CONSUMER
    return is_wanted and document is not None and document.kind != Kind.EXPORT
