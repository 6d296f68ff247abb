import pytest
import stripe


@pytest.fixture
def customer(stripe_sdk):
    return stripe_sdk.v1.customers.create({"name": "Ana"}).id


def test_a_pending_item_is_put_on_a_draft(stripe_sdk, customer):
    item = stripe_sdk.v1.invoice_items.create({"customer": customer, "amount": 700, "currency": "usd"})
    draft = stripe_sdk.v1.invoices.create({"customer": customer})
    made = stripe_sdk.v1.invoices.add_lines(draft.id, {"lines": [{"invoice_item": item.id}]})
    assert (made.total, made.lines.data[0].parent.invoice_item_details.invoice_item) == (700, item.id)


def test_words_change_on_the_item_and_on_its_line(stripe_sdk, customer):
    draft = stripe_sdk.v1.invoices.create({"customer": customer})
    item = stripe_sdk.v1.invoice_items.create({"customer": customer, "invoice": draft.id, "amount": 700})
    stripe_sdk.v1.invoice_items.update(item.id, {"description": "Tea", "metadata": {"unit": "kg"}})
    (line,) = stripe_sdk.v1.invoices.retrieve(draft.id).lines.data
    assert (line.description, line.metadata["unit"]) == ("Tea", "kg")


def test_the_net_amount_of_an_item_is_less_its_discounts(stripe_sdk, customer):
    coupon = stripe_sdk.v1.coupons.create({"percent_off": 25})
    draft = stripe_sdk.v1.invoices.create({"customer": customer})
    item = stripe_sdk.v1.invoice_items.create(
        {"customer": customer, "invoice": draft.id, "amount": 1000, "discounts": [{"coupon": coupon.id}]}
    )
    assert (item.amount, item.net_amount) == (1000, 750)
    assert stripe_sdk.v1.invoice_items.retrieve(item.id, {"expand": ["discounts"]}).discounts[0].invoice_item == item.id


def test_a_discount_is_reused_by_its_id(stripe_sdk, customer):
    coupon = stripe_sdk.v1.coupons.create({"percent_off": 25})
    first = stripe_sdk.v1.invoices.create({"customer": customer, "discounts": [{"coupon": coupon.id}]})
    second = stripe_sdk.v1.invoices.create({"customer": customer, "discounts": [{"discount": first.discounts[0]}]})
    assert stripe_sdk.v1.invoices.add_lines(second.id, {"lines": [{"amount": 1000}]}).total == 750


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"amount": 100, "quantity": -1}, "must not be negative"),
        ({"unit_amount_decimal": "12.5", "quantity": 2}, "Missing required param: currency"),
        ({"amount": 100, "currency": "usd", "tax_rates": ["txr_1"]}, "No such tax_rate"),
    ],
)
def test_a_senseless_item_is_not_made(stripe_sdk, customer, fields, message):
    with pytest.raises(stripe.InvalidRequestError, match=message):
        stripe_sdk.v1.invoice_items.create({"customer": customer, **fields})
    assert stripe_sdk.v1.invoice_items.list().data == []
    assert stripe_sdk.v1.products.list().data == []


def test_the_251st_line_is_refused(stripe_sdk, customer):
    draft = stripe_sdk.v1.invoices.create({"customer": customer})
    stripe_sdk.v1.invoices.add_lines(draft.id, {"lines": [{"amount": 1}] * 250})
    with pytest.raises(stripe.InvalidRequestError, match="at most 250"):
        stripe_sdk.v1.invoices.add_lines(draft.id, {"lines": [{"amount": 1}]})
    assert stripe_sdk.v1.invoices.retrieve(draft.id).total == 250


def test_an_invoice_carries_the_sellers_fields_and_dates(stripe_sdk, customer):
    made = stripe_sdk.v1.invoices.create(
        {
            "customer": customer,
            "collection_method": "send_invoice",
            "due_date": 1900000000,
            "effective_at": 1700000000,
            "custom_fields": [{"name": "PO", "value": "7"}],
        }
    )
    assert (made.due_date, made.effective_at, made.custom_fields[0].value) == (1900000000, 1700000000, "7")
    with pytest.raises(stripe.InvalidRequestError, match="Due dates are only valid"):
        stripe_sdk.v1.invoices.create({"customer": customer, "days_until_due": 30})
    assert len(stripe_sdk.v1.invoices.list().data) == 1


def test_a_refused_change_leaves_the_customer_as_it_was(stripe_sdk, customer):
    with pytest.raises(stripe.InvalidRequestError, match="Invalid tax_exempt"):
        stripe_sdk.v1.customers.update(customer, {"name": "Berta", "tax_exempt": "perhaps"})
    assert stripe_sdk.v1.customers.retrieve(customer).name == "Ana"


def test_goods_are_shipped_somewhere(stripe_sdk, customer):
    shipping = {"name": "Ana", "address": {"line1": "Calle 2", "country": "SV"}}
    changed = stripe_sdk.v1.customers.update(customer, {"shipping": shipping})
    assert (changed.shipping.name, changed.shipping.address.line1) == ("Ana", "Calle 2")
