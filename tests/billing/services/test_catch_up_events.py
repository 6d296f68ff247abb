import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.utils.timezone import now
from django_q.models import OrmQ

from billing import client
from billing.errors import Unavailable
from billing.models import InboundEvent, StripeEndpoint
from billing.sandbox.shop import Shop, Sold
from billing.services import catch_up_events as module
from billing.services.catch_up_events import catch_up_events, start_of_walk
from tests.factories.billing import InboundEventFactory, StripeEndpointFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(stripe_sandbox):
    with Shop(stripe_sandbox.url) as shop:
        yield shop


@pytest.fixture
def endpoint():
    return StripeEndpointFactory(caught_up_to=now() - timedelta(minutes=15))


def events_of(stripe_sandbox):
    return {row["id"] for row in stripe_sandbox.world.store.rows("event")}


def known():
    return set(InboundEvent.objects.values_list("event_id", flat=True))


def test_missing_events_are_inserted_with_their_origin(shop, endpoint):
    customer = shop.customer("Ñandú", "pagos@nandu.example")
    assert catch_up_events() == 1
    event = InboundEvent.objects.get()
    assert (event.type, event.object_id, event.customer_id) == ("customer.created", customer["id"], customer["id"])
    assert event.origin == InboundEvent.Origin.CATCH_UP
    assert (event.endpoint, event.state) == (endpoint, InboundEvent.State.NEW)
    assert json.loads(bytes(event.body))["data"]["object"]["name"] == "Ñandú"


def test_a_second_walk_inserts_and_changes_nothing(shop, endpoint):
    shop.pay_invoice(shop.customer("Ñandú", "pagos@nandu.example")["id"], [Sold("Silla", 1130)])
    first = catch_up_events()
    assert first > 3
    before = list(InboundEvent.objects.values())
    assert catch_up_events() == 0
    assert list(InboundEvent.objects.values()) == before


def test_what_a_webhook_brought_is_left_as_it_is(shop, endpoint, stripe_sandbox):
    shop.customer("Ñandú", "pagos@nandu.example")
    (event_id,) = events_of(stripe_sandbox)
    InboundEventFactory(event_id=event_id, endpoint=endpoint, state=InboundEvent.State.DONE)
    assert catch_up_events() == 0
    event = InboundEvent.objects.get()
    assert (event.state, event.origin) == (InboundEvent.State.DONE, InboundEvent.Origin.WEBHOOK)


def test_every_page_is_walked(shop, endpoint, stripe_sandbox, monkeypatch):
    monkeypatch.setattr(client, "PAGE", 3)
    monkeypatch.setattr("billing.services.catch_up_events.CHUNK", 4)
    for n in range(11):
        shop.customer(f"Cliente {n}", f"c{n}@nandu.example")
    assert catch_up_events() == 11
    assert known() == events_of(stripe_sandbox)


def test_types_that_lead_to_nothing_are_left_with_stripe(shop, endpoint, stripe_sandbox):
    shop.customer("Ñandú", "pagos@nandu.example")
    with stripe_sandbox.world.store.lock:
        next(iter(stripe_sandbox.world.store.rows("event")))["type"] = "balance.available"
    assert catch_up_events() == 0
    assert not InboundEvent.objects.exists()


def test_the_place_is_remembered_after_a_whole_walk(shop, endpoint):
    before = now()
    catch_up_events()
    endpoint.refresh_from_db()
    assert before <= endpoint.caught_up_to <= now()


