import pytest
import stripe

from tests.billing.sandbox.adding_up import assert_adds_up


@pytest.fixture
def draft(stripe_sdk):
    customer = stripe_sdk.v1.customers.create({"name": "Ana", "email": "ana@example.com"})
    return stripe_sdk.v1.invoices.create({"customer": customer.id, "auto_advance": False})


def test_an_empty_draft_owes_nothing_and_has_no_number(draft):
    assert (draft.status, draft.total, draft.number, draft.lines.data) == ("draft", 0, None, [])


def test_pending_items_are_taken_only_when_asked_for(stripe_sdk):
    customer = stripe_sdk.v1.customers.create({})
    item = stripe_sdk.v1.invoice_items.create({"customer": customer.id, "amount": 700, "currency": "usd"})
    left = stripe_sdk.v1.invoices.create({"customer": customer.id})
    assert (left.total, item.invoice) == (0, None)
    taken = stripe_sdk.v1.invoices.create({"customer": customer.id, "pending_invoice_items_behavior": "include"})
    assert taken.total == 700
    assert stripe_sdk.v1.invoice_items.retrieve(item.id).invoice == taken.id


def test_an_item_goes_on_its_draft_and_names_its_price(stripe_sdk, draft):
    price = stripe_sdk.v1.prices.create({"product_data": {"name": "Tea"}, "currency": "usd", "unit_amount": 250})
    item = stripe_sdk.v1.invoice_items.create(
        {"customer": draft.customer, "invoice": draft.id, "pricing": {"price": price.id}, "quantity": 3}
    )
    assert (item.amount, item.description, item.quantity) == (750, "Tea", 3)
    (line,) = stripe_sdk.v1.invoices.retrieve(draft.id).lines.data
    assert line.pricing.price_details.to_dict() == {"price": price.id, "product": price.product}
    assert str(line.pricing.unit_amount_decimal) == "250"
    assert line.parent.invoice_item_details.invoice_item == item.id
    stripe_sdk.v1.invoice_items.delete(item.id)
    assert stripe_sdk.v1.invoices.retrieve(draft.id).total == 0


def test_a_decimal_quantity_and_price_are_rounded_on_the_line(stripe_sdk, draft):
    line = {"price_data": {"currency": "usd", "product_data": {"name": "Gas"}, "unit_amount_decimal": "33.3"}}
    made = stripe_sdk.v1.invoices.add_lines(draft.id, {"lines": [line | {"quantity_decimal": "1.5"}]})
    assert (made.lines.data[0].amount, made.lines.data[0].quantity, made.total) == (50, None, 50)


def test_discounts_and_taxes_of_several_lines_add_up(stripe_sdk, draft):
    iva = stripe_sdk.v1.tax_rates.create({"display_name": "IVA", "percentage": 13, "inclusive": False})
    coupon = stripe_sdk.v1.coupons.create({"percent_off": 10})
    own = stripe_sdk.v1.coupons.create({"amount_off": 100, "currency": "usd"})
    stripe_sdk.v1.invoices.update(draft.id, {"discounts": [{"coupon": coupon.id}], "default_tax_rates": [iva.id]})
    lines = [
        {"description": "Tea", "amount": 3333, "discounts": [{"coupon": own.id}]},
        {"description": "Cup", "amount": 1999},
        {"description": "Deposit", "amount": 500, "discountable": False},
    ]
    made = stripe_sdk.v1.invoices.add_lines(draft.id, {"lines": lines})
    assert (made.subtotal, made.total_taxes[0].amount, made.total) == (5732, 677, 5886)
    assert made.total_taxes[0].taxability_reason == "standard_rated"
    assert made.lines.data[0].taxes[0].tax_rate_details.tax_rate == iva.id
    assert_adds_up(made.to_dict(), made.to_dict()["lines"]["data"])


def test_an_exempt_customer_owes_no_tax_and_the_reason_says_so(stripe_sdk):
    rate = stripe_sdk.v1.tax_rates.create({"display_name": "IVA", "percentage": 13, "inclusive": False})
    customer = stripe_sdk.v1.customers.create({"tax_exempt": "exempt"})
    draft = stripe_sdk.v1.invoices.create({"customer": customer.id, "default_tax_rates": [rate.id]})
    made = stripe_sdk.v1.invoices.add_lines(draft.id, {"lines": [{"amount": 1000}]})
    assert (made.total, made.total_taxes[0].amount) == (1000, 0)
    assert made.total_taxes[0].taxability_reason == "customer_exempt"


