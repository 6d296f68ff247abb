from decimal import Decimal

import pytest

from billing.stripe_shapes import (
    UnreadableShape,
    awaits_invoice,
    ids_of_payment,
    invoice_is_paid,
    invoice_line,
    live_payments,
    product_of,
    session_is_settled,
    session_line,
    shipping_line,
    subscription_of,
)
from tests.billing import shapes


@pytest.mark.parametrize(
    ("invoice", "paid"),
    [({"status": "paid"}, True), ({"status": "open", "paid": True}, False), ({"paid": True}, True), ({}, False)],
)
def test_the_status_decides_whether_an_invoice_is_paid(invoice, paid):
    assert invoice_is_paid(invoice) is paid


@pytest.mark.parametrize(
    ("mode", "status", "settled"),
    [
        ("payment", "paid", True),
        ("subscription", "no_payment_required", True),
        ("payment", "unpaid", False),
        ("setup", "no_payment_required", False),
    ],
)
def test_a_checkout_that_only_stores_a_card_sells_nothing(mode, status, settled):
    assert session_is_settled({"mode": mode, "payment_status": status}) is settled


def test_an_invoice_is_awaited_until_it_is_there():
    assert awaits_invoice({"invoice_creation": {"enabled": True}, "invoice": None}) is True
    assert awaits_invoice({"invoice_creation": {"enabled": True}, "invoice": "in_1"}) is False
    assert awaits_invoice({"invoice_creation": None}) is False


def test_a_cancelled_payment_is_none():
    assert live_payments([{"id": "a", "status": "canceled"}, {"id": "b", "status": "open"}]) == [
        {"id": "b", "status": "open"}
    ]


def test_the_ids_of_a_payment_expanded_or_not():
    plain = {"id": "inpay_1", "payment": {"type": "payment_intent", "payment_intent": "pi_1"}}
    expanded = {"id": "inpay_1", "payment": {"type": "payment_intent", "payment_intent": {"id": "pi_1"}}}
    assert (
        ids_of_payment(plain)
        == ids_of_payment(expanded)
        == [("invoice_payment", "inpay_1"), ("payment_intent", "pi_1")]
    )


def test_the_new_place_of_a_subscription_comes_first():
    assert (
        subscription_of({"parent": {"subscription_details": {"subscription": "sub_new"}}, "subscription": "sub_old"})
        == "sub_new"
    )
    assert subscription_of({"subscription": "sub_old"}) == "sub_old"
    assert subscription_of({"parent": None}) == ""


@pytest.mark.parametrize(
    ("line", "product"),
    [
        ({"pricing": {"price_details": {"product": "prod_new"}}, "price": {"product": "prod_old"}}, "prod_new"),
        ({"price": {"product": "prod_old"}}, "prod_old"),
        ({"plan": {"product": "prod_older"}}, "prod_older"),
        ({}, None),
    ],
)
def test_the_product_of_a_line_in_every_shape(line, product):
    assert product_of(line) == product


@pytest.mark.parametrize(
    ("changes", "quantity"),
    [
        ({"quantity_decimal": "1.5", "quantity": 1}, "1.5"),
        ({"quantity_decimal": None, "quantity": 3}, "3"),
        ({"quantity_decimal": None, "quantity": None}, "1"),
        ({"quantity_decimal": None, "quantity": 0}, "1"),
        ({"quantity_decimal": None, "quantity": 0, "amount": 0}, "0"),
    ],
)
def test_the_quantity_of_a_line(changes, quantity):
    assert str(invoice_line(shapes.line(**changes), {}).quantity) == quantity


def test_product_and_line_complete_each_other():
    product = {"id": "prod_1", "name": "Plan", "shippable": True, "metadata": {"tax_class": "exempt", "sku": "P-1"}}
    found = invoice_line(shapes.line(description=None), {"products": {"prod_1": product}})
    assert (found.description, found.description_source) == ("Plan", "product.prod_1.name")
    assert (found.tax_class, found.tax_class_source) == ("exempt", "product.prod_1.metadata.tax_class")
    assert (found.code, found.goods) == ("P-1", True)


def test_the_metadata_of_the_line_win_over_those_of_the_product():
    product = {"id": "prod_1", "metadata": {"tax_class": "exempt"}}
    found = invoice_line(shapes.line(metadata={"tax_class": "not_subject"}), {"products": {"prod_1": product}})
    assert found.tax_class == "not_subject"


def test_the_rate_of_a_tax_is_its_tax_rates_percentage():
    found = invoice_line(shapes.added(10000), {"tax_rates": {shapes.IVA: {"percentage": "13.0"}}})
    assert (found.taxes[0].rate, found.taxes[0].rate_id, found.total) == (Decimal(13), shapes.IVA, 11300)


def test_taxes_in_the_shape_before_basil():
    old = shapes.line(10000) | {
        "taxes": None,
        "tax_amounts": [{"amount": 1300, "inclusive": False, "tax_rate": {"id": "txr_1", "percentage": "13.0"}}],
    }
    found = invoice_line(old, {})
    assert (found.taxes[0].amount, found.taxes[0].inclusive, found.taxes[0].rate) == (1300, False, Decimal(13))


@pytest.mark.parametrize("inclusive", [True, False])
def test_the_total_of_a_checkout_line_tells_whether_its_tax_is_contained(inclusive):
    bare = shapes.item(10000, discount=1000, tax_amount=1170, inclusive=inclusive) | {"taxes": None}
    found = session_line(bare, {})
    assert (found.taxes[0].inclusive, found.net, found.total) == (inclusive, 9000, bare["amount_total"])


def test_shipping_that_costs_nothing_is_no_line():
    assert shipping_line({"shipping_cost": None}, "Shipping") == []
    assert (
        shipping_line({"shipping_cost": {"amount_subtotal": 0, "amount_tax": 0, "amount_total": 0}}, "Shipping") == []
    )


def test_shipping_of_an_invoice_carries_its_tax():
    cost = {"amount_subtotal": 1000, "amount_tax": 130, "amount_total": 1130, "taxes": [shapes.tax(130)]}
    (found,) = shipping_line({"object": "invoice", "shipping_cost": cost}, "Shipping")
    assert (found.description, found.total, found.source) == ("Shipping", 1130, "invoice.shipping_cost")


@pytest.mark.parametrize("amount", [None, "100", 1.5, True])
def test_an_amount_that_is_no_integer_is_refused(amount):
    with pytest.raises(UnreadableShape, match="line.amount"):
        invoice_line(shapes.line(amount=amount), {})


def test_a_tax_of_shipping_that_rounds_to_nothing_is_known_by_its_rate() -> None:
    tax = {
        "amount": 0,
        "tax_behavior": "inclusive",
        "tax_rate_details": {"tax_rate": "txr_1"},
        "taxability_reason": "standard_rated",
    }
    cost = {"amount_subtotal": 4, "amount_tax": 0, "amount_total": 4, "taxes": [tax]}
    (found,) = shipping_line({"object": "invoice", "shipping_cost": cost}, "Shipping", {"txr_1": {"percentage": "13"}})
    assert [entry.rate for entry in found.taxes] == [13]