def test_a_walk_that_broke_off_begins_again_at_the_same_place(shop, endpoint, stripe_sandbox, monkeypatch):
    monkeypatch.setattr(client, "PAGE", 2)
    monkeypatch.setattr("billing.services.catch_up_events.CHUNK", 2)
    for n in range(5):
        shop.customer(f"Cliente {n}", f"c{n}@nandu.example")
    place = endpoint.caught_up_to
    taken = stripe_sandbox.world.faults.take
    seen = []

    def break_third_page(method, path):
        seen.append(path)
        if len(seen) == 3:
            stripe_sandbox.world.faults.plan({"answers": [{"status": 503}]})
        return taken(method, path)

    monkeypatch.setattr(stripe_sandbox.world.faults, "take", break_third_page)
    with pytest.raises(Unavailable):
        catch_up_events()
    endpoint.refresh_from_db()
    assert endpoint.caught_up_to == place
    assert InboundEvent.objects.count() == 4
    assert catch_up_events() == 1
    assert known() == events_of(stripe_sandbox)


DAY = 24 * 60 * 60


@pytest.fixture
def backlog(shop, endpoint, stripe_sandbox, settings):
    """Five events, one a day, the oldest first, and a budget that no run has enough of."""
    settings.DRAIN = {**settings.DRAIN, "budget": 0}
    moment = int(now().timestamp())
    for n in range(5):
        shop.customer(f"Cliente {n}", f"c{n}@nandu.example")
    with stripe_sandbox.world.store.lock:
        rows = sorted(stripe_sandbox.world.store.rows("event"), key=lambda row: row["data"]["object"]["name"])
        for n, row in enumerate(rows):
            row["created"] = moment - (5 - n) * DAY + 600
    endpoint.caught_up_to = now() - timedelta(days=5)
    endpoint.save()
    return [row["id"] for row in rows]


def test_a_long_backlog_is_worked_off_oldest_first_over_several_runs(endpoint, backlog):
    places, found = [endpoint.caught_up_to], []
    for _run in range(6):
        catch_up_events()
        endpoint.refresh_from_db()
        places.append(endpoint.caught_up_to)
        found.append([row for row in backlog if row in known()])
    assert found == [backlog[:1], backlog[:2], backlog[:3], backlog[:4], backlog, backlog]
    # A day from an hour before the last place, each time; the sixth run is there.
    steps = [after - before for before, after in pairwise(places)]
    assert steps[:5] == [timedelta(hours=23)] * 5
    assert timedelta(hours=4, minutes=59) < steps[5] < timedelta(hours=5, minutes=2)


def test_a_walk_that_is_not_finished_has_itself_called_again(endpoint, backlog):
    catch_up_events()
    assert [row.func() for row in OrmQ.objects.all()] == ["billing.tasks.catch_up_events"]
    for _run in range(5):
        catch_up_events()
    # Five of the six runs had more before them.
    assert OrmQ.objects.count() == 5


def test_with_time_enough_one_run_reads_all_days(endpoint, backlog, settings, stripe_sandbox):
    settings.DRAIN = {**settings.DRAIN, "budget": 20}
    stripe_sandbox.world.calls.clear()
    before = now()
    assert catch_up_events() == 5
    endpoint.refresh_from_db()
    assert endpoint.caught_up_to >= before
    assert known() == set(backlog)
    assert len(stripe_sandbox.world.calls.found(path="/v1/events")) == 6
    assert not OrmQ.objects.exists()
    rows = list(InboundEvent.objects.values())
    assert catch_up_events() == 0
    assert list(InboundEvent.objects.values()) == rows


def test_days_before_one_that_cannot_be_read_are_not_read_again(endpoint, backlog, settings, stripe_sandbox):
    settings.DRAIN = {**settings.DRAIN, "budget": 20}
    start = endpoint.caught_up_to
    take, seen = stripe_sandbox.world.faults.take, []

    def break_third_day(method, path):
        seen.append(path)
        if len(seen) == 3:
            stripe_sandbox.world.faults.plan({"answers": [{"status": 503}]})
        return take(method, path)

    stripe_sandbox.world.faults.take = break_third_day
    with pytest.raises(Unavailable):
        catch_up_events()
    endpoint.refresh_from_db()
    assert endpoint.caught_up_to == start + timedelta(hours=47)
    assert known() == set(backlog[:2])


