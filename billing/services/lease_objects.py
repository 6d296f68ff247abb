"""One worker at a time per Stripe object and customer, without holding a transaction open."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.timezone import now

from billing.errors import ObjectBusy
from billing.models import InboundEvent, ObjectLease
from billing.services.claim_events import lease_length


@contextmanager
def leased(keys: Iterable[str]) -> Iterator[UUID]:
    """Hold every key while the block runs, or raise ObjectBusy holding none. Empty keys are left out."""
    wanted = sorted({key for key in keys if key})
    holder = uuid4()
    _take(wanted, holder)
    try:
        yield holder
    finally:
        ObjectLease.objects.filter(key__in=wanted, holder=holder).delete()


def keys_of(event: InboundEvent) -> list[str]:
    """What an event must hold. Two events of one customer sync the same rows of the mirror."""
    return [event.object_id, event.customer_id]


def drop_expired_leases() -> int:
    """Clear away the leases of workers that died."""
    return ObjectLease.objects.filter(until__lt=now()).delete()[0]


def _take(wanted: list[str], holder: UUID) -> None:
    at = now()
    with transaction.atomic(durable=True):
        for key in wanted:
            # In sorted order, so that two workers with the same two keys cannot wait for each other.
            _take_one(key, holder, at)
        if ObjectLease.objects.filter(key__in=wanted, holder=holder).count() != len(wanted):
            raise ObjectBusy


def _take_one(key: str, holder: UUID, at: datetime) -> None:
    ObjectLease.objects.filter(key=key, until__lt=at).delete()
    ObjectLease.objects.bulk_create(
        [ObjectLease(key=key, holder=holder, until=at + lease_length())], ignore_conflicts=True
    )
