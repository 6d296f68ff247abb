import pytest
import stripe

from billing.sandbox.shop import ShopError

DAY = 24 * 60 * 60


def test_the_same_key_gives_the_same_answer_and_does_the_work_once(shop):
    first = shop.post("customers", idempotency_key="sb:1", name="Ana")
    assert shop.post("customers", idempotency_key="sb:1", name="Ana") == first
    assert len(shop.get("customers")["data"]) == 1
    calls = shop.seen("calls", method="POST")["data"]
    assert [(call["idempotency_key"], call["replayed"]) for call in calls] == [("sb:1", False), ("sb:1", True)]


def test_another_key_does_the_work_again(shop):
    first = shop.post("customers", idempotency_key="sb:1", name="Ana")
    assert shop.post("customers", idempotency_key="sb:2", name="Ana")["id"] != first["id"]


def test_other_parameters_under_the_same_key_are_an_error(stripe_sdk):
    options = {"idempotency_key": "sb:1"}
    stripe_sdk.v1.customers.create({"name": "Ana"}, options)
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        stripe_sdk.v1.customers.create({"name": "Berta"}, options)
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        stripe_sdk.v1.products.create({"name": "Ana"}, options)
    assert len(stripe_sdk.v1.customers.list().data) == 1


def test_a_refused_request_does_not_use_up_its_key(shop):
    with pytest.raises(ShopError, match="Missing required param"):
        shop.post("payment_intents", idempotency_key="sb:1", amount=100)
    made = shop.post("payment_intents", idempotency_key="sb:1", amount=100, currency="usd")
    assert made["amount"] == 100


def test_a_declined_card_is_remembered(shop):
    params = {"amount": 100, "currency": "usd", "confirm": True, "payment_method": "pm_card_chargeDeclined"}
    for _ in range(2):
        with pytest.raises(ShopError, match="402"):
            shop.post("payment_intents", idempotency_key="sb:1", **params)
    assert len(shop.get("payment_intents")["data"]) == 1


def test_after_a_day_the_key_means_a_new_request(shop):
    shop.control("clock", offset=-DAY - 10)
    first = shop.post("customers", idempotency_key="sb:1", name="Ana")
    shop.control("clock", offset=0)
    assert shop.post("customers", idempotency_key="sb:1", name="Ana")["id"] != first["id"]


def test_an_endless_key_is_refused(shop):
    with pytest.raises(ShopError, match="at most 255"):
        shop.post("customers", idempotency_key="k" * 256, name="Ana")
    assert shop.get("customers")["data"] == []
