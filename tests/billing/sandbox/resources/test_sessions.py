import pytest
import stripe

from billing.sandbox.shop import Field, ShopError, Sold

BUYER = {"name": "Ana", "email": "ana@example.com", "address": {"country": "SV", "city": "San Salvador"}}


def kinds(shop):
    return [event["type"] for event in reversed(shop.get("events", limit=100)["data"])]


def test_a_session_is_open_and_priced(stripe_sdk, shop):
    rate = shop.tax_rate("13", inclusive=True)["id"]
    lines = [Sold("Course", 11300, 2, (rate,)), Sold("Book", 2000)]
    session = shop.open_checkout(lines, coupon=shop.coupon(amount_off=2460)["id"])
    assert (session["status"], session["payment_status"], session["payment_intent"]) == ("open", "unpaid", None)
    assert (session["amount_subtotal"], session["amount_total"]) == (24600, 22140)
    assert session["total_details"] == {"amount_discount": 2460, "amount_shipping": 0, "amount_tax": 2340}
    assert "line_items" not in session
    items = stripe_sdk.v1.checkout.sessions.line_items.list(session["id"]).data
    assert [(item.description, item.quantity, item.amount_total) for item in items] == [
        ("Course", 2, 20340),
        ("Book", 1, 1800),
    ]


def test_a_session_expands_as_the_mirror_and_the_document_ask(stripe_sdk, shop):
    rate, coupon = shop.tax_rate("13", inclusive=True)["id"], shop.coupon(percent_off="10")["id"]
    session = shop.open_checkout([Sold("Course", 11300, 1, (rate,))], coupon=coupon)
    paths = ["line_items", "total_details.breakdown", "line_items.data.discounts", "line_items.data.taxes"]
    read = stripe_sdk.v1.checkout.sessions.retrieve(session["id"], {"expand": paths}).to_dict()
    (item,) = read["line_items"]["data"]
    assert item["discounts"][0]["amount"] == 1130
    assert item["discounts"][0]["discount"]["source"]["coupon"] == coupon
    assert (item["taxes"][0]["amount"], item["taxes"][0]["rate"]["id"]) == (1170, rate)
    breakdown = read["total_details"]["breakdown"]
    assert (breakdown["discounts"][0]["amount"], breakdown["taxes"][0]["amount"]) == (1130, 1170)
    page = stripe_sdk.v1.checkout.sessions.line_items.list(session["id"], {"expand": ["data.price.product"]})
    assert page.data[0].price.product.name == "Course"


def test_a_guest_pays_without_customer_or_invoice(stripe_sdk, shop):
    fields = [Field("nit", "NIT"), Field("note", "Note", optional=True)]
    session = shop.checkout(
        [Sold("Course", 5000)],
        buyer=BUYER,
        fields=fields,
        answers={"nit": "0614"},
        payment_intent_data={"metadata": {"a": "b"}},
    )
    assert (session["status"], session["payment_status"]) == ("complete", "paid")
    assert (session["customer"], session["invoice"]) == (None, None)
    assert session["customer_details"]["address"]["city"] == "San Salvador"
    assert session["custom_fields"][0]["text"]["value"] == "0614"
    intent = stripe_sdk.v1.payment_intents.retrieve(session["payment_intent"], {"expand": ["latest_charge"]})
    assert (intent.amount_received, intent.metadata["a"]) == (5000, "b")
    assert intent.latest_charge.billing_details.email == "ana@example.com"
    assert [row.id for row in stripe_sdk.v1.checkout.sessions.list({"payment_intent": intent.id}).data] == [
        session["id"]
    ]
    assert kinds(shop)[-4:] == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


def test_a_session_may_make_its_customer(stripe_sdk, shop):
    buyer = BUYER | {"tax_ids": [{"type": "sv_nit", "value": "0614-290590-101-4"}], "business_name": "Talleres SA"}
    session = shop.checkout([Sold("Course", 5000)], buyer=buyer, customer_creation="always")
    read = stripe_sdk.v1.checkout.sessions.retrieve(session["id"], {"expand": ["customer.tax_ids"]})
    assert (read.customer.name, read.customer.tax_ids.data[0].value) == ("Ana", "0614-290590-101-4")
    assert read.customer_details.business_name == "Talleres SA"


