import pytest

from billing.sandbox.shop import ShopError, Sold


def test_the_log_is_the_oracle(stripe_sdk, shop):
    stripe_sdk.v1.customers.create({"name": "Ana"}, {"idempotency_key": "sb:1"})
    with pytest.raises(ShopError):
        shop.get("customers/cus_none")
    first, second = shop.seen("calls")["data"]
    assert (first["method"], first["path"], first["status"]) == ("POST", "/v1/customers", 200)
    assert (first["stripe_version"], first["idempotency_key"], first["body"]) == (
        "2026-08-26.dahlia",
        "sb:1",
        "name=Ana",
    )
    assert (second["path"], second["status"]) == ("/v1/customers/cus_none", 404)
    assert shop.seen("calls", method="POST", path="/v1/customers")["count"] == 1
    assert shop.seen("calls", path="/v1/invoices")["count"] == 0


def test_the_log_never_holds_the_key(shop):
    shop.customer("Ana", "ana@example.com")
    assert "sk_test" not in str(shop.seen("calls"))


def test_the_state_is_counted_and_shown(shop):
    shop.customer("Ana", "ana@example.com")
    state = shop.seen("state")
    assert state["objects"] == {"customer": 1, "event": 1}
    (customer,) = shop.seen("state", kind="customer")["data"]
    assert customer["name"] == "Ana"
    assert not [key for key in customer if key.startswith("_")]


def test_an_event_that_only_time_causes_is_told_on_demand(stripe_sdk, shop):
    invoice = shop.open_invoice(shop.customer("Ana", "ana@example.com")["id"], [Sold("Tea", 100)])
    event = shop.control("emit", type="invoice.overdue", kind="invoice", id=invoice["id"])
    assert event["data"]["object"]["status"] == "open"
    assert stripe_sdk.v1.events.list({"type": "invoice.overdue"}).data[0].id == event["id"]


def test_a_reset_forgets_everything(shop):
    shop.control("faults", latency=0.01, answers=[{"status": 500, "path": "/v1/refunds"}])
    shop.control("clock", offset=100)
    shop.post("customers", idempotency_key="sb:1", name="Ana")
    shop.control("reset")
    state = shop.seen("state")
    assert (state["objects"], state["calls"], state["faults"]) == ({}, 0, {"latency": 0.0, "answers": []})
    assert shop.post("customers", idempotency_key="sb:1", name="Berta")["name"] == "Berta"


@pytest.mark.parametrize(
    ("path", "wanted", "status"),
    [
        ("nothing", {}, 404),
        ("faults", {"answers": [{"colour": "red"}]}, 400),
        ("plan", {"colour": "red"}, 400),
        ("webhook", {}, 400),
        ("deliver", {"event": "evt_none"}, 404),
        ("payment_intents/pi_none/settle", {}, 404),
        ("checkout/sessions/cs_none/complete", {}, 404),
    ],
)
def test_a_control_that_makes_no_sense_is_refused(shop, path, wanted, status):
    with pytest.raises(ShopError) as caught:
        shop.control(path, **wanted)
    assert caught.value.status == status
    assert shop.seen("state")["objects"] == {}
