"""The forms that must miss the goals: what one writes first."""

from billing.models import InboundEvent
from billing.services.process_event import BATCH
from smartbill.services.claim import claim_due
from smartbill.services.record import record_answer

WORKER = "naive"


def send_one(issuer_id: int) -> None:
    """Send one document, by the same protocol, in a task of its own."""
    for claim in claim_due(issuer_id=issuer_id, worker=WORKER, limit=1).claims:
        exchange = claim.provider.send(claim.request, claim.credentials, not_after=claim.not_after)
        record_answer(attempt_id=claim.attempt_id, exchange=exchange, worker=WORKER)


def walk(start: int, end: int) -> int:
    """Look at the events of the inbox from one place to another, as a cursor does that is kept as a number."""
    rows = InboundEvent.objects.order_by("received_at", "id")
    return sum(len(rows[place : place + BATCH]) for place in range(start, end, BATCH))
