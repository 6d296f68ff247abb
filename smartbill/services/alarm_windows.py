"""Warning before a correction that is pending loses its safe time: nobody is told of documents that are well."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A correction that waits: the key of its warning, its document, which window counts, and where it lies."""

    key: str
    document: Document
    about: str
    path: str


def alarm_windows() -> None:
    """Warn once of each pending correction whose safe time ends within 48 hours; end the warnings that are over."""
    rows = pending_corrections().select_related("issuer")
    alarm_of(
        KIND,
        [
            Pending(key=f"document:{row.pk}", document=row, about=INVALIDATION, path=row.get_absolute_url())
            for row in rows
        ],
    )


def alarm_of(kind: str, pending: Sequence[Pending]) -> None:
    """Keep the alerts of this kind to exactly those of the pending corrections whose time comes to its end."""
    at = now()
    windows = windows_of_documents([each.document for each in pending])
    near = {
        each.key: (each, window)
        for each in pending
        if (window := windows[each.document.pk].get(each.about)) and _near(window, at)
    }
    for key, (each, window) in near.items():
        raise_alert(kind=kind, key=key, context=_context(each, window, at))
    for key in Alert.objects.open().filter(kind=kind).exclude(key__in=near).values_list("key", flat=True):
        resolve_alert(kind=kind, key=key)


def _near(window: Window, at: datetime) -> bool:
    """Whether the end comes near, or only some text still allows it; after the last possible moment nothing helps."""
    return window.safe_until - AHEAD <= at <= window.last_possible


def _context(pending: Pending, window: Window, at: datetime) -> dict[str, object]:
    document = pending.document
    return {
        "name": document.reference,
        "path": pending.path,
        "document": document.reference,
        "issuer": document.issuer.slug,
        "deadline": local_time(window.safe_until, document.issuer),
        "hours_left": max(0, int((window.safe_until - at).total_seconds() // 3600)),
    }
