import pytest
import stripe


def test_a_confirmed_intent_is_charged(stripe_sdk):
    intent = stripe_sdk.v1.payment_intents.create(
        {
            "amount": 2500,
            "currency": "usd",
            "confirm": True,
            "payment_method": "pm_card_mastercard",
            "description": "Workshop",
            "metadata": {"order": "7"},
            "expand": ["latest_charge.balance_transaction"],
        }
    )
    assert (intent.status, intent.amount_received, intent.metadata["order"]) == ("succeeded", 2500, "7")
    charge = intent.latest_charge
    assert (charge.amount, charge.paid, charge.description) == (2500, True, "Workshop")
    assert charge.payment_method_details.card.brand == "mastercard"
    assert (charge.balance_transaction.fee, charge.balance_transaction.net) == (102, 2398)
    assert {"invoice", "refunds", "source"} & set(charge.to_dict()) == set()
    assert stripe_sdk.v1.payment_methods.retrieve(intent.payment_method).card.last4 == "4242"
    assert stripe_sdk.v1.balance_transactions.retrieve(charge.balance_transaction.id).source == charge.id


def test_an_intent_waits_until_it_is_confirmed(stripe_sdk):
    intent = stripe_sdk.v1.payment_intents.create({"amount": 100, "currency": "usd"})
    assert (intent.status, intent.latest_charge) == ("requires_payment_method", None)
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        stripe_sdk.v1.payment_intents.confirm(intent.id)
    assert (
        stripe_sdk.v1.payment_intents.create(
            {"amount": 100, "currency": "usd", "payment_method": "pm_card_visa"}
        ).status
        == "requires_confirmation"
    )
    stripe_sdk.v1.payment_intents.update(intent.id, {"amount": 150, "metadata": {"a": "b"}})
    paid = stripe_sdk.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert (paid.status, paid.amount_received) == ("succeeded", 150)
    with pytest.raises(stripe.InvalidRequestError, match="can no longer be paid"):
        stripe_sdk.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert len(stripe_sdk.v1.charges.list({"payment_intent": intent.id}).data) == 1


def test_a_refused_card_leaves_a_failed_charge_and_another_may_be_tried(stripe_sdk):
    with pytest.raises(stripe.CardError) as caught:
        stripe_sdk.v1.payment_intents.create(
            {"amount": 100, "currency": "usd", "confirm": True, "payment_method": "pm_card_chargeDeclined"}
        )
    assert (caught.value.http_status, caught.value.code) == (402, "card_declined")
    (intent,) = stripe_sdk.v1.payment_intents.list().data
    assert (intent.status, intent.last_payment_error.decline_code) == ("requires_payment_method", "generic_decline")
    (charge,) = stripe_sdk.v1.charges.list().data
    assert (charge.status, charge.paid, charge.amount_captured) == ("failed", False, 0)
    assert stripe_sdk.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"}).status == "succeeded"


@pytest.mark.parametrize(
    ("method", "level"),
    [
        ("pm_card_visa", "normal"),
        ("pm_card_riskLevelElevated", "elevated"),
        ("pm_card_riskLevelHighest", "highest"),
    ],
)
def test_radar_judges_each_charge(stripe_sdk, shop, method, level):
    intent = shop.pay_intent(4200, method=method)
    assert intent["status"] == "succeeded"
    assert stripe_sdk.v1.charges.retrieve(intent["latest_charge"]).outcome.risk_level == level


@pytest.mark.parametrize("arrives", [True, False])
def test_a_slow_payment_arrives_or_comes_back(stripe_sdk, shop, arrives):
    intent = shop.pay_intent(4200, method="pm_sepaDebit_success")
    assert intent["status"] == "processing"
    assert stripe_sdk.v1.charges.list().data == []
    settled = shop.settle(intent["id"], arrives=arrives)
    assert settled["status"] == ("succeeded" if arrives else "requires_payment_method")
    assert [charge.paid for charge in stripe_sdk.v1.charges.list().data] == [arrives]
    with pytest.raises(Exception, match="not processing"):
        shop.settle(intent["id"])


def test_a_cancelled_intent_stays_cancelled(stripe_sdk):
    intent = stripe_sdk.v1.payment_intents.create({"amount": 100, "currency": "usd"})
    assert stripe_sdk.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "duplicate"}).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError, match="cannot cancel"):
        stripe_sdk.v1.payment_intents.cancel(intent.id)
    with pytest.raises(stripe.InvalidRequestError, match="could not be updated"):
        stripe_sdk.v1.payment_intents.update(intent.id, {"amount": 200})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"amount": 0, "currency": "usd"}, "Invalid positive integer"),
        ({"amount": 100}, "Missing required param: currency"),
        ({"amount": 100, "currency": "dollars"}, "Invalid currency"),
        ({"amount": 100, "currency": "usd", "customer": "cus_none"}, "No such customer"),
        ({"amount": 100, "currency": "usd", "payment_method": "pm_none"}, "No such PaymentMethod"),
    ],
)
def test_a_senseless_intent_is_not_made(stripe_sdk, fields, message):
    with pytest.raises(stripe.InvalidRequestError, match=message):
        stripe_sdk.v1.payment_intents.create(fields)
    assert stripe_sdk.v1.payment_intents.list().data == []
    assert stripe_sdk.v1.events.list().data == []


def test_an_old_charge_has_no_intent(stripe_sdk):
    charge = stripe_sdk.v1.charges.create({"amount": 900, "currency": "usd", "source": "tok_visa"})
    assert (charge.payment_intent, charge.paid, charge.amount_captured) == (None, True, 900)
    assert stripe_sdk.v1.charges.update(charge.id, {"description": "Old"}).description == "Old"


def test_payment_methods_of_a_customer_are_listed(stripe_sdk, shop):
    customer = shop.customer("Ana", "ana@example.com")["id"]
    shop.pay_intent(100, customer=customer)
    (method,) = stripe_sdk.v1.payment_methods.list({"customer": customer, "type": "card"}).data
    assert method.customer == customer
