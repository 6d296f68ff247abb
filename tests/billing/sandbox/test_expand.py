import pytest
import stripe

from billing.sandbox.shop import Sold


@pytest.fixture
def invoice(shop):
    return shop.pay_invoice(shop.customer("Ana", "ana@example.com")["id"], [Sold("Tea", 1000)])["id"]


def test_a_list_is_expanded_row_by_row(stripe_sdk, invoice):
    page = stripe_sdk.v1.invoices.list({"expand": ["data.customer", "data.lines.data.discounts"]})
    assert page.data[0].customer.name == "Ana"


def test_expansion_does_not_change_what_is_kept(stripe_sdk, invoice):
    before = stripe_sdk.v1.invoices.retrieve(invoice).to_dict()
    stripe_sdk.v1.invoices.retrieve(
        invoice, {"expand": ["customer", "payments.data.payment.payment_intent", "lines.data.discounts"]}
    )
    assert stripe_sdk.v1.invoices.retrieve(invoice).to_dict() == before
    (payment,) = stripe_sdk.v1.invoice_payments.list({"invoice": invoice}).data
    assert isinstance(payment.payment.payment_intent, str)


def test_an_answer_to_a_write_is_expanded_too(stripe_sdk, invoice):
    (payment,) = stripe_sdk.v1.invoice_payments.list({"invoice": invoice}).data
    refund = stripe_sdk.v1.refunds.create({"payment_intent": payment.payment.payment_intent, "expand": ["charge"]})
    assert refund.charge.amount_refunded == 1000


@pytest.mark.parametrize(
    "path",
    ["number", "charge", "payments.data.payment.payment_intent.latest_charge.balance_transaction", "nothing.at.all"],
)
def test_what_cannot_be_expanded_is_refused(stripe_sdk, invoice, path):
    with pytest.raises(stripe.InvalidRequestError, match="expand"):
        stripe_sdk.v1.invoices.retrieve(invoice, {"expand": [path]})
