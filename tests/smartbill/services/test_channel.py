"""The gate that all hosts share: calls in flight, calls per period, series, pauses, the breaker and its alerts."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils.timezone import now

from notifications.models import Alert
from smartbill.breaker import State
from smartbill.errors import PreconditionFailed, RateReached
from smartbill.models import Attempt, Channel, ChannelEvent, Document
from smartbill.providers.base import Exchange
from smartbill.services.channel import release_channel, stop_channel
from smartbill.services.claim import claim_due, issuers_with_work
from smartbill.services.create import create_document
from smartbill.services.read import read_remote
from smartbill.services.record import record_answer
from smartbill.services.sweep import give_up
from tests.factories.smartbill import make_draft
from tests.flows.engine import issuer_with_keys

pytestmark = pytest.mark.django_db(transaction=True)

LOST = Exchange(written=True, failure="ReadTimeout")
NOBODY = Exchange(written=False, unreachable=True, failure="NewConnectionError")


def ready(issuer, number: int, **fields: object) -> list[Document]:
    have = Document.objects.count()
    return [
        create_document(draft=make_draft(issuer, source=f"invoice:in_{have + each}", **fields))
        for each in range(number)
    ]


def claim(issuer, limit: int = 128) -> list[int]:
    return [each.attempt_id for each in claim_due(issuer_id=issuer.pk, worker="w", limit=limit)]


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
        with django_assert_num_queries(17):
            assert len(claim(issuer, number)) == number


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
    end(first, Exchange(written=False, failure="journal: full"))
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
    (made,) = claim_due(issuer_id=issuer.pk, worker="w", limit=8)
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
