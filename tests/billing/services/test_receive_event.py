import json

import pytest

from billing.models import InboundEvent
from billing.services.receive_event import Unusable, WrongMode, read_heading, receive_event
from tests.factories.billing import StripeEndpointFactory, event_content

pytestmark = pytest.mark.django_db


def test_it_says_whether_the_event_is_new():
    endpoint = StripeEndpointFactory()
    body = json.dumps(event_content()).encode()
    assert [receive_event(endpoint=endpoint, body=body) for _ in range(3)] == [True, False, False]


def test_an_event_id_is_known_whichever_endpoint_brought_it():
    body = json.dumps(event_content()).encode()
    assert [receive_event(endpoint=StripeEndpointFactory(), body=body) for _ in range(2)] == [True, False]
    assert InboundEvent.objects.count() == 1


def test_two_kinds_of_unusable_bytes_are_two_rows():
    endpoint = StripeEndpointFactory()
    assert [receive_event(endpoint=endpoint, body=body) for body in (b"1", b"2", b"1")] == [True, True, False]
    assert [event.state for event in InboundEvent.objects.all()] == [InboundEvent.State.POISON] * 2


def test_an_event_of_the_other_mode_is_not_stored():
    endpoint = StripeEndpointFactory(livemode=True)
    with pytest.raises(WrongMode):
        receive_event(endpoint=endpoint, body=json.dumps(event_content(livemode=False)).encode())
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "1e999"])
def test_numbers_that_are_none_are_not_times(constant):
    body = json.dumps(event_content(created="X")).replace('"X"', constant).encode()
    assert read_heading(body).occurred_at is None


def test_of_two_members_with_one_name_the_last_counts_and_is_checked():
    body = json.dumps(event_content()).replace('"id": "evt_1"', '"id": "evt_1", "id": 5').encode()
    with pytest.raises(Unusable):
        read_heading(body)
