from decimal import Decimal

import pytest

from smartbill.providers.el_salvador.sandbox.validation import Strictness, read_order

from .payloads import (
    BODIES,
    PERSON,
    V2,
    emit,
    error,
    factura,
    fex,
    product,
    refused,
    without,
)

LEGACY = Strictness(generation="legacy")


def one_product(**changes):
    return factura(products=[product("113.00") | changes])


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("strictness", [V2, LEGACY])
def test_a_careful_request_is_understood(kind, strictness):
    order = read_order(kind, BODIES[kind](), strictness)
    assert (order.kind, len(order.items), order.items[0].unit, order.condition) == (kind, 1, 99, 1)
    assert order.payments[0].reference == "pi_1"


def test_goods_are_exported_with_all_customs_data():
    goods = {
        "itemType": "bienes",
        "fiscalPrecinct": "01",
        "regimeType": "EX-1",
        "regime": "1000.000",
        "incoterms": "01",
        "insurance": Decimal("5.50"),
        "freight": 10,
    }
    order = read_order("fex", fex(paid="115.50", exportData=goods), V2)
    assert (order.export.item_type, order.export.regime, order.export.freight) == (1, "1000.000", Decimal(10))


def test_a_credit_sale_says_when_it_is_paid():
    payments = [{"method": "13", "amount": Decimal("113.00"), "term": "01", "period": 30}]
    order = read_order("factura", factura(paymentCondition="credito", payments=payments), V2)
    assert (order.condition, order.payments[0].term, order.payments[0].period) == (2, "01", 30)


def test_a_line_outside_the_base_has_the_unit_of_services():
    outside = {"description": "Propina", "quantity": 1, "unitPrice": Decimal("-3.00"), "type": "no_gravada"}
    order = read_order("factura", factura(paid="110.00", products=[product("113.00"), outside]), V2)
    assert (order.items[1].unit, order.items[1].tax_class) == (99, "no_gravada")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (factura(surprise=1), "surprise"),
        (without(factura(), "receptor"), "receptor"),
        (without(factura(), "products"), "products"),
        (without(factura(), "payments"), "payments"),
        (factura(receptor=None), "receptor"),
        (factura(receptor="others"), "receptor"),
        (factura(products=[]), "products"),
        (factura(products=[product("0.01")] * 2001), "products"),
        (factura(products="x"), "products"),
        (factura(products=[7]), "products[0]"),
        (factura(exportData={"itemType": "servicios"}), "exportData"),
        (factura(notes=""), "notes"),
        (factura(notes="x" * 3001), "notes"),
        (factura(notes=7), "notes"),
        (factura(appendix=[]), "appendix"),
        (factura(appendix=[{"field": "a", "label": "b", "value": "c"}] * 11), "appendix"),
        (factura(appendix=[{"field": "a" * 26, "label": "b", "value": "c"}]), "appendix[0].field"),
        (factura(appendix=[{"field": "a", "label": "b" * 51, "value": "c"}]), "appendix[0].label"),
        (factura(appendix=[{"field": "a", "label": "b", "value": "c" * 151}]), "appendix[0].value"),
        (factura(appendix=[{"field": "a", "label": "b", "value": "c", "more": "d"}]), "appendix[0].more"),
        (one_product(surprise=1), "products[0].surprise"),
        (one_product(code=""), "products[0].code"),
        (one_product(code="x" * 26), "products[0].code"),
        (one_product(description=""), "products[0].description"),
        (one_product(description="   "), "products[0].description"),
        (one_product(description="x" * 1501), "products[0].description"),
        (one_product(description=None), "products[0].description"),
        (one_product(quantity=0), "products[0].quantity"),
        (one_product(quantity=-1), "products[0].quantity"),
        (one_product(quantity="1"), "products[0].quantity"),
        (one_product(quantity=True), "products[0].quantity"),
        (one_product(quantity=Decimal("0.123456789")), "products[0].quantity"),
        (one_product(quantity=10**11), "products[0].quantity"),
        (one_product(unitPrice="113.00"), "products[0].unitPrice"),
        (one_product(unitPrice=Decimal("113.000000001")), "products[0].unitPrice"),
        (one_product(unitPrice=Decimal("-1")), "products[0].unitPrice"),
        (one_product(unitPrice=None), "products[0].unitPrice"),
        (one_product(discount=Decimal("-0.01")), "products[0].discount"),
        (one_product(discount=Decimal("113.01")), "products[0].discount"),
        (one_product(type="iva"), "products[0].type"),
        (one_product(unit=99), "products[0].unit"),
        (one_product(unit="98"), "products[0].unit"),
    ],
)
def test_a_wrong_document_names_the_field(body, field):
    assert field in refused("factura", body)


