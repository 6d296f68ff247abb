"""The states of a message. Delivery is its own matter: it never changes a document's fiscal state."""

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Status(TextChoices):
    QUEUED = "queued", _("Queued")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    UNKNOWN = "unknown", _("In doubt")
    CANCELLED = "cancelled", _("Cancelled")


EVENTS: dict[str, Promise | str] = {**dict(Status.choices), "sent_late": _("Sent; the answer came late")}
"""The events of a message in words: every change of state, and an answer that came when it changed nothing any more."""


TRANSITIONS: dict[str, frozenset[str]] = {
    Status.QUEUED: frozenset({Status.SENDING, Status.CANCELLED}),
    Status.SENDING: frozenset({Status.SENT, Status.QUEUED, Status.FAILED, Status.UNKNOWN}),
    Status.FAILED: frozenset({Status.QUEUED, Status.CANCELLED}),
    Status.UNKNOWN: frozenset({Status.QUEUED, Status.SENT, Status.CANCELLED}),
    Status.SENT: frozenset(),
    Status.CANCELLED: frozenset(),
}
