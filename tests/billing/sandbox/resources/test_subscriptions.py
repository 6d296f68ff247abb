import pytest
import stripe

from billing.sandbox.shop import ShopError, Sold
from tests.billing.sandbox.adding_up import assert_adds_up


@pytest.fixture
def customer(shop):
    return shop.customer("Ana", "ana@example.com")["id"]


def test_the_first_period_is_billed_at_once(stripe_sdk, shop, customer):
    rate = shop.tax_rate("13", inclusive=True)["id"]
    made = shop.subscribe(customer, Sold("Plan", 1130, 3, (rate,)))
    assert made["status"] == "active"
    invoice = stripe_sdk.v1.invoices.retrieve(made["latest_invoice"]).to_dict()
    assert (invoice["status"], invoice["total"], invoice["billing_reason"]) == ("paid", 3390, "subscription_create")
    assert invoice["parent"]["subscription_details"]["subscription"] == made["id"]
    (line,) = invoice["lines"]["data"]
    item = made["items"]["data"][0]
    assert line["parent"]["subscription_item_details"]["subscription_item"] == item["id"]
    assert line["period"] == {"start": item["current_period_start"], "end": item["current_period_end"]}
    assert "current_period_end" not in made
    assert_adds_up(invoice, invoice["lines"]["data"])


def test_each_period_is_one_more_invoice(stripe_sdk, shop, customer):
    made = shop.subscribe(customer, Sold("Plan", 900), interval="year")
    next_period = shop.control(f"subscriptions/{made['id']}/cycle")["items"]["data"][0]
    assert next_period["current_period_start"] == made["items"]["data"][0]["current_period_end"]
    reasons = [invoice.billing_reason for invoice in stripe_sdk.v1.invoices.list({"customer": customer}).data]
    assert reasons == ["subscription_cycle", "subscription_create"]


def test_a_refused_card_makes_it_past_due_until_one_works(stripe_sdk, shop, customer):
    made = shop.subscribe(customer, Sold("Plan", 900), method="pm_card_chargeDeclined")
    assert made["status"] == "past_due"
    assert stripe_sdk.v1.invoices.retrieve(made["latest_invoice"]).status == "open"
    stripe_sdk.v1.subscriptions.update(made["id"], {"default_payment_method": "pm_card_visa"})
    assert shop.control(f"subscriptions/{made['id']}/cycle")["status"] == "active"


def test_it_ends_with_its_period_or_at_once(stripe_sdk, shop, customer):
    made = shop.subscribe(customer, Sold("Plan", 900))
    stripe_sdk.v1.subscriptions.update(made["id"], {"cancel_at_period_end": True})
    assert shop.control(f"subscriptions/{made['id']}/cycle")["status"] == "canceled"
    assert len(stripe_sdk.v1.invoices.list({"customer": customer}).data) == 1
    with pytest.raises(ShopError, match="canceled"):
        shop.control(f"subscriptions/{made['id']}/cycle")
    with pytest.raises(stripe.InvalidRequestError, match="already canceled"):
        stripe_sdk.v1.subscriptions.cancel(made["id"])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "Missing required param: items"),
        ({"items": [{"price": "price_none"}]}, "No such price"),
        ({"trial_period_days": 7}, "unknown parameter"),
    ],
)
def test_a_senseless_subscription_is_not_made(stripe_sdk, shop, customer, fields, message):
    with pytest.raises(stripe.InvalidRequestError, match=message):
        stripe_sdk.v1.subscriptions.create({"customer": customer, **fields})
    assert stripe_sdk.v1.subscriptions.list().data == []


def test_a_price_for_one_time_cannot_be_subscribed_to(stripe_sdk, shop, customer):
    price = shop.price(Sold("Tea", 100))
    with pytest.raises(stripe.InvalidRequestError, match="one_time"):
        stripe_sdk.v1.subscriptions.create({"customer": customer, "items": [{"price": price}]})
    price = shop.post(
        "prices", product_data={"name": "P"}, currency="usd", unit_amount=1, recurring={"interval": "day"}
    )
    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
        stripe_sdk.v1.subscriptions.create({"customer": customer, "items": [{"price": price["id"]}]})
    assert stripe_sdk.v1.invoices.list().data == []