def test_a_session_with_invoice_is_one_paid_invoice(stripe_sdk, shop):
    rate, coupon = shop.tax_rate("13", inclusive=True)["id"], shop.coupon(percent_off="10")["id"]
    session = shop.checkout([Sold("Course", 11300, 1, (rate,))], buyer=BUYER, coupon=coupon, with_invoice=True)
    invoice = stripe_sdk.v1.invoices.retrieve(session["invoice"], {"expand": ["payments"]})
    assert (invoice.status, invoice.total, invoice.amount_paid) == ("paid", session["amount_total"], 10170)
    assert invoice.total_taxes[0].amount == session["total_details"]["amount_tax"]
    assert invoice.payments.data[0].payment.payment_intent == session["payment_intent"]
    assert len(stripe_sdk.v1.payment_intents.list().data) == 1
    assert kinds(shop).count("invoice.paid") == kinds(shop).count("payment_intent.succeeded") == 1


def test_nothing_to_pay_needs_no_payment(stripe_sdk, shop):
    session = shop.checkout([Sold("Course", 5000)], buyer=BUYER, coupon=shop.coupon(percent_off="100")["id"])
    assert (session["payment_status"], session["payment_intent"]) == ("no_payment_required", None)
    assert stripe_sdk.v1.charges.list().data == []


@pytest.mark.parametrize(("arrives", "status", "told"), [(True, "paid", "succeeded"), (False, "unpaid", "failed")])
def test_a_slow_payment_completes_the_session_first_and_is_paid_later(stripe_sdk, shop, arrives, status, told):
    session = shop.checkout([Sold("Course", 5000)], buyer=BUYER, method="pm_usBankAccount_success", with_invoice=True)
    assert (session["status"], session["payment_status"], session["invoice"]) == ("complete", "unpaid", None)
    shop.settle(session["payment_intent"], arrives=arrives)
    read = stripe_sdk.v1.checkout.sessions.retrieve(session["id"])
    assert (read.payment_status, read.invoice is not None) == (status, arrives)
    assert kinds(shop)[-1] == f"checkout.session.async_payment_{told}"


def test_a_refused_card_leaves_the_session_open_for_another(stripe_sdk, shop):
    session = shop.open_checkout([Sold("Course", 5000)], customer_creation="always")
    path = f"checkout/sessions/{session['id']}/complete"
    with pytest.raises(ShopError, match="declined"):
        shop.control(path, customer_details=BUYER, method="pm_card_chargeDeclined")
    assert stripe_sdk.v1.checkout.sessions.retrieve(session["id"]).status == "open"
    assert shop.control(path, customer_details=BUYER)["payment_status"] == "paid"
    assert len(stripe_sdk.v1.payment_intents.list().data) == len(stripe_sdk.v1.customers.list().data) == 1


def test_a_mandatory_field_must_be_filled(stripe_sdk, shop):
    with pytest.raises(ShopError, match="must be filled"):
        shop.checkout([Sold("Course", 5000)], buyer=BUYER, fields=[Field("nit", "NIT")])
    with pytest.raises(ShopError, match="no custom field"):
        shop.checkout([Sold("Course", 5000)], buyer=BUYER, answers={"nit": "1"})
    assert stripe_sdk.v1.payment_intents.list().data == []


def test_a_session_is_completed_or_expired_once(stripe_sdk, shop):
    session = shop.open_checkout([Sold("Course", 5000)])
    assert stripe_sdk.v1.checkout.sessions.expire(session["id"]).status == "expired"
    with pytest.raises(stripe.InvalidRequestError, match="can be expired"):
        stripe_sdk.v1.checkout.sessions.expire(session["id"])
    with pytest.raises(ShopError, match="expired"):
        shop.control(f"checkout/sessions/{session['id']}/complete", customer_details=BUYER)


def test_the_session_of_a_known_customer_takes_its_details(shop):
    customer = shop.customer("Ana", "ana@example.com", tax_exempt="exempt")
    rate = shop.tax_rate("13", inclusive=False)["id"]
    session = shop.checkout([Sold("Course", 5000, 1, (rate,))], buyer={}, customer=customer["id"])
    assert (session["customer_details"]["name"], session["amount_total"]) == ("Ana", 5000)


def test_a_choice_and_a_number_are_asked_for(stripe_sdk):
    fields = [
        {
            "key": "size",
            "label": {"custom": "Size", "type": "custom"},
            "type": "dropdown",
            "dropdown": {"options": [{"label": "Small", "value": "s"}]},
        },
        {
            "key": "dui",
            "label": {"custom": "DUI", "type": "custom"},
            "type": "numeric",
            "numeric": {"maximum_length": 9},
        },
    ]
    item = {"price_data": {"currency": "usd", "product_data": {"name": "Tea"}, "unit_amount": 100}, "quantity": 1}
    session = stripe_sdk.v1.checkout.sessions.create({"mode": "payment", "line_items": [item], "custom_fields": fields})
    size, dui = session.custom_fields
    assert (size.dropdown.options[0].value, dui.numeric.maximum_length) == ("s", 9)
