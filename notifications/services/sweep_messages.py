"""Messages whose sender died: nobody knows how far it came."""

from django.utils.timezone import now
from django.utils.translation import gettext as _

from notifications.errors import TransitionRefused
from notifications.models import Message
from notifications.services.record_outcome import record_doubt

BATCH = 500


def sweep_overdue_messages() -> int:
    """Record the doubt of every message past its lease; return how many. One that moves meanwhile is left alone."""
    swept = 0
    for message in Message.objects.overdue(now()).order_by("lease_until")[:BATCH]:
        try:
            record_doubt(message, _("The sender died before it could say what became of the mail."))
        except TransitionRefused:
            continue
        swept += 1
    return swept
