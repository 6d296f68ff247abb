import pytest
import stripe


@pytest.fixture
def intent(shop):
    return shop.pay_intent(1000)


def test_a_refund_in_parts_until_nothing_is_left(stripe_sdk, intent):
    first = stripe_sdk.v1.refunds.create({"payment_intent": intent["id"], "amount": 300, "reason": "duplicate"})
    assert (first.amount, first.charge, first.status) == (300, intent["latest_charge"], "succeeded")
    charge = stripe_sdk.v1.charges.retrieve(intent["latest_charge"])
    assert (charge.amount_refunded, charge.refunded) == (300, False)
    assert stripe_sdk.v1.refunds.create({"charge": charge.id}).amount == 700
    charge = stripe_sdk.v1.charges.retrieve(charge.id, {"expand": ["refunds"]})
    assert (charge.amount_refunded, charge.refunded, len(charge.refunds.data)) == (1000, True, 2)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        stripe_sdk.v1.refunds.create({"charge": charge.id})
    assert caught.value.code == "charge_already_refunded"
    assert len(stripe_sdk.v1.refunds.list({"charge": charge.id}).data) == 2


@pytest.mark.parametrize("amount", [0, 1001])
def test_more_than_was_paid_is_not_refunded(stripe_sdk, intent, amount):
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        stripe_sdk.v1.refunds.create({"payment_intent": intent["id"], "amount": amount})
    assert stripe_sdk.v1.refunds.list().data == []
    assert stripe_sdk.v1.charges.retrieve(intent["latest_charge"]).amount_refunded == 0


def test_a_refund_is_announced_with_its_charge(stripe_sdk, shop, intent):
    refund = shop.refund(payment_intent=intent["id"], amount=300)
    told = [(event.type, event.data.object["id"]) for event in stripe_sdk.v1.events.list({"limit": 2}).data]
    assert told == [("charge.refunded", intent["latest_charge"]), ("refund.created", refund["id"])]


def test_a_failed_refund_gives_the_money_back_to_us(stripe_sdk, shop, intent):
    refund = shop.refund(payment_intent=intent["id"])
    failed = shop.control(f"refunds/{refund['id']}/fail")
    assert (failed["status"], failed["failure_reason"]) == ("failed", "expired_or_canceled_card")
    charge = stripe_sdk.v1.charges.retrieve(intent["latest_charge"])
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert stripe_sdk.v1.events.list({"type": "refund.failed"}).data[0].data.object["id"] == refund["id"]


def test_an_unpaid_intent_has_nothing_to_refund(stripe_sdk):
    intent = stripe_sdk.v1.payment_intents.create({"amount": 100, "currency": "usd"})
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        stripe_sdk.v1.refunds.create({"payment_intent": intent.id})


def test_metadata_of_a_refund_changes(stripe_sdk, shop, intent):
    refund = shop.refund(payment_intent=intent["id"], metadata={"op_id": "1"})
    changed = stripe_sdk.v1.refunds.update(refund["id"], {"metadata": {"op_id": "2"}})
    assert changed.metadata["op_id"] == "2"


@pytest.mark.parametrize(
    ("status", "last"), [("lost", "charge.dispute.closed"), ("won", "charge.dispute.funds_reinstated")]
)
def test_a_dispute_is_opened_and_decided(stripe_sdk, shop, intent, status, last):
    dispute = shop.control(f"charges/{intent['latest_charge']}/dispute", reason="product_not_received")
    assert stripe_sdk.v1.charges.retrieve(intent["latest_charge"]).disputed is True
    assert (dispute["amount"], dispute["status"]) == (1000, "needs_response")
    closed = shop.control(f"disputes/{dispute['id']}/close", status=status)
    assert stripe_sdk.v1.disputes.retrieve(dispute["id"]).status == closed["status"] == status
    assert stripe_sdk.v1.events.list({"limit": 1}).data[0].type == last
    with pytest.raises(Exception, match="closed once"):
        shop.control(f"disputes/{dispute['id']}/close", status=status)
