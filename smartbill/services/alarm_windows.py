"""Warning before a correction that is pending loses its safe time: nobody is told of documents that are well."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.urls import reverse
from django.utils.timezone import now

from notifications.models import Alert
from notifications.services.alert import raise_alert, resolve_alert
from smartbill.legal_rules import INVALIDATION
from smartbill.lifecycle import Status
from smartbill.models import Document
from smartbill.models.document import DocumentQuerySet
from smartbill.services.outage_note import local_time
from smartbill.services.windows import windows_of_documents
from smartbill.windows import Window

KIND = "correction_window"
AHEAD = timedelta(hours=48)


def pending_corrections() -> DocumentQuerySet:
    """Stamped documents that somebody or something has found to be wrong: their invalidation waits or is in doubt, they
    differ from what was asked, or the provider holds a second one for the sale."""
    pending = Q(status__in=[Status.INVALIDATING, Status.INVALIDATION_UNKNOWN]) | Q(status=Status.STAMPED) & (
        ~Q(difference="") | ~Q(twin_code="")
    )
    return Document.objects.filter(pending, stamped_at__isnull=False)


def alarm_windows() -> None:
    """Warn once of each pending correction whose safe time ends within 48 hours; end the warnings that are over."""
    at = now()
    pending = list(pending_corrections().select_related("issuer"))
    windows = windows_of_documents(pending)
    near = {
        _key(row): (row, found) for row in pending if (found := windows[row.pk].get(INVALIDATION)) and _near(found, at)
    }
    for key, (document, window) in near.items():
        raise_alert(kind=KIND, key=key, context=_context(document, window, at))
    for key in Alert.objects.open().filter(kind=KIND).exclude(key__in=near).values_list("key", flat=True):
        resolve_alert(kind=KIND, key=key)


def _near(window: Window, at: datetime) -> bool:
    """Whether the end comes near, or only some text still allows it; after the last possible moment nothing helps."""
    return window.safe_until - AHEAD <= at <= window.last_possible


def _key(document: Document) -> str:
    return f"document:{document.pk}"


def _context(document: Document, window: Window, at: datetime) -> dict[str, object]:
    return {
        "name": document.reference,
        "path": reverse("admin:smartbill_document_change", args=[document.pk]),
        "document": document.reference,
        "issuer": document.issuer.slug,
        "deadline": local_time(window.safe_until, document.issuer),
        "hours_left": max(0, int((window.safe_until - at).total_seconds() // 3600)),
    }
