"""Let dj-stripe bring its copies up to date with an event. Nothing fiscal depends on it."""

import json

from djstripe.models import Event

from billing.models import InboundEvent


def mirror_event(event: InboundEvent) -> None:
    """Hand an event to dj-stripe, which reads the object again from Stripe and stores it.

    Nothing is read inside a transaction (`billing.djstripe_compat.read_outside`): either the event and all it is about
    are stored, or nothing. Raises whatever dj-stripe, Stripe or the database raise, and Unavailable when it takes too
    long. An event that dj-stripe knows is left alone by it.
    """
    Event.process(json.loads(bytes(event.body)))