def test_yen_have_no_decimals(stripe_sdk):
    rate = stripe_sdk.v1.tax_rates.create({"display_name": "Tax", "percentage": 10, "inclusive": True})
    customer = stripe_sdk.v1.customers.create({})
    draft = stripe_sdk.v1.invoices.create({"customer": customer.id, "currency": "jpy", "default_tax_rates": [rate.id]})
    made = stripe_sdk.v1.invoices.add_lines(draft.id, {"lines": [{"amount": 10000}]})
    assert (made.currency, made.total, made.total_excluding_tax) == ("jpy", 10000, 9091)


def test_an_invoice_embeds_ten_lines_and_pages_through_the_rest(stripe_sdk, draft):
    lines = [{"description": f"Line {number}", "amount": number} for number in range(1, 26)]
    made = stripe_sdk.v1.invoices.add_lines(draft.id, {"lines": lines})
    assert (len(made.lines.data), made.lines.has_more, made.total) == (10, True, 325)
    read = list(stripe_sdk.v1.invoices.line_items.list(draft.id, {"limit": 7}).auto_paging_iter())
    assert [line.amount for line in read] == list(range(1, 26))


def test_lines_are_removed_for_good_or_back_to_pending(stripe_sdk, draft):
    made = stripe_sdk.v1.invoices.add_lines(draft.id, {"lines": [{"amount": 100}, {"amount": 200}, {"amount": 400}]})
    first, second, _ = made.lines.data
    removed = [{"id": first.id, "behavior": "delete"}, {"id": second.id, "behavior": "unassign"}]
    assert stripe_sdk.v1.invoices.remove_lines(draft.id, {"lines": removed}).total == 400
    (pending,) = [row for row in stripe_sdk.v1.invoice_items.list({"customer": draft.customer}).data if not row.invoice]
    assert pending.amount == 200


def test_a_draft_follows_its_customer_until_it_is_finalised(stripe_sdk, draft):
    stripe_sdk.v1.invoices.add_lines(draft.id, {"lines": [{"amount": 100}]})
    stripe_sdk.v1.customers.update(draft.customer, {"name": "Berta"})
    assert stripe_sdk.v1.invoices.retrieve(draft.id).customer_name == "Berta"
    stripe_sdk.v1.invoices.finalize_invoice(draft.id)
    stripe_sdk.v1.customers.update(draft.customer, {"name": "Carla"})
    assert stripe_sdk.v1.invoices.retrieve(draft.id).customer_name == "Berta"


def test_a_deleted_draft_is_gone_with_its_items(stripe_sdk, draft):
    stripe_sdk.v1.invoices.add_lines(draft.id, {"lines": [{"amount": 100}]})
    stripe_sdk.v1.invoices.delete(draft.id)
    assert stripe_sdk.v1.invoices.list().data == []
    assert stripe_sdk.v1.invoice_items.list().data == []
    assert stripe_sdk.v1.events.list({"limit": 1}).data[0].type == "invoice.deleted"


def test_a_finalised_invoice_keeps_its_lines(stripe_sdk, draft):
    stripe_sdk.v1.invoices.add_lines(draft.id, {"lines": [{"amount": 100}]})
    stripe_sdk.v1.invoices.finalize_invoice(draft.id)
    for change in (
        lambda: stripe_sdk.v1.invoices.add_lines(draft.id, {"lines": [{"amount": 100}]}),
        lambda: stripe_sdk.v1.invoices.update(draft.id, {"description": "No"}),
        lambda: stripe_sdk.v1.invoices.delete(draft.id),
    ):
        with pytest.raises(stripe.InvalidRequestError, match="no longer editable"):
            change()
    assert stripe_sdk.v1.invoices.update(draft.id, {"metadata": {"op_id": "1"}}).metadata["op_id"] == "1"
    assert stripe_sdk.v1.invoices.retrieve(draft.id).total == 100


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"amount": 100, "tax_rates": ["txr_none"]}, "No such tax_rate"),
        ({"amount": 100, "discounts": [{"coupon": "NONE"}]}, "No such coupon"),
        ({"pricing": {"price": "price_none"}}, "No such price"),
        ({"amount": "ten"}, "Invalid integer"),
        ({"amount": 100, "quantity": 3}, "only specify one"),
        ({"price_data": {"currency": "eur", "product_data": {"name": "Tea"}, "unit_amount": 1}}, "currency"),
        ({"price": "price_1"}, "unknown parameter"),
    ],
)
def test_a_line_that_makes_no_sense_leaves_the_draft_as_it_was(stripe_sdk, draft, line, message):
    with pytest.raises(stripe.InvalidRequestError, match=message):
        stripe_sdk.v1.invoices.add_lines(draft.id, {"lines": [line]})
    read = stripe_sdk.v1.invoices.retrieve(draft.id)
    assert (read.total, read.lines.data) == (0, [])
