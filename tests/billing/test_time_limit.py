import pytest
import responses

from billing import client, time_limit
from billing.errors import Unavailable
from billing.time_limit import time_is_up, work_seconds


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until a test moves it."""
    hands = [1000.0]
    monkeypatch.setattr(time_limit, "monotonic", lambda: hands[0])
    return hands


def test_without_a_limit_time_is_never_up(clock):
    assert time_is_up() is False


def test_time_is_up_when_the_limit_is_reached_and_not_afterwards(clock):
    with time_limit.time_limit(5):
        clock[0] += 4.9
        assert time_is_up() is False
        clock[0] += 0.1
        assert time_is_up() is True
    assert time_is_up() is False


def test_a_longer_limit_inside_does_not_lengthen_the_outer_one(clock):
    with time_limit.time_limit(5), time_limit.time_limit(60):
        clock[0] += 5
        assert time_is_up() is True


def test_work_begun_at_the_end_of_a_drain_still_ends_before_its_task_is_cut_off(settings):
    assert work_seconds() == 120 - 30 - 20 == 70
    used = settings.DRAIN["budget"] + work_seconds() + settings.STRIPE_TIMEOUT
    assert used < settings.Q_CLUSTER["timeout"]


def test_with_a_short_task_there_is_time_for_one_call(settings):
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "timeout": 40}
    assert work_seconds() == settings.STRIPE_TIMEOUT == 10


@pytest.mark.django_db
def test_a_list_without_end_is_left_when_time_is_up(clock, settings):
    settings.STRIPE_API_BASE = ""
    client._client.cache_clear()
    with responses.RequestsMock() as mock:

        def page(request):
            clock[0] += 10
            return 200, {}, '{"data": [{"id": "il_1"}], "has_more": true}'

        mock.add_callback("GET", "https://api.stripe.com/v1/invoices/in_1/lines", callback=page)
        with time_limit.time_limit(35), pytest.raises(Unavailable, match="took too long"):
            client.fetch_invoice_lines("in_1")
        assert len(mock.calls) == 4
    client._client.cache_clear()