@pytest.mark.parametrize(
    ("export", "field"),
    [
        (None, "exportData"),
        ({}, "exportData.itemType"),
        ({"itemType": "2"}, "exportData.itemType"),
        ({"itemType": "servicios", "incoterms": "01"}, "exportData.incoterms"),
        ({"itemType": "bienes"}, "exportData.fiscalPrecinct"),
        ({"itemType": "servicios", "regime": "9999.999"}, "exportData.regime"),
        ({"itemType": "servicios", "freight": Decimal("0.001")}, "exportData.freight"),
        ({"itemType": "servicios", "insurance": -1}, "exportData.insurance"),
        ({"itemType": "servicios", "port": "x"}, "exportData.port"),
    ],
)
def test_wrong_export_data_name_the_field(export, field):
    assert field in refused("fex", fex(exportData=export))


@pytest.mark.parametrize("name", ["exenta", "no_sujeta"])
def test_an_export_is_taxed_at_zero_or_outside_the_base(name):
    assert refused("fex", fex(products=[product("100.00", type=name)])) == ["products[0].type"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"quantity": 2}, "quantity"),
        ({"discount": Decimal("0.50")}, "discount"),
        ({"unit": "59"}, "unit"),
    ],
)
def test_a_line_outside_the_base_is_one_signed_amount(changes, field):
    outside = product("1.00", type="no_gravada") | changes
    assert refused("factura", factura(products=[product("112.00"), outside])) == [f"products[1].{field}"]


def test_a_line_outside_the_base_needs_another_above_zero():
    assert "products" in refused("factura", factura(products=[product("113.00", type="no_gravada")]))
    free = product("10.00", discount=Decimal("10.00"))
    assert "products" in refused("factura", factura(products=[free, product("113.00", type="no_gravada")]))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"method": "06"}, "method"),
        ({"method": 3}, "method"),
        ({"method": None}, "method"),
        ({"amount": "113.00"}, "amount"),
        ({"amount": Decimal("113.001")}, "amount"),
        ({"amount": Decimal("-113.00")}, "amount"),
        ({"reference": "x" * 51}, "reference"),
        ({"method": "01"}, "reference"),
        ({"term": "01"}, "term"),
        ({"period": 30}, "period"),
        ({"bank": "x"}, "bank"),
    ],
)
def test_a_wrong_payment_names_the_field(changes, field):
    payment = {"method": "03", "amount": Decimal("113.00"), "reference": "pi_1"} | changes
    assert refused("factura", factura(payments=[payment])) == [f"payments[0].{field}"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"term": None}, "term"), ({"period": None}, "period"), ({"period": 0}, "period"), ({"term": "04"}, "term")],
)
def test_a_credit_sale_needs_a_term(changes, field):
    payment = {"method": "13", "amount": Decimal("113.00"), "term": "01", "period": 30} | changes
    assert refused("factura", factura(paymentCondition="credito", payments=[payment])) == [f"payments[0].{field}"]


@pytest.mark.parametrize("condition", ["cash", "1", 1])
def test_the_condition_is_one_of_three_words(condition):
    assert refused("factura", factura(paymentCondition=condition)) == ["paymentCondition"]


@pytest.mark.parametrize("paid", ["112.99", "113.00", "113.01"])
def test_payments_may_miss_the_total_by_a_cent(paid):
    assert read_order("factura", factura(paid=paid), V2).payments[0].amount == Decimal(paid)


@pytest.mark.parametrize("paid", ["112.98", "113.02", "0"])
def test_payments_may_not_miss_it_by_two(paid):
    assert refused("factura", factura(paid=paid)) == ["payments"]


def test_a_zero_total_is_paid_on_the_spot():
    free = factura(products=[product("10.00", discount=10)], payments=[{"method": "99", "amount": 0}])
    assert read_order("factura", free, V2).payments[0].amount == 0
    later = free | {"paymentCondition": "otro"}
    assert refused("factura", later) == ["paymentCondition"]


def test_the_older_generation_takes_shorter_texts():
    long = factura(products=[product("113.00", description="x" * 1001)])
    assert read_order("factura", long, V2).items[0].description == "x" * 1001
    assert refused("factura", long, LEGACY) == ["products[0].description"]
    notes = fex(notes="x" * 501)
    assert read_order("fex", notes, V2).notes == "x" * 501
    assert refused("fex", notes, LEGACY) == ["notes"]


def test_every_mistake_is_named_at_once():
    body = factura(receptor=PERSON | {"email": "x", "name": ""}, products=[product("1", code="")], more=1)
    assert refused("factura", body) == ["more"]
    del body["more"]
    assert refused("factura", body) == ["receptor.name", "receptor.email", "products[0].code"]


def test_a_refusal_over_the_wire_issues_nothing(smartbill_sandbox):
    answer = emit(smartbill_sandbox, "factura", factura(paid="1.00"))
    assert error(answer) == (400, "VALIDATION_ERROR", ["payments"])
    assert answer.json()["error"]["details"][0] == {
        "field": "payments",
        "code": "020",
        "message": "add up to 1.00, the total to pay is 113.00",
    }
    assert (smartbill_sandbox.control.documents(), smartbill_sandbox.control.mails()) == ([], [])