def test_a_day_with_too_many_events_is_walked_in_shorter_windows(endpoint, backlog, stripe_sandbox, monkeypatch):
    monkeypatch.setattr(module, "MOST_IN_A_WINDOW", 2)
    monkeypatch.setattr(module, "CHUNK", 1)
    with stripe_sandbox.world.store.lock:
        for row in stripe_sandbox.world.store.rows("event"):
            row["created"] = int(endpoint.caught_up_to.timestamp()) + 2 * 60 * 60 * backlog.index(row["id"]) + 60
    inserted = catch_up_events()
    start = endpoint.caught_up_to - timedelta(hours=1)
    endpoint.refresh_from_db()
    # A day holds all five and half a day too; a quarter holds three, so it is an eighth that is finished first.
    assert endpoint.caught_up_to == start + timedelta(hours=3)
    assert inserted == len(known()) == 5


def test_a_shortest_window_is_walked_whatever_it_holds(endpoint, backlog, stripe_sandbox, monkeypatch):
    monkeypatch.setattr(module, "MOST_IN_A_WINDOW", 2)
    monkeypatch.setattr(module, "CHUNK", 1)
    moment = int(endpoint.caught_up_to.timestamp()) - 60 * 60 + 5
    with stripe_sandbox.world.store.lock:
        for row in stripe_sandbox.world.store.rows("event"):
            row["created"] = moment
    assert catch_up_events() == 5
    start = endpoint.caught_up_to
    endpoint.refresh_from_db()
    assert endpoint.caught_up_to > start


def test_the_place_never_moves_back(endpoint, backlog, monkeypatch):
    ahead = now() + timedelta(minutes=1)
    walk = module._walk

    def overtaken(row, since, until):
        StripeEndpoint.objects.filter(pk=row.pk).update(caught_up_to=ahead)
        return walk(row, since, until)

    monkeypatch.setattr(module, "_walk", overtaken)
    catch_up_events()
    endpoint.refresh_from_db()
    assert endpoint.caught_up_to == ahead


@pytest.mark.parametrize("changes", [{"enabled": False}, {"livemode": True}])
def test_disabled_endpoints_and_those_of_the_other_mode_are_left_out(shop, endpoint, stripe_sandbox, changes):
    StripeEndpoint.objects.update(**changes)
    shop.customer("Ñandú", "pagos@nandu.example")
    stripe_sandbox.world.calls.clear()
    assert catch_up_events() == 0
    assert not InboundEvent.objects.exists()
    assert stripe_sandbox.world.calls.found() == []


def test_an_event_that_cannot_be_read_does_not_stop_the_walk(shop, endpoint, stripe_sandbox, caplog):
    shop.customer("Ñandú", "pagos@nandu.example")
    shop.customer("Colibrí", "pagos@colibri.example")
    with stripe_sandbox.world.store.lock:
        next(iter(stripe_sandbox.world.store.rows("event")))["data"] = {"object": None}
    assert catch_up_events() == 1
    assert "cannot be read" in caplog.text
    assert "nandu" not in caplog.text


AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("caught_up_to", "created_at", "start"),
    [
        (datetime(2026, 11, 21, 11, 45, tzinfo=UTC), AT, datetime(2026, 11, 21, 10, 45, tzinfo=UTC)),
        (datetime(2026, 1, 1, tzinfo=UTC), AT, datetime(2026, 10, 22, 12, tzinfo=UTC)),
        (None, datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)),
        (None, datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 10, 22, 12, tzinfo=UTC)),
    ],
    ids=["an hour before the last walk", "no more than 30 days", "from the endpoint's beginning", "old endpoint"],
)
def test_where_a_walk_begins(caught_up_to, created_at, start):
    endpoint = StripeEndpoint(caught_up_to=caught_up_to, created_at=created_at)
    assert start_of_walk(endpoint, AT) == start
