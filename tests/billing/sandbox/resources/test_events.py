import pytest
import stripe

DAY = 24 * 60 * 60


def test_events_are_newest_first_and_filtered(stripe_sdk, shop):
    customer = shop.customer("Ana", "ana@example.com")
    shop.pay_intent(100, customer=customer["id"])
    told = [event.type for event in stripe_sdk.v1.events.list().data]
    assert told == ["payment_intent.succeeded", "charge.succeeded", "payment_intent.created", "customer.created"]
    assert [event.type for event in stripe_sdk.v1.events.list({"type": "customer.created"}).data] == [
        "customer.created"
    ]
    some = stripe_sdk.v1.events.list({"types": ["charge.succeeded", "customer.*"]}).data
    assert [event.type for event in some] == ["charge.succeeded", "customer.created"]


def test_events_are_found_by_time(stripe_sdk, shop):
    shop.control("clock", offset=-3600)
    shop.customer("Ana", "ana@example.com")
    (old,) = stripe_sdk.v1.events.list().data
    shop.control("clock", offset=0)
    shop.customer("Berta", "berta@example.com")
    (new,) = stripe_sdk.v1.events.list({"created": {"gt": old.created}}).data
    assert new.data.object["name"] == "Berta"
    assert [event.id for event in stripe_sdk.v1.events.list({"created": {"lte": old.created}}).data] == [old.id]
    assert [event.id for event in stripe_sdk.v1.events.list({"created": old.created}).data] == [old.id]
    assert stripe_sdk.v1.events.list({"created": {"gt": old.created, "lt": new.created}}).data == []


def test_events_are_forgotten_after_30_days(stripe_sdk, shop):
    shop.control("clock", offset=-30 * DAY - 60)
    shop.customer("Ana", "ana@example.com")
    (event,) = stripe_sdk.v1.events.list().data
    shop.control("clock", offset=0)
    assert stripe_sdk.v1.events.list().data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such event"):
        stripe_sdk.v1.events.retrieve(event.id)


def test_an_event_is_a_snapshot_with_its_request(stripe_sdk, shop):
    made = shop.post("customers", idempotency_key="key-1", name="Ana")
    shop.post(f"customers/{made['id']}", name="Berta")
    (event,) = stripe_sdk.v1.events.list({"type": "customer.created"}).data
    assert stripe_sdk.v1.events.retrieve(event.id).data.object["name"] == "Ana"
    assert (event.api_version, event["request"]["idempotency_key"]) == ("2026-08-26.dahlia", "key-1")
    assert event["request"]["id"].startswith("req_")


def test_only_twenty_types_may_be_asked_for(stripe_sdk):
    with pytest.raises(stripe.InvalidRequestError, match="up to 20"):
        stripe_sdk.v1.events.list({"types": ["a.b"] * 21})


def test_there_is_one_account(stripe_sdk, shop):
    account = stripe_sdk.v1.accounts.retrieve_current()
    assert (account.country, account.default_currency) == ("SV", "usd")
    assert shop.get(f"accounts/{account.id}")["id"] == account.id
    with pytest.raises(Exception, match="No such account"):
        shop.get("accounts/acct_other")
