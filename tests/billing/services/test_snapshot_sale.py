from decimal import Decimal

import pytest

from billing.errors import Unavailable
from billing.services.snapshot_sale import fetch_evidence, plain
from tests.billing import shapes

INVOICE, INTENT, SESSION = ("invoice", "in_1"), ("payment_intent", "pi_1"), ("checkout_session", "cs_1")


@pytest.fixture
def purchase(book):
    lines = [shapes.included(1130, id=f"il_{number:02d}") for number in range(25)]
    book.lines["in_1"] = lines
    book.put("invoices", shapes.invoice(lines))
    book.put("payment_intents", shapes.intent(28250))
    book.put("products", {"id": "prod_1", "name": "Pro", "metadata": {"sku": "P"}})
    book.put("tax_rates", {"id": shapes.IVA, "percentage": 13.0})
    book.invoice_payments.append(shapes.payment(28250))
    return book


def test_all_lines_are_read_beyond_the_first_page(purchase):
    found = fetch_evidence([INVOICE])
    assert [row["id"] for row in found.content["lines"]] == [f"il_{number:02d}" for number in range(25)]
    assert purchase.calls.count("invoices/in_1/lines") == 3


def test_everything_about_an_invoice_is_there_and_its_ids_are_learnt(purchase):
    found = fetch_evidence([INVOICE])
    assert found.ids == {INVOICE, INTENT, ("invoice_payment", "inpay_1"), ("charge", "ch_1")}
    assert found.content["intents"]["pi_1"]["latest_charge"]["id"] == "ch_1"
    assert found.content["products"]["prod_1"]["metadata"] == {"sku": "P"}
    assert found.content["tax_rates"][shapes.IVA]["percentage"] == "13.0"
    assert found.content["customer"]["id"] == "cus_1"


def test_an_intent_leads_to_its_invoice(purchase):
    found = fetch_evidence([INTENT])
    assert found.content["invoice"]["id"] == "in_1"
    assert INVOICE in found.ids


def test_a_checkout_leads_to_its_invoice(purchase):
    purchase.put("checkout/sessions", shapes.session(28250, invoice="in_1", payment_intent=None))
    found = fetch_evidence([SESSION])
    assert found.content["invoice"]["id"] == "in_1"
    assert found.content["session"]["id"] == "cs_1"


def test_the_checkout_of_an_invoice_is_found_whichever_event_came_first(purchase):
    purchase.put("checkout/sessions", shapes.session(28250, invoice="in_1"))
    found = fetch_evidence([INVOICE])
    assert found.content["session"]["id"] == "cs_1"
    assert SESSION in found.ids


def test_a_renewal_remembers_what_was_typed_when_the_subscription_began(purchase):
    parent = {"subscription_details": {"subscription": "sub_1", "metadata": {}}}
    purchase.put("invoices", shapes.invoice(purchase.lines["in_1"], parent=parent, billing_reason="subscription_cycle"))
    fields = [shapes.custom_field("svnrc", "1234")]
    signup = shapes.session(1, invoice="in_0", subscription="sub_1", payment_intent=None, custom_fields=fields)
    purchase.put("checkout/sessions", signup)
    found = fetch_evidence([INVOICE])
    assert found.content["session"] is None
    assert found.content["signup_session"]["id"] == "cs_1"
    assert SESSION not in found.ids


def test_a_checkout_without_invoice_is_read_with_its_lines(book):
    book.put("checkout/sessions", shapes.session(11300))
    book.put("payment_intents", shapes.intent(11300))
    book.lines["cs_1"] = [shapes.item(452, tax_amount=52, id=f"li_{number:02d}") for number in range(25)]
    found = fetch_evidence([INTENT])
    assert len(found.content["session_lines"]) == 25
    assert found.ids == {INTENT, SESSION, ("charge", "ch_1")}


def test_nothing_more_is_asked_about_an_invoice_that_is_not_paid(book):
    book.put("invoices", shapes.invoice([shapes.included(1130)], status="open"))
    fetch_evidence([INVOICE])
    assert book.calls == ["invoices/in_1"]


def test_a_customer_and_a_product_that_are_gone_are_missed_by_nobody(purchase):
    del purchase.objects["products", "prod_1"]
    purchase.put("invoices", shapes.invoice(purchase.lines["in_1"], customer="cus_gone"))
    found = fetch_evidence([INVOICE])
    assert (found.content["customer"], found.content["products"]) == (None, {"prod_1": None})


def test_a_failure_on_the_way_is_no_half_snapshot(purchase):
    purchase.failures = [500]
    with pytest.raises(Unavailable):
        fetch_evidence([INVOICE])


def test_what_is_frozen_has_no_float_no_nul_and_nothing_that_unlocks():
    raw = {
        "percentage": 13.5,
        "quantity": Decimal("1.50"),
        "name": "a\x00b\ud800",
        "client_secret": "x",
        "nested": [{"hosted_invoice_url": "x", "fingerprint": "x", "amount": 1, "ok": True, "none": None}],
    }
    assert plain(raw) == {
        "percentage": "13.5",
        "quantity": "1.50",
        "name": "a\u2400b?",
        "nested": [{"amount": 1, "ok": True, "none": None}],
    }


def test_no_secret_of_stripe_reaches_the_snapshot(purchase):
    text = repr(fetch_evidence([INVOICE]).content)
    assert "secret" not in text
    assert "fingerprint" not in text
