"""A document becomes issued, or invalidated: the one place that writes identifiers and owes the delivery."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from smartbill.lifecycle import Outcome, Status
from smartbill.models import Document
from smartbill.providers.base import Identifiers, Verdict
from smartbill.services.credit import release_credit
from smartbill.services.deliver import deliver
from smartbill.services.outage_note import note_contingency, note_stamp

FIRST_READING = timedelta(seconds=1)
RENDER_WITHOUT_FILE = timedelta(seconds=60)


def accept(document: Document, identifiers: Identifiers, *, reason: str = "", actor: Any = None) -> None:
    """Make the document issued: stamped with a seal, in contingency without one; and owe its delivery.

    A control number that another document of ours has in that year is not taken over; the page names the clash.
    """
    at = now()
    values = issued(document, identifiers, at)
    if _has_control_number(document, values["control_number"], values["number_year"]):
        text = _("The provider gave the control number %(number)s, which another document of ours has.")
        values |= {"control_number": "", "clash": text % {"number": identifiers.control_number}}
    document.move_to(
        Status.STAMPED if identifiers.seal else Status.CONTINGENCY,
        actor=actor,
        reason=reason,
        detail=told(identifiers),
        **values,
    )
    if document.status == Status.CONTINGENCY:
        note_contingency(document)
    else:
        note_stamp(document)
    deliver(document)


def issued(document: Document, identifiers: Identifiers, at: datetime) -> dict[str, Any]:
    """Return the columns of a document that is issued under these identifiers."""
    issued_at = identifiers.issued_at or at
    return {
        "next_at": at + FIRST_READING,
        "generation_code": identifiers.generation_code,
        "control_number": identifiers.control_number,
        "number_year": issued_at.astimezone(document.issuer.zone).year,
        "seal": identifiers.seal,
        "issued_at": issued_at,
        "stamped_at": at if identifiers.seal else None,
        "provider_url": identifiers.url,
        "render_at": at + RENDER_WITHOUT_FILE,
        "clash": "",
        "twin_code": "" if document.twin_code == identifiers.generation_code else document.twin_code,
    }


def told(identifiers: Identifiers) -> dict[str, str]:
    """Return what the event keeps of the identifiers."""
    return {name: str(value) for name, value in asdict(identifiers).items() if value}


def _has_control_number(document: Document, control_number: str, year: int) -> bool:
    same = Document.objects.filter(issuer=document.issuer, control_number=control_number, number_year=year)
    return bool(control_number) and same.exclude(pk=document.pk).exists()


def without_clash(document: Document, verdict: Verdict) -> Verdict:
    """Turn an acceptance under a code that another document of ours has into doubt: it proves nothing."""
    code = verdict.identifiers.generation_code
    if verdict.outcome != Outcome.ACCEPTED or not code:
        return verdict
    same = Document.objects.filter(issuer=document.issuer, generation_code=code)
    if not same.exclude(pk=document.pk).exists():
        return verdict
    text = _("The answer names %(code)s, which another document of ours has.") % {"code": code}
    return replace(verdict, outcome=Outcome.UNKNOWN, note=text, identifiers=Identifiers())


def mark_invalidated(document: Document, *, at: datetime | None = None, reason: str = "") -> None:
    """Record that the authority holds the document as invalidated; page and PDF follow, no mail.

    `at` is the moment by the authority's event, which counts in law; ours where it told none.
    """
    changes: dict[str, Any] = {"invalidated_at": at or now(), "next_at": None, "render_at": now()}
    with transaction.atomic():
        document.move_to(Status.INVALIDATED, reason=reason or document.reason, **changes)
        release_credit(document)
