"""A remedy begins: through the services of documents, once per reversal, within the caller's transaction and lock."""

from typing import Any

from django.db.models import F
from django.utils import translation
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.models import Reversal, Sale
from billing.remedies import Facts, Remedy, Source, Verdict
from smartbill.errors import PreconditionFailed
from smartbill.models import Document
from smartbill.services.abandon import abandon_document
from smartbill.services.credit import issue_credit_note
from smartbill.services.invalidate import request_invalidation


def carry_out(reversal: Reversal, verdict: Verdict, facts: Facts, *, sale: Sale, actor: Any) -> None:
    """Begin the remedy of a verdict; `actor` is who approved it, or None where the issuer's policy did.

    Raises SmartbillError, and then nothing has begun.
    """
    document = sale.document
    if document is None:
        raise PreconditionFailed(_("The sale has no document."))
    wording = wording_of(reversal, document)
    if verdict.remedy == Remedy.ABANDON:
        abandon_document(document, actor=actor, reason=f"{wording} ({reversal.key})")
        Sale.objects.filter(pk=sale.pk).update(buyer_due_at=now())
    elif verdict.remedy == Remedy.INVALIDATE:
        request_invalidation(document, actor=actor, reason=f"{wording} ({reversal.key})")
    else:
        _credit(reversal, document, facts, wording, actor)
    begun = {"remedy": verdict.remedy, "begun_at": now(), "credit_note": reversal.credit_note}
    Reversal.objects.filter(pk=reversal.pk).update(
        rounds=F("rounds") + 1,
        counted_minor=reversal.counted_minor,
        corrected_minor=reversal.corrected_minor,
        **begun,
    )
    for name, value in begun.items():
        setattr(reversal, name, value)
    document.refresh_from_db()


def _credit(reversal: Reversal, document: Document, facts: Facts, wording: str, actor: Any) -> None:
    reversal.credit_note = issue_credit_note(
        document,
        key=f"{reversal.pk}.{reversal.rounds}",
        amount=facts.note_amount,
        description=wording,
        at=reversal.occurred_at,
        actor=actor,
    )


def wording_of(reversal: Reversal, document: Document) -> str:
    """Return why the document is corrected, as its customer reads it."""
    day = reversal.occurred_at.astimezone(document.issuer.zone).date().isoformat()
    with translation.override(document.language):
        texts = {
            Source.REFUND: _("Refund of %(day)s"),
            Source.CREDIT_NOTE: _("Credit of %(day)s"),
            Source.DISPUTE: _("Payment taken back by the bank, dispute of %(day)s"),
        }
        return texts.get(Source(reversal.source), _("Sale undone on %(day)s")) % {"day": day}
