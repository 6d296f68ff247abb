"""The gate that all hosts share: calls in flight, calls per period, series, pauses, the breaker and its alerts."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from secrets import token_hex

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils.timezone import now

from notifications.models import Alert
from smartbill.breaker import State
from smartbill.errors import PreconditionFailed, RateReached
from smartbill.models import Attempt, Channel, ChannelEvent, Document
from smartbill.providers.base import Exchange
from smartbill.services.ask import read_remote
from smartbill.services.channel import release_channel, stop_channel
from smartbill.services.claim import claim_due, issuers_with_work
from smartbill.services.create import create_document
from smartbill.services.record import record_answer
from smartbill.services.sweep import give_up
from tests.factories.smartbill import make_draft
from tests.flows.engine import issuer_with_keys

pytestmark = pytest.mark.django_db(transaction=True)

LOST = Exchange(written=True, failure="ReadTimeout")
UNSENT = Exchange(written=False, failure="journal: full")
NOBODY = Exchange(written=False, unreachable=True, failure="NewConnectionError")


def ready(issuer, number: int, **fields: object) -> list[Document]:
    have = Document.objects.count()
    return [
        create_document(draft=make_draft(issuer, source=f"invoice:in_{have + each}", **fields))
        for each in range(number)
    ]


def claim(issuer, limit: int = 128) -> list[int]:
    """Claim as a host that has nothing in hand yet."""
    return [each.attempt_id for each in claim_due(issuer_id=issuer.pk, worker=token_hex(4), limit=limit).claims]


def end(attempts: list[int], exchange: Exchange) -> None:
    for attempt in attempts:
        record_answer(attempt_id=attempt, exchange=exchange)


def channel(issuer) -> Channel:
    return Channel.objects.get(pk=issuer.pk)


def test_a_batch_is_claimed_with_a_constant_number_of_statements(django_assert_num_queries):
    issuer = issuer_with_keys(in_flight=64)
    ready(issuer, 40)
    claim(issuer, 1)
    for number in (2, 37):
        with django_assert_num_queries(18):
            assert len(claim_due(issuer_id=issuer.pk, worker="w", limit=number).claims) == number


def test_hosts_that_claim_at_the_same_time_keep_to_the_account_together():
    issuer = issuer_with_keys(in_flight=10)
    ready(issuer, 40)

    def host(_number: int) -> list[int]:
        try:
            return claim(issuer, 4)
        finally:
            connection.close()

    if connection.vendor == "sqlite":
        # One page cache for all threads of the suite: claims come one after the other there anyway.
        claims = [claim(issuer, 4) for _host in range(8)]
    else:
        with ThreadPoolExecutor(8) as pool:
            claims = list(pool.map(host, range(8)))
    taken = [each for claimed in claims for each in claimed]
    assert len(taken) == len(set(taken)) == 10
    assert Attempt.objects.values("document").distinct().count() == 10


class Host:
    """What a worker does with its claims, without the calls: those that may leave do, the others wait for a place."""

    def __init__(self, issuer, name: str) -> None:
        self.issuer, self.name, self.places = issuer, name, 0
        self.wire: list[int] = []
        self.waiting: list[int] = []

    def claim(self) -> None:
        in_hand = len(self.wire) + len(self.waiting)
        grant = claim_due(issuer_id=self.issuer.pk, worker=self.name, limit=128, in_hand=in_hand, ahead=True)
        self.waiting += [each.attempt_id for each in grant.claims]
        self.places = grant.places
        self.start()

    def start(self) -> None:
        while self.waiting and len(self.wire) < self.places:
            self.wire.append(self.waiting.pop(0))

    def end(self, exchange: Exchange) -> None:
        """A call ends, the next one leaves at once, and the answer is recorded."""
        if self.wire:
            ended = self.wire.pop(0)
            self.start()
            record_answer(attempt_id=ended, exchange=exchange, worker=self.name)


@pytest.mark.parametrize("seed", range(3))
def test_hosts_that_claim_ahead_never_exceed_the_account(seed):
    issuer = issuer_with_keys(in_flight=8)
    ready(issuer, 60)
    chance = Random(seed)
    hosts = [Host(issuer, f"host-{number}") for number in range(3)]
    most = 0
    for _step in range(60):
        host = chance.choice(hosts)
        chance.choice([host.claim, host.claim, *[lambda host=host: host.end(UNSENT)] * 3])()
        on_the_wire = sum(len(each.wire) for each in hosts)
        assert on_the_wire <= 8
        most = max(most, on_the_wire)
    assert most == 8


def test_half_as_many_are_claimed_ahead_at_rest_and_nothing_where_calls_are_counted_or_stopped():
    issuer = issuer_with_keys(in_flight=8)
    ready(issuer, 40)

    def ahead() -> int:
        grant = claim_due(issuer_id=issuer.pk, worker=token_hex(4), limit=128, ahead=True)
        end([each.attempt_id for each in grant.claims], UNSENT)
        Document.objects.update(next_at=now())
        return len(grant.claims) - grant.places

    assert ahead() == 4
    issuer.calls_per_period = 100
    issuer.save()
    assert ahead() == 0
    issuer.calls_per_period, issuer.one_per_series = 0, True
    issuer.save()
    assert ahead() < 0, "one in each series"
    issuer.one_per_series = False
    issuer.save()
    end(claim(issuer, 1), LOST)
    assert (channel(issuer).limit, ahead()) == (4, 0)


def test_no_window_of_the_period_sees_more_calls_than_the_account_allows():
    issuer = issuer_with_keys(in_flight=64, calls_per_period=5, period_seconds=10)
    ready(issuer, 12)
    assert len(claim(issuer)) == 5
    assert claim(issuer) == []
    row = channel(issuer)
    row.calls = [each - 10_500 for each in row.calls[:2]] + row.calls[2:]
    row.save()
    assert len(claim(issuer)) == 2


def test_look_ups_count_as_calls_and_wait_their_turn():
    issuer = issuer_with_keys(calls_per_period=1, period_seconds=60)
    (document,) = ready(issuer, 1)
    assert len(claim(issuer)) == 1
    with pytest.raises(RateReached) as reached:
        read_remote(document, code="X")
    assert timedelta(seconds=50) < reached.value.free_at - now() <= timedelta(seconds=60)


def test_one_call_at_a_time_in_each_series():
    issuer = issuer_with_keys(one_per_series=True, in_flight=64)
    ready(issuer, 6)
    Document.objects.filter(source__in=["invoice:in_3", "invoice:in_4"]).update(series="03")
    first = claim(issuer)
    assert sorted(Document.objects.filter(attempts__in=first).values_list("series", flat=True)) == ["01", "03"]
    assert claim(issuer) == []
    end(first, UNSENT)
    Document.objects.update(next_at=now())
    assert len(claim(issuer)) == 2


def test_three_lost_answers_stop_the_channel_with_an_alert_and_one_answer_lets_it_go_on(smartbill_sandbox):
    issuer = issuer_with_keys(in_flight=8)
    ready(issuer, 12)
    end(claim(issuer, 3), LOST)
    assert channel(issuer).state == State.OPEN
    assert claim(issuer) == []
    assert issuers_with_work(now()) == []
    assert Alert.objects.get(kind="breaker_open").key == issuer.slug
    Channel.objects.update(probe_at=now())
    assert issuers_with_work(now()) == [issuer.pk]
    (made,) = claim_due(issuer_id=issuer.pk, worker="w", limit=8).claims
    assert channel(issuer).state == State.PROBING
    assert claim(issuer) == []
    end([made.attempt_id], made.provider.send(made.request, made.credentials, not_after=1e12))
    assert channel(issuer).state == State.CLOSED
    assert Alert.objects.get().resolved_at is not None
    assert len(claim(issuer)) == 1
    assert [event.after for event in ChannelEvent.objects.order_by("id")] == ["open", "closed"]


def test_a_provider_out_of_reach_stops_the_channel_and_costs_no_document_a_try():
    issuer = issuer_with_keys(in_flight=8)
    documents = ready(issuer, 5)
    end(claim(issuer, 3), NOBODY)
    assert channel(issuer).state == State.OPEN
    assert claim(issuer) == []
    for document in documents:
        document.refresh_from_db()
    assert {(document.status, document.tries) for document in documents} == {("ready", 0)}


def test_an_attempt_given_up_because_its_worker_died_says_nothing_about_the_provider():
    issuer = issuer_with_keys(in_flight=8)
    ready(issuer, 5)
    for attempt in claim(issuer):
        give_up(attempt)
    assert channel(issuer).state == State.CLOSED
    assert channel(issuer).limit is None


def test_a_person_stops_and_lets_go_on_with_a_reason(admin_user):
    issuer = issuer_with_keys()
    ready(issuer, 2)
    stop_channel(issuer, actor=admin_user, reason="The accountant asked for it")
    assert claim(issuer) == []
    assert channel(issuer).why == "The accountant asked for it"
    with pytest.raises(PreconditionFailed):
        stop_channel(issuer, actor=admin_user, reason="Again")
    release_channel(issuer, actor=admin_user, reason="Done")
    assert len(claim(issuer)) == 1, "one call first"
    assert [(event.after, event.actor) for event in ChannelEvent.objects.order_by("id")] == [
        ("open", admin_user),
        ("open", admin_user),
    ]


def test_letting_go_on_what_is_not_stopped_is_refused(admin_user):
    with pytest.raises(PreconditionFailed):
        release_channel(issuer_with_keys(), actor=admin_user, reason="Why not")


@pytest.mark.parametrize("act", [stop_channel, release_channel])
def test_without_the_right_nobody_touches_the_channel(act, django_user_model):
    issuer = issuer_with_keys()
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    with pytest.raises(PermissionDenied):
        act(issuer, actor=clerk, reason="Because")
    assert not Channel.objects.exists()
