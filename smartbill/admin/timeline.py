"""One story per document: its events, its look-ups and its mails, in the order in which they happened."""

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from django.utils.translation import gettext as _

from notifications.models import Message
from smartbill.admin.states import TONES
from smartbill.models import Document, DocumentEvent
from smartbill.services.deliver import reference_of

MAIL_TONES = {"sent": "good", "delivered": "good", "failed": "bad", "bounced": "bad", "unknown": "warn"}


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened: when, what, by whom and why."""

    at: datetime
    what: str
    who: str
    why: str
    tone: str


def story_of(document: Document) -> list[Moment]:
    """Return the moments of a document, newest first; three queries whatever their number."""
    moments = [Moment(document.occurred_at, _("Paid"), _("the customer"), document.source, "good")]
    moments += [_of_event(event) for event in document.events.select_related("actor")]
    mails = (
        Message.objects.filter(reference=reference_of(document))
        .select_related("actor")
        .prefetch_related("events__actor")
    )
    for message in mails:
        moments += _of_message(message)
    # Reversed first: of two moments of the same instant, the later one stands above.
    return sorted(reversed(moments), key=attrgetter("at"), reverse=True)


def _of_event(event: DocumentEvent) -> Moment:
    changed = event.before != event.after
    what = event.get_after_display() if changed else _("Note")
    return Moment(event.created_at, what, _person(event.actor), event.reason, TONES[event.after] if changed else "off")


def _of_message(message: Message) -> list[Moment]:
    queued = _("Mail %(number)s queued to %(recipient)s") % {"number": message.number, "recipient": message.recipient}
    return [
        Moment(message.created_at, queued, _person(message.actor), message.reason, "wait"),
        *(
            Moment(
                event.created_at,
                _("Mail %(number)s: %(event)s") % {"number": message.number, "event": event.label},
                _person(event.actor) if event.actor else "",
                event.detail,
                MAIL_TONES.get(event.name, "off"),
            )
            for event in message.events.all()
        ),
    ]


def _person(actor: object) -> str:
    return str(actor) if actor is not None else _("by itself")
