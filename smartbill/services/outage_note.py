"""Evidence about an outage, taken down in the transaction that records it: no seal, a seal, or a late seal."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.utils.timezone import now

from notifications.services.alert import raise_alert
from smartbill.clocks import Facts, clocks_of
from smartbill.lifecycle import Operation, Outcome
from smartbill.models import Document, Issuer, Outage, OutageDocument

REHEARSAL = "drill:"
"""How the source of a document begins that was made to rehearse an outage."""


@transaction.atomic
def note_contingency(document: Document) -> Outage:
    """Enter a document that was accepted without a seal: into the issuer's open outage, or open one with it.

    The outage's row stays locked until the caller's transaction ends, so that it cannot be closed meanwhile.
    """
    at = now()
    issued_at = _issued_at(document, at)
    outage, is_new = Outage.objects.select_for_update().get_or_create(
        issuer=document.issuer, closed_at=None, defaults=_first(document, issued_at, at)
    )
    OutageDocument.objects.create(outage=outage, document=document, entered_at=at, **_proof(document))
    if is_new:
        raise_alert(kind="outage_open", key=alert_key(outage), context=alert_context(outage))
        return outage
    outage.first_evidence_at = min(outage.first_evidence_at, issued_at)
    outage.last_evidence_at = max(outage.last_evidence_at, issued_at)
    if outage.restored_at and issued_at > outage.restored_at:
        # It was not over after all: this one was issued without a seal after the proof that seals were given.
        outage.restored_at = outage.restored_by = None
    outage.check_at = at
    outage.save(update_fields=["first_evidence_at", "last_evidence_at", "restored_at", "restored_by", "check_at"])
    return outage


def note_stamp(document: Document) -> None:
    """Take a document that was issued with a seal, after the last one without, as proof that the outage is over."""
    at = now()
    issued_at = _issued_at(document, at)
    waiting = Outage.objects.open().filter(issuer=document.issuer_id, restored_at=None, last_evidence_at__lt=issued_at)
    waiting.update(restored_at=issued_at, restored_by=document, seal_seen_at=at, check_at=at)


def note_late_stamp(document: Document) -> None:
    """Take the seal that a document in contingency has got as proof, and have the others asked about."""
    at = now()
    Outage.objects.open().filter(entries__document=document).update(
        restored_at=Coalesce(F("restored_at"), Value(at)),
        restored_by=Coalesce(F("restored_by"), Value(document.pk)),
        seal_seen_at=at,
        check_at=at,
    )


def alert_key(outage: Outage) -> str:
    return f"outage-{outage.pk}"


def alert_context(outage: Outage, **more: Any) -> dict[str, Any]:
    """Return what an alert may say of an outage: nothing personal, times as the issuer's clock shows them."""
    said: dict[str, Any] = {
        "name": outage.issuer.name,
        "path": outage.get_absolute_url(),
        "since": local_time(outage.first_evidence_at, outage.issuer),
    }
    return {**said, **({"rehearsal": True} if outage.is_rehearsal else {}), **more}


def local_time(at: datetime, issuer: Issuer) -> str:
    return at.astimezone(issuer.zone).strftime("%Y-%m-%d %H:%M")


def _first(document: Document, issued_at: datetime, at: datetime) -> dict[str, Any]:
    """Return the columns of an outage that this document opens."""
    issuer = document.issuer
    facts = Facts(provider=issuer.provider, zone=issuer.zone, began_at=issued_at, last_evidence_at=issued_at)
    return {
        "is_rehearsal": document.source.startswith(REHEARSAL),
        "opened_at": at,
        "first_evidence_at": issued_at,
        "last_evidence_at": issued_at,
        "probe": document,
        "check_at": at,
        "warn_at": min((clock.reached_at(50) for clock in clocks_of(facts)), default=None),
    }


def _issued_at(document: Document, at: datetime) -> datetime:
    """Return the time of issue by the provider; its clock cannot put evidence into the future."""
    return min(document.issued_at or at, at)


def _proof(document: Document) -> dict[str, Any]:
    """Return the answer, and the look-up where there was one, that say that the document has no seal."""
    accepted = document.attempts.filter(operation=Operation.SUBMIT, outcome=Outcome.ACCEPTED)
    found = document.readings.filter(code=document.generation_code, state="contingency")
    return {"attempt": accepted.order_by("-id").first(), "reading": found.order_by("-id").first()}
