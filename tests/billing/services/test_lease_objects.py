from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils.timezone import now

from billing.errors import ObjectBusy
from billing.models import ObjectLease
from billing.services.claim_events import lease_length
from billing.services.lease_objects import drop_expired_leases, keys_of, leased
from tests.factories.billing import InboundEventFactory

pytestmark = pytest.mark.django_db


def keys():
    return list(ObjectLease.objects.order_by("key").values_list("key", flat=True))


def test_keys_are_held_inside_the_block_and_free_after_it():
    before = now()
    with leased(["in_1", "cus_1", "", "in_1"]) as holder:
        assert keys() == ["cus_1", "in_1"]
        assert {lease.holder for lease in ObjectLease.objects.all()} == {holder}
        assert all(
            before + lease_length() <= lease.until <= now() + lease_length() for lease in ObjectLease.objects.all()
        )
    assert keys() == []


def test_keys_are_free_again_after_an_error():
    with pytest.raises(ValueError, match="inside"), leased(["in_1"]):
        raise ValueError("inside")
    assert keys() == []


def test_without_keys_there_is_nothing_to_hold():
    with leased(["", ""]):
        assert keys() == []


def test_a_key_that_somebody_holds_is_refused_and_no_other_is_kept():
    with leased(["cus_1", "in_2"]):
        with pytest.raises(ObjectBusy), leased(["aaa_1", "in_1", "cus_1"]):
            pytest.fail("two workers hold one customer")
        assert keys() == ["cus_1", "in_2"]
    with leased(["in_1", "cus_1"]):
        assert keys() == ["cus_1", "in_1"]


def test_the_lease_of_a_dead_worker_is_taken_over():
    ObjectLease.objects.create(key="cus_1", holder=uuid4(), until=now() - timedelta(seconds=1))
    with leased(["cus_1"]) as holder:
        assert ObjectLease.objects.get().holder == holder


def test_a_lease_that_was_taken_over_is_not_released_by_its_old_holder():
    with leased(["cus_1"]):
        successor = uuid4()
        ObjectLease.objects.update(holder=successor)
    assert ObjectLease.objects.get().holder == successor


def test_only_expired_leases_are_dropped():
    ObjectLease.objects.create(key="dead", holder=uuid4(), until=now() - timedelta(seconds=1))
    ObjectLease.objects.create(key="live", holder=uuid4(), until=now() + timedelta(seconds=60))
    assert drop_expired_leases() == 1
    assert keys() == ["live"]


def test_an_event_holds_its_object_and_its_customer():
    event = InboundEventFactory(object_id="in_1", customer_id="cus_1")
    assert keys_of(event) == ["in_1", "cus_1"]


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_holds_a_customer_and_none_waits_for_ever():
    inside, most, turns = [], [], []

    def work(number):
        keys = ["cus_1", f"in_{number % 3}"]
        try:
            for _ in range(10):
                with suppress(ObjectBusy), leased(reversed(keys) if number % 2 else keys):
                    inside.append(number)
                    most.append(len(inside))
                    turns.append(number)
                    inside.remove(number)
        finally:
            connection.close()

    # The suite's SQLite is one page cache for all threads, where a writer does not wait for another one.
    with ThreadPoolExecutor(1 if connection.vendor == "sqlite" else 8) as pool:
        list(pool.map(work, range(8)))
    assert set(most) == {1}
    assert len(turns) >= 8
    assert keys() == []
