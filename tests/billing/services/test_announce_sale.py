import json
from itertools import permutations

import pytest

from billing.errors import Gone, Unavailable
from billing.models import Sale, SaleAlias
from billing.services.announce_sale import (
    on_checkout_session,
    on_invoice_paid,
    on_invoice_payment_paid,
    on_payment_intent_succeeded,
)
from tests.billing import shapes
from tests.factories.billing import InboundEventFactory, StripeEndpointFactory, event_content

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint():
    return StripeEndpointFactory()


@pytest.fixture
def purchase(book):
    """A subscription bought in a checkout: invoice, its payment, intent and session."""
    payments = [shapes.payment(11300)]
    book.put("invoices", shapes.invoice([shapes.included(11300)]))
    book.put("checkout/sessions", shapes.session(11300, invoice="in_1", payment_intent=None, mode="subscription"))
    book.invoice_payments += payments
    return book


def event(endpoint, handler_type, subject):
    content = event_content(type=handler_type, object=subject)
    return InboundEventFactory(
        endpoint=endpoint, type=handler_type, object_id=subject["id"], body=json.dumps(content).encode()
    )


HANDLERS = {
    "invoice.paid": (on_invoice_paid, {"id": "in_1"}),
    "invoice.payment_succeeded": (on_invoice_paid, {"id": "in_1"}),
    "invoice_payment.paid": (on_invoice_payment_paid, {"id": "inpay_1", "invoice": "in_1"}),
    "checkout.session.completed": (on_checkout_session, {"id": "cs_1"}),
    "payment_intent.succeeded": (on_payment_intent_succeeded, {"id": "pi_1"}),
}


def announce(endpoint, name):
    handler, subject = HANDLERS[name]
    handler(event=event(endpoint, name, subject))


def aliases():
    return set(SaleAlias.objects.values_list("kind", "stripe_id"))


@pytest.mark.parametrize("order", list(permutations(HANDLERS)))
def test_five_events_of_one_purchase_in_any_order_make_one_sale(purchase, endpoint, order):
    for name in order:
        announce(endpoint, name)
        announce(endpoint, name)
    assert Sale.objects.values_list("key", flat=True).get() == "invoice:in_1"
    assert {("invoice", "in_1"), ("payment_intent", "pi_1"), ("invoice_payment", "inpay_1")} <= aliases()


def test_an_event_about_a_known_sale_asks_stripe_nothing(purchase, endpoint):
    announce(endpoint, "invoice.paid")
    asked = len(purchase.calls)
    for name in ("invoice.paid", "invoice_payment.paid", "payment_intent.succeeded"):
        announce(endpoint, name)
    assert len(purchase.calls) == asked


@pytest.mark.parametrize("name", ["invoice_payment.paid", "payment_intent.succeeded"])
def test_a_payment_of_an_invoice_that_still_owes_something_is_no_sale(book, endpoint, name):
    book.put("invoices", shapes.invoice([shapes.included(11300)], status="open"))
    book.invoice_payments.append(shapes.payment(5000))
    announce(endpoint, name)
    assert Sale.objects.count() == 0


def test_an_invoice_announced_as_paid_is_a_sale_although_a_reading_lags_behind(book, endpoint):
    book.put("invoices", shapes.invoice([shapes.included(11300)], status="open"))
    announce(endpoint, "invoice.paid")
    assert Sale.objects.get().outcome == "pending"


def test_the_invoice_of_a_payment_is_read_when_the_body_of_the_event_is_lost(purchase, endpoint):
    purchase.put("invoice_payments", shapes.payment(11300))
    on_invoice_payment_paid(
        event=InboundEventFactory(endpoint=endpoint, type="invoice_payment.paid", object_id="inpay_1", body=b"")
    )
    assert Sale.objects.get().key == "invoice:in_1"


@pytest.mark.parametrize("order", list(permutations(["checkout.session.completed", "payment_intent.succeeded"])))
def test_a_checkout_without_invoice_is_the_sale_of_its_payment(book, endpoint, order):
    book.put("checkout/sessions", shapes.session(11300))
    for name in order:
        announce(endpoint, name)
    assert Sale.objects.get().key == "payment_intent:pi_1"
    assert aliases() == {("payment_intent", "pi_1"), ("checkout_session", "cs_1")}


def test_a_bare_payment_is_its_own_sale(book, endpoint):
    announce(endpoint, "payment_intent.succeeded")
    assert Sale.objects.get().key == "payment_intent:pi_1"
    assert aliases() == {("payment_intent", "pi_1")}


def test_a_payment_linked_to_an_invoice_later_stays_one_sale(book, endpoint):
    announce(endpoint, "payment_intent.succeeded")
    book.put("invoices", shapes.invoice([shapes.included(11300)]))
    book.invoice_payments.append(shapes.payment(11300))
    announce(endpoint, "invoice.paid")
    assert Sale.objects.get().key == "payment_intent:pi_1"
    assert ("invoice", "in_1") in aliases()


@pytest.mark.parametrize(
    "changes", [{"payment_status": "unpaid"}, {"mode": "setup", "payment_status": "no_payment_required"}]
)
def test_a_checkout_that_brought_no_money_and_owes_none_is_no_sale(book, endpoint, changes):
    book.put("checkout/sessions", shapes.session(11300, **changes))
    announce(endpoint, "checkout.session.completed")
    assert Sale.objects.count() == 0


def test_a_free_checkout_is_a_sale_of_its_own(book, endpoint):
    free = shapes.session(0, payment_intent=None, payment_status="no_payment_required")
    book.put("checkout/sessions", free)
    announce(endpoint, "checkout.session.completed")
    assert Sale.objects.get().key == "checkout_session:cs_1"


def test_all_payments_of_an_invoice_become_aliases_but_cancelled_ones(book, endpoint):
    payments = [
        shapes.payment(6000, reference="pi_1"),
        shapes.payment(5300, reference="pi_2"),
        shapes.payment(0, reference="pi_3", status="canceled"),
    ]
    found = shapes.invoice([shapes.included(11300)], payments={"data": payments[:1], "has_more": True})
    book.put("invoices", found)
    book.invoice_payments += payments
    announce(endpoint, "invoice.paid")
    assert {stripe_id for kind, stripe_id in aliases() if kind == "payment_intent"} == {"pi_1", "pi_2"}


def test_one_payment_of_two_paid_invoices_announces_two_sales(book, endpoint):
    for number in ("in_1", "in_2"):
        payment = shapes.payment(11300, invoice=number, id=f"inpay_{number}")
        found = shapes.invoice([shapes.included(11300)], id=number, payments={"data": [payment], "has_more": False})
        book.put("invoices", found)
        book.invoice_payments.append(payment)
    announce(endpoint, "payment_intent.succeeded")
    assert set(Sale.objects.values_list("key", flat=True)) == {"invoice:in_1", "invoice:in_2"}


@pytest.mark.parametrize(("status", "error"), [(503, Unavailable), (429, Unavailable)])
def test_nothing_is_registered_while_stripe_is_down(book, endpoint, status, error):
    book.failures = [status]
    with pytest.raises(error):
        announce(endpoint, "invoice.paid")
    assert Sale.objects.count() == 0


def test_an_object_that_is_gone_is_no_sale(book, endpoint):
    with pytest.raises(Gone):
        announce(endpoint, "invoice.paid")
    assert Sale.objects.count() == 0
