import pytest
import stripe


def test_a_product_is_made_changed_listed_and_deleted(stripe_sdk):
    made = stripe_sdk.v1.products.create({"name": "Tea", "metadata": {"unit": "kg"}})
    changed = stripe_sdk.v1.products.update(made.id, {"description": "Green", "active": False})
    assert (changed.name, changed.description, changed.active) == ("Tea", "Green", False)
    assert [row.id for row in stripe_sdk.v1.products.list({"active": False}).data] == [made.id]
    assert stripe_sdk.v1.products.list({"active": True}).data == []
    assert stripe_sdk.v1.products.delete(made.id).deleted is True
    with pytest.raises(stripe.InvalidRequestError, match="No such product"):
        stripe_sdk.v1.products.retrieve(made.id)


def test_a_product_with_a_price_cannot_be_deleted(stripe_sdk):
    made = stripe_sdk.v1.products.create({"name": "Tea", "default_price_data": {"currency": "usd", "unit_amount": 250}})
    with pytest.raises(stripe.InvalidRequestError, match="cannot be deleted"):
        stripe_sdk.v1.products.delete(made.id)
    assert stripe_sdk.v1.products.retrieve(made.id, {"expand": ["default_price"]}).default_price.unit_amount == 250


def test_a_price_may_have_a_fraction_of_the_smallest_unit(stripe_sdk):
    product = stripe_sdk.v1.products.create({"name": "Call"})
    price = stripe_sdk.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount_decimal": "0.5"})
    assert (price.unit_amount, str(price.unit_amount_decimal)) == (None, "0.5")


def test_a_recurring_price(stripe_sdk):
    price = stripe_sdk.v1.prices.create(
        {"product_data": {"name": "Plan"}, "currency": "USD", "unit_amount": 900, "recurring": {"interval": "month"}}
    )
    assert (price.type, price.recurring.interval, price.currency) == ("recurring", "month", "usd")
    assert stripe_sdk.v1.prices.update(price.id, {"nickname": "Monthly"}).nickname == "Monthly"
    assert [row.id for row in stripe_sdk.v1.prices.list({"product": price.product}).data] == [price.id]


def test_a_price_is_expanded_as_the_mirror_asks(stripe_sdk):
    price = stripe_sdk.v1.prices.create({"product_data": {"name": "Tea"}, "currency": "usd", "unit_amount": 1})
    read = stripe_sdk.v1.prices.retrieve(price.id, {"expand": ["currency_options", "product", "tiers"]})
    assert (read.product.name, read.tiers) == ("Tea", None)


@pytest.mark.parametrize("fields", [{}, {"percent_off": 10, "amount_off": 5, "currency": "usd"}, {"percent_off": 101}])
def test_a_coupon_must_take_one_sensible_thing_off(stripe_sdk, fields):
    with pytest.raises(stripe.InvalidRequestError):
        stripe_sdk.v1.coupons.create(fields)
    assert stripe_sdk.v1.coupons.list().data == []


def test_a_coupon_is_used_up(stripe_sdk):
    coupon = stripe_sdk.v1.coupons.create({"percent_off": 25.5, "max_redemptions": 1, "name": "First"})
    customer = stripe_sdk.v1.customers.create({})
    stripe_sdk.v1.invoices.create({"customer": customer.id, "discounts": [{"coupon": coupon.id}]})
    read = stripe_sdk.v1.coupons.retrieve(coupon.id, {"expand": ["applies_to"]})
    assert (read.percent_off, read.times_redeemed, read.valid, read.applies_to.products) == (25.5, 1, False, [])
    with pytest.raises(stripe.InvalidRequestError, match="no longer valid"):
        stripe_sdk.v1.invoices.create({"customer": customer.id, "discounts": [{"coupon": coupon.id}]})


def test_a_deleted_coupon_still_counts_where_it_was_given(stripe_sdk):
    coupon = stripe_sdk.v1.coupons.create({"percent_off": 10})
    customer = stripe_sdk.v1.customers.create({})
    invoice = stripe_sdk.v1.invoices.create({"customer": customer.id, "discounts": [{"coupon": coupon.id}]})
    stripe_sdk.v1.coupons.delete(coupon.id)
    with pytest.raises(stripe.InvalidRequestError, match="No such coupon"):
        stripe_sdk.v1.coupons.retrieve(coupon.id)
    assert stripe_sdk.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 1000}]}).total == 900


def test_a_tax_rate_keeps_its_percentage_and_can_be_archived(stripe_sdk):
    rate = stripe_sdk.v1.tax_rates.create(
        {"display_name": "IVA", "percentage": 13.5, "inclusive": True, "country": "SV"}
    )
    assert (rate.percentage, rate.effective_percentage, rate.inclusive) == (13.5, 13.5, True)
    stripe_sdk.v1.tax_rates.update(rate.id, {"active": False})
    customer = stripe_sdk.v1.customers.create({})
    with pytest.raises(stripe.InvalidRequestError, match="archived"):
        stripe_sdk.v1.invoices.create({"customer": customer.id, "default_tax_rates": [rate.id]})
    assert stripe_sdk.v1.invoices.list().data == []
