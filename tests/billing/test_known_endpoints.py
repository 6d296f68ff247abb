"""A web process goes by an endpoint as it read it, for a moment: what that may and may not delay."""

import json

import pytest

from billing import known_endpoints
from billing.models import InboundEvent, StripeEndpoint
from tests.billing.test_webhook import deliver
from tests.factories.billing import OLD_SECRET, SECRET, StripeEndpointFactory, event_content, signature

NEW_SECRET = "whsec_newer"


@pytest.fixture
def clock(monkeypatch, settings):
    """The seconds of the process's clock, to be set forward."""
    settings.STRIPE_ENDPOINT_KEPT = 1.0
    seconds = [1000.0]
    monkeypatch.setattr(known_endpoints, "monotonic", lambda: seconds[0])
    return seconds


@pytest.fixture
def endpoint(db, clock):
    made = StripeEndpointFactory(secrets=f"{SECRET}\n{OLD_SECRET}\n")
    assert deliver(made, event_content(id="evt_0")).status_code == 200
    return made


def signed(secret, number):
    body = json.dumps(event_content(id=f"evt_{number}")).encode()
    return {"body": body, "header": signature(body, secret=secret)}


def test_the_next_delivery_asks_the_database_for_its_row_alone(endpoint, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert deliver(endpoint, event_content(id="evt_1")).status_code == 200
    assert InboundEvent.objects.count() == 2


def test_a_new_secret_counts_at_once(endpoint):
    StripeEndpoint.objects.update(secrets=f"{SECRET}\n{NEW_SECRET}")
    assert deliver(endpoint, **signed(NEW_SECRET, 1)).status_code == 200


def test_a_secret_that_was_taken_back_counts_no_longer_than_a_second(endpoint, clock):
    StripeEndpoint.objects.update(secrets=SECRET)
    clock[0] += 1.0
    assert deliver(endpoint, **signed(OLD_SECRET, 1)).status_code == 400
    assert deliver(endpoint, **signed(SECRET, 2)).status_code == 200


def test_an_address_that_was_switched_off_is_gone_after_a_second(endpoint, clock):
    StripeEndpoint.objects.update(enabled=False)
    clock[0] += 1.0
    assert deliver(endpoint, **signed(SECRET, 1)).status_code == 410
    StripeEndpoint.objects.update(enabled=True)
    clock[0] += 1.0
    assert deliver(endpoint, **signed(SECRET, 1)).status_code == 200


def test_what_is_refused_by_the_endpoint_as_it_is_now_stays_refused(endpoint):
    StripeEndpoint.objects.update(enabled=False)
    assert deliver(endpoint, **signed(NEW_SECRET, 1)).status_code == 400
    assert InboundEvent.objects.count() == 1


def test_made_up_addresses_are_not_kept(endpoint):
    before = len(known_endpoints._kept_until)
    for _each in range(5):
        assert deliver(StripeEndpointFactory.build(), **signed(SECRET, 1)).status_code == 404
    assert len(known_endpoints._kept_until) == before
