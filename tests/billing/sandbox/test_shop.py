"""The sales a demo tells, each through the public API, and the rule that every invoice adds up."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.sandbox.shop import Field, Shop, Sold
from tests.billing.sandbox.adding_up import assert_adds_up

NIT = ("sv_nit", "0614-290590-101-4")


def lines_of(shop, invoice):
    return shop.get(f"invoices/{invoice['id']}/lines", limit=100)["data"]


def test_a_consumer_pays_several_lines_with_a_discount(shop):
    iva = shop.tax_rate("13", inclusive=True)["id"]
    customer = shop.customer("Ana López", "ana@example.com", address={"city": "Santa Ana"})
    coupon = shop.coupon(percent_off="10", name="Welcome")["id"]
    sold = [Sold("Course", 11300, 1, (iva,)), Sold("Book", 2260, 3, (iva,)), Sold("Sticker", 99, 7, (iva,))]
    invoice = shop.pay_invoice(customer["id"], sold, coupon=coupon)
    assert (invoice["status"], invoice["subtotal"], invoice["total"]) == ("paid", 18773, 16896)
    assert_adds_up(invoice, lines_of(shop, invoice))


def test_a_company_brings_its_tax_id_and_its_registration(shop):
    customer = shop.customer(
        "Talleres SA", "t@example.com", tax_ids=[NIT], metadata={"nrc": "123456-7", "activity": "45201"}
    )
    invoice = shop.pay_invoice(
        customer["id"], [Sold("Repair", 10000, 1, (shop.tax_rate("13", inclusive=False)["id"],))]
    )
    assert invoice["customer_tax_ids"] == [{"type": "sv_nit", "value": "0614-290590-101-4"}]
    assert (invoice["total"], invoice["total_excluding_tax"]) == (11300, 10000)


def test_a_foreigner_pays_without_tax(shop):
    zero = shop.tax_rate("0", inclusive=False, name="Export")["id"]
    customer = shop.customer("Acme Inc", "acme@example.com", country="US", address={"state": "TX"})
    invoice = shop.pay_invoice(customer["id"], [Sold("Licence", 50000, 2, (zero,))])
    assert (invoice["total"], invoice["total_taxes"][0]["taxability_reason"]) == (100000, "zero_rated")


def test_a_catalogue_price_is_made_once(shop):
    customer = shop.customer("Ana", "ana@example.com")["id"]
    for _ in range(2):
        shop.pay_invoice(customer, [Sold("Tea", 1000)])
    assert len(shop.get("prices")["data"]) == len(shop.get("products")["data"]) == 1


def test_a_shop_may_sell_in_another_currency(stripe_sandbox):
    with Shop(stripe_sandbox.url, currency="jpy") as shop:
        invoice = shop.pay_invoice(shop.customer("Ana", "a@example.com")["id"], [Sold("Tea", 500, 3)])
    assert (invoice["currency"], invoice["total"]) == ("jpy", 1500)


def test_a_checkout_asks_its_questions(shop):
    fields = [Field("dui", "DUI", kind="numeric"), Field("nrc", "NRC", optional=True)]
    buyer = {"name": "Ana", "email": "ana@example.com", "address": {"country": "SV"}}
    session = shop.checkout([Sold("Course", 5000)], buyer=buyer, fields=fields, answers={"dui": "012345678"})
    answers = {field["key"]: field[field["type"]]["value"] for field in session["custom_fields"]}
    assert answers == {"dui": "012345678", "nrc": None}


sold = st.builds(
    Sold,
    st.sampled_from(["Tea", "Cup", "Course"]),
    st.integers(min_value=0, max_value=999_999),
    st.integers(min_value=1, max_value=50),
    st.sampled_from(["none", "in", "out", "both"]),
    st.sampled_from(["", "own"]),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(sold, min_size=1, max_size=14), st.sampled_from(["", "tenth", "fixed", "all"]))
def test_every_invoice_adds_up(shop, sold, coupon):
    rate_in, rate_out = shop.tax_rate("13", inclusive=True)["id"], shop.tax_rate("5.5", inclusive=False)["id"]
    rates = {"none": (), "in": (rate_in,), "out": (rate_out,), "both": (rate_in, rate_out)}
    coupons = {
        "": "",
        "own": shop.coupon(percent_off="33.3")["id"],
        "tenth": shop.coupon(percent_off="10")["id"],
        "fixed": shop.coupon(amount_off=12345)["id"],
        "all": shop.coupon(percent_off="100")["id"],
    }
    lines = [Sold(s.description, s.amount, s.quantity, rates[s.tax_rates], coupons[s.coupon]) for s in sold]
    invoice = shop.pay_invoice(shop.customer("Ana", "a@example.com")["id"], lines, coupon=coupons[coupon])
    assert invoice["status"] == "paid"
    assert_adds_up(invoice, lines_of(shop, invoice))
    payments = shop.get("invoice_payments", invoice=invoice["id"])["data"]
    assert sum(payment["amount_paid"] for payment in payments) == invoice["total"]
