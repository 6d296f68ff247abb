import pytest
import stripe

from billing.sandbox.shop import Sold

TEA = [Sold("Tea", 1000, quantity=2)]


def kinds(shop):
    return [event["type"] for event in reversed(shop.get("events", limit=100)["data"])]


@pytest.fixture
def customer(shop):
    return shop.customer("Ana", "ana@example.com")["id"]


def test_finalising_numbers_the_invoice_and_asks_for_the_money(stripe_sdk, shop, customer):
    invoice = shop.open_invoice(customer, TEA)
    assert (invoice["status"], invoice["amount_due"], invoice["amount_remaining"]) == ("open", 2000, 2000)
    assert invoice["number"] == f"{customer[-8:].upper()}-0001"
    (payment,) = stripe_sdk.v1.invoice_payments.list({"invoice": invoice["id"]}).data
    assert (payment.status, payment.amount_requested, payment.is_default) == ("open", 2000, True)
    intent = stripe_sdk.v1.payment_intents.retrieve(payment.payment.payment_intent)
    assert (intent.status, intent.amount) == ("requires_payment_method", 2000)


def test_a_paid_invoice_has_none_of_the_fields_that_basil_removed(shop, customer):
    invoice = shop.pay_invoice(customer, TEA)
    gone = {
        "paid",
        "charge",
        "payment_intent",
        "tax",
        "total_tax_amounts",
        "subscription",
        "paid_out_of_band",
        "payments",
    }
    assert gone.isdisjoint(invoice)
    assert "amount_paid_off_stripe" not in invoice
    assert (invoice["status"], invoice["amount_paid"], invoice["amount_remaining"]) == ("paid", 2000, 0)


def test_a_card_payment_is_told_in_stripes_order(shop, customer):
    shop.pay_invoice(customer, TEA)
    assert kinds(shop)[-8:] == [
        "payment_intent.created",
        "invoice.finalized",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice_payment.paid",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
    ]


def test_the_invoice_of_an_intent_is_found_through_its_payment(stripe_sdk, shop, customer):
    invoice = shop.pay_invoice(customer, TEA)
    (payment,) = stripe_sdk.v1.invoice_payments.list({"invoice": invoice["id"]}).data
    intent = payment.payment.payment_intent
    wanted = {"payment": {"type": "payment_intent", "payment_intent": intent}}
    (found,) = stripe_sdk.v1.invoice_payments.list(wanted).data
    assert (found.id, found.invoice, found.amount_paid, found.status) == (payment.id, invoice["id"], 2000, "paid")
    assert stripe_sdk.v1.invoice_payments.list(wanted | {"status": "open"}).data == []


def test_the_fetch_for_a_document_expands_everything(stripe_sdk, shop, customer):
    coupon = shop.coupon(percent_off="50")["id"]
    invoice = shop.pay_invoice(customer, TEA, coupon=coupon)
    paths = ["customer.tax_ids", "payments.data.payment.payment_intent", "discounts", "amount_paid_off_stripe"]
    read = stripe_sdk.v1.invoices.retrieve(invoice["id"], {"expand": paths})
    assert read.customer.tax_ids.data == []
    assert read.payments.data[0].payment.payment_intent.amount_received == 1000
    assert (read.discounts[0].source.coupon, read.amount_paid_off_stripe) == (coupon, 0)
    assert isinstance(stripe_sdk.v1.invoices.retrieve(invoice["id"]).customer, str)


def test_money_from_outside_stripe_cancels_the_intent(stripe_sdk, shop, customer):
    invoice = shop.pay_invoice(customer, TEA, out_of_band=True)
    read = stripe_sdk.v1.invoices.retrieve(invoice["id"], {"expand": ["amount_paid_off_stripe", "payments"]})
    assert (read.status, read.amount_paid, read.amount_paid_off_stripe) == ("paid", 2000, 2000)
    assert read.payments.data[0].status == "canceled"
    assert stripe_sdk.v1.charges.list().data == []


def test_an_invoice_of_zero_is_paid_when_it_is_finalised(stripe_sdk, shop, customer):
    invoice = shop.pay_invoice(customer, TEA, coupon=shop.coupon(percent_off="100")["id"])
    assert (invoice["status"], invoice["total"], invoice["amount_due"]) == ("paid", 0, 0)
    assert stripe_sdk.v1.invoice_payments.list({"invoice": invoice["id"]}).data == []
    assert stripe_sdk.v1.payment_intents.list().data == []
    assert kinds(shop)[-2:] == ["invoice.paid", "invoice.payment_succeeded"]


def test_two_payments_make_up_one_invoice(stripe_sdk, shop, customer):
    invoice = shop.pay_invoice(customer, TEA, first_part=500)
    payments = stripe_sdk.v1.invoice_payments.list({"invoice": invoice["id"], "status": "paid"}).data
    assert sorted(payment.amount_paid for payment in payments) == [500, 1500]
    assert (invoice["status"], invoice["amount_paid"], invoice["amount_overpaid"]) == ("paid", 2000, 0)
    assert kinds(shop).count("invoice.paid") == 1
    assert kinds(shop).count("invoice_payment.paid") == 2


def test_after_a_part_the_rest_is_asked_for(stripe_sdk, shop, customer):
    invoice = shop.open_invoice(customer, TEA)
    part = shop.pay_part(invoice["id"], 500)
    assert (part["status"], part["amount_remaining"]) == ("open", 1500)
    (rest,) = stripe_sdk.v1.invoice_payments.list({"invoice": invoice["id"], "status": "open"}).data
    assert rest.amount_requested == 1500


