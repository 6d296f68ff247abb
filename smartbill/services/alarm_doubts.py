"""A doubt that lasts rings: once after 15 minutes, once more after 4 hours, and once when it is over."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.timezone import now

from notifications.services.alert import raise_alert, resolve_alert
from smartbill.models import Document, DoubtAlarm
from smartbill.models.document import IN_DOUBT, DocumentQuerySet
from smartbill.models.doubt_alarm import DoubtAlarmQuerySet

AGES = {DoubtAlarm.Kind.OLD: timedelta(minutes=15), DoubtAlarm.Kind.VERY_OLD: timedelta(hours=4)}
AT_ONCE = 200
"""Doubts that one run deals with; the bell rings again while there are more."""


def alarms_due(at: datetime) -> bool:
    """Whether a doubt has grown old unheard, or one that rang is over; cheap where nothing is in doubt."""
    return any(unheard(kind, at).exists() for kind in AGES) or over().exists()


def unheard(kind: str, at: datetime) -> DocumentQuerySet:
    """Return the documents that have been in doubt for so long and of whom nobody was warned yet."""
    rung = DoubtAlarm.objects.open().filter(document=OuterRef("pk"), kind=kind)
    return Document.objects.unknown().filter(~Exists(rung), status_since__lte=at - AGES[DoubtAlarm.Kind(kind)])


def over() -> DoubtAlarmQuerySet:
    """Return the open alarms whose doubt has ended, be it that the document is in another one by now."""
    return DoubtAlarm.objects.open().filter(~Q(document__status__in=IN_DOUBT) | ~Q(document__status_since=F("since")))


def alarm_doubts() -> None:
    """Raise and end the alarms that are due; may be run at any time and by any number of workers."""
    for alarm in over().select_related("document")[:AT_ONCE]:
        _end(alarm)
    at = now()
    for kind in AGES:
        for document in unheard(kind, at).select_related("issuer")[:AT_ONCE]:
            _ring(document, kind)


def _ring(document: Document, kind: str) -> None:
    with transaction.atomic():
        row = Document.objects.unknown().select_for_update().filter(pk=document.pk, status_since=document.status_since)
        if not row.exists():
            return
        try:
            with transaction.atomic():
                DoubtAlarm.objects.create(document=document, kind=kind, since=document.status_since)
        except IntegrityError:
            return  # another worker was first
        raise_alert(kind=kind, key=_key(document), context=_context(document))


def _end(alarm: DoubtAlarm) -> None:
    with transaction.atomic():
        if DoubtAlarm.objects.open().filter(pk=alarm.pk).update(ended_at=now()):
            outcome = {"state": str(alarm.document.get_status_display())}
            resolve_alert(kind=alarm.kind, key=_key(alarm.document), context=outcome)


def _key(document: Document) -> str:
    return f"document:{document.pk}"


def _context(document: Document) -> dict[str, object]:
    """Return what the alert tells: names that mean nothing to strangers, and the page with the evidence."""
    return {
        "name": document.reference,
        "path": reverse("admin:smartbill_document_evidence", args=[document.pk]),
        "document": document.reference,
        "issuer": document.issuer.slug,
        "since": document.status_since.strftime("%Y-%m-%d %H:%M UTC"),
    }
