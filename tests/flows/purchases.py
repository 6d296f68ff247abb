"""What the flows that begin at Stripe share: its events, handed over in disorder, and the decisions about sales."""

import json
from random import Random

from billing.dispatch import handler_for
from billing.models import Sale
from billing.services.decide_sale import decide_sale
from tests.factories.billing import InboundEventFactory


def announce(shop, endpoint, *, seed=0, twice=False, told=(), between=None):
    """Hand every event that Stripe has and nobody was told of to its service, in a random order, perhaps twice.

    `between` is done after some of them. Return the ids of all events.
    """
    listed = shop.get("events", limit=100)["data"]
    events = [event for event in listed if event["id"] not in told] * (2 if twice else 1)
    chance = Random(seed)
    chance.shuffle(events)
    for number, event in enumerate(events):
        handler = handler_for(event["type"])
        if handler is not None:
            body = json.dumps(event).encode()
            object_id = event["data"]["object"].get("id", "")
            row = InboundEventFactory(
                endpoint=endpoint,
                event_id=f"{event['id']}_{seed}_{number}",
                type=event["type"],
                object_id=object_id,
                body=body,
            )
            handler(event=row)
            if between and chance.random() < 0.4:
                between()
    return {event["id"] for event in listed}


def decide_all():
    for sale_id in Sale.objects.filter(outcome="pending").values_list("pk", flat=True):
        decide_sale(sale_id=sale_id)