def test_a_payment_reported_from_outside_is_attached(stripe_sdk, shop, customer):
    invoice = shop.open_invoice(customer, TEA)
    record = stripe_sdk.v1.payment_records.report_payment(
        {
            "amount_requested": {"currency": "usd", "value": 2000},
            "initiated_at": 1,
            "payment_method_details": {"type": "custom"},
            "processor_details": {"type": "custom", "custom": {"payment_reference": "T-1"}},
        }
    )
    paid = stripe_sdk.v1.invoices.attach_payment(invoice["id"], {"payment_record": record.id})
    assert (paid.status, paid.amount_paid) == ("paid", 2000)
    (payment,) = stripe_sdk.v1.invoice_payments.list({"invoice": invoice["id"], "status": "paid"}).data
    assert payment.payment.to_dict() == {"type": "payment_record", "payment_record": record.id}


def test_a_refused_card_leaves_the_invoice_open(stripe_sdk, shop, customer):
    invoice = shop.open_invoice(customer, TEA)
    with pytest.raises(stripe.CardError) as caught:
        stripe_sdk.v1.invoices.pay(invoice["id"], {"payment_method": "pm_card_chargeDeclinedInsufficientFunds"})
    assert caught.value.error.decline_code == "insufficient_funds"
    read = stripe_sdk.v1.invoices.retrieve(invoice["id"])
    assert (read.status, read.amount_paid, read.attempt_count) == ("open", 0, 1)
    assert kinds(shop)[-3:] == ["charge.failed", "payment_intent.payment_failed", "invoice.payment_failed"]
    assert stripe_sdk.v1.invoices.pay(invoice["id"], {"payment_method": "pm_card_visa"}).status == "paid"


def test_without_any_payment_method_nothing_is_collected(stripe_sdk, shop, customer):
    invoice = shop.open_invoice(customer, TEA)
    with pytest.raises(stripe.InvalidRequestError, match="default_payment_method"):
        stripe_sdk.v1.invoices.pay(invoice["id"])
    assert stripe_sdk.v1.invoices.retrieve(invoice["id"]).attempt_count == 0


def test_a_voided_invoice_cancels_its_intent_and_cannot_be_paid(stripe_sdk, shop, customer):
    invoice = shop.open_invoice(customer, TEA)
    voided = stripe_sdk.v1.invoices.void_invoice(invoice["id"])
    assert (voided.status, voided.status_transitions.voided_at) != ("open", None)
    assert [intent.status for intent in stripe_sdk.v1.payment_intents.list().data] == ["canceled"]
    with pytest.raises(stripe.InvalidRequestError, match="can no longer be paid"):
        stripe_sdk.v1.invoices.pay(invoice["id"], {"payment_method": "pm_card_visa"})
    assert kinds(shop)[-1] == "invoice.voided"


def test_an_uncollectible_invoice_may_still_be_paid(stripe_sdk, shop, customer):
    invoice = shop.open_invoice(customer, TEA)
    assert stripe_sdk.v1.invoices.mark_uncollectible(invoice["id"]).status == "uncollectible"
    assert stripe_sdk.v1.invoices.pay(invoice["id"], {"payment_method": "pm_card_visa"}).status == "paid"


@pytest.mark.parametrize("action", ["void", "mark_uncollectible", "attach_payment"])
def test_a_paid_invoice_refuses_what_open_ones_allow(shop, customer, action):
    invoice = shop.pay_invoice(customer, TEA)
    before = shop.get(f"invoices/{invoice['id']}")
    with pytest.raises(Exception, match="400"):
        shop.post(f"invoices/{invoice['id']}/{action}")
    assert shop.get(f"invoices/{invoice['id']}") == before


def test_paying_or_finalising_twice_is_refused(stripe_sdk, shop, customer):
    invoice = shop.pay_invoice(customer, TEA)
    with pytest.raises(stripe.InvalidRequestError, match="already paid"):
        stripe_sdk.v1.invoices.pay(invoice["id"], {"payment_method": "pm_card_visa"})
    with pytest.raises(stripe.InvalidRequestError, match="already finalized"):
        stripe_sdk.v1.invoices.finalize_invoice(invoice["id"])
    assert kinds(shop).count("invoice.paid") == 1


def test_sending_is_for_invoices_that_are_sent(stripe_sdk, shop, customer):
    charged = shop.open_invoice(customer, TEA)
    with pytest.raises(stripe.InvalidRequestError, match="send_invoice"):
        stripe_sdk.v1.invoices.send_invoice(charged["id"])
    draft = shop.draft_invoice(customer, TEA, collection_method="send_invoice", days_until_due=15)
    sent = stripe_sdk.v1.invoices.send_invoice(draft["id"])
    assert (sent.status, sent.due_date - sent.status_transitions.finalized_at) == ("open", 15 * 24 * 60 * 60)
    assert kinds(shop)[-1] == "invoice.sent"


def test_the_buyers_credit_pays_first(stripe_sdk, shop):
    customer = shop.customer("Ana", "ana@example.com", balance=-500)["id"]
    invoice = shop.open_invoice(customer, TEA)
    assert (invoice["starting_balance"], invoice["ending_balance"], invoice["amount_due"]) == (-500, 0, 1500)
    assert stripe_sdk.v1.customers.retrieve(customer).balance == 0
