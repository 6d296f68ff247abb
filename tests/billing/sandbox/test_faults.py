import time

import pytest
import requests
import stripe

from billing.sandbox.shop import ShopError


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (500, stripe.APIError),
        (429, stripe.RateLimitError),
        (404, stripe.InvalidRequestError),
        (401, stripe.AuthenticationError),
    ],
)
def test_the_next_answers_are_errors_and_then_it_works_again(stripe_sdk, shop, status, error):
    shop.control("faults", answers=[{"status": status, "times": 2, "retry_after": 3}])
    for _ in range(2):
        with pytest.raises(error) as caught:
            stripe_sdk.v1.customers.create({"name": "Ana"})
        assert (caught.value.http_status, caught.value.headers["Retry-After"]) == (status, "3")
    assert stripe_sdk.v1.customers.list().data == []
    assert stripe_sdk.v1.customers.create({"name": "Ana"}).name == "Ana"


def test_a_fault_strikes_only_the_calls_that_are_meant(shop):
    shop.control("faults", answers=[{"method": "POST", "path": "/v1/refunds"}])
    shop.customer("Ana", "ana@example.com")
    assert shop.get("refunds")["data"] == []
    with pytest.raises(ShopError, match="500"):
        shop.post("refunds", charge="ch_1")


def test_a_torn_connection_before_the_work_leaves_nothing(stripe_sdk, shop):
    shop.control("faults", answers=[{"status": 0}])
    with pytest.raises(stripe.APIConnectionError):
        stripe_sdk.v1.customers.create({"name": "Ana"})
    assert stripe_sdk.v1.customers.list().data == []


def test_a_torn_connection_after_the_work_is_healed_by_the_key(stripe_sdk, shop):
    shop.control("faults", answers=[{"status": 0, "after": True}])
    options = {"idempotency_key": "sb:1"}
    with pytest.raises(stripe.APIConnectionError):
        stripe_sdk.v1.customers.create({"name": "Ana"}, options)
    (made,) = stripe_sdk.v1.customers.list().data
    assert stripe_sdk.v1.customers.create({"name": "Ana"}, options).id == made.id
    assert [call["status"] for call in shop.seen("calls", method="POST")["data"]] == [0, 200]


def test_latency_is_felt(shop):
    shop.control("faults", latency=0.2)
    began = time.monotonic()
    shop.get("customers")
    assert time.monotonic() - began >= 0.2


def test_latency_does_not_hold_up_the_end(stripe_sandbox, shop):
    shop.control("faults", latency=60)
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(f"{stripe_sandbox.url}/v1/customers", timeout=0.1)
