import pytest
import stripe

from billing.sandbox.shop import ShopError, Sold


@pytest.fixture
def customer(shop):
    return shop.customer("Ana", "ana@example.com")["id"]


def lines_of(invoice):
    return [line["id"] for line in invoice["lines"]["data"]]


def test_a_whole_paid_invoice_is_credited_to_the_cent(stripe_sdk, shop, customer):
    rate, coupon = shop.tax_rate("13", inclusive=False)["id"], shop.coupon(percent_off="33.3")["id"]
    sold = [Sold("Tea", 333, 3, (rate,)), Sold("Cup", 1999, 1, (rate,))]
    invoice = shop.pay_invoice(customer, sold, coupon=coupon)
    tea, cup = lines_of(invoice)
    note = shop.credit(invoice["id"], quantities={tea: 3, cup: 1}, refund=invoice["total"])
    assert (note["total"], note["type"], note["post_payment_amount"]) == (
        invoice["total"],
        "post_payment",
        note["total"],
    )
    assert note["total_taxes"][0]["amount"] == invoice["total_taxes"][0]["amount"]
    assert note["total_excluding_tax"] == invoice["total_excluding_tax"]
    assert note["number"] == f"{invoice['number']}-CN-01"
    refund = stripe_sdk.v1.refunds.retrieve(note["refunds"][0]["refund"])
    assert (refund.amount, note["refunds"][0]["amount_refunded"]) == (note["total"], note["total"])
    assert stripe_sdk.v1.invoices.retrieve(invoice["id"]).post_payment_credit_notes_amount == note["total"]


def test_a_part_of_a_line_is_credited_with_its_share_of_discount_and_tax(shop, customer):
    rate, coupon = shop.tax_rate("13", inclusive=True)["id"], shop.coupon(percent_off="10")["id"]
    invoice = shop.pay_invoice(customer, [Sold("Tea", 1130, 4, (rate,))], coupon=coupon)
    note = shop.credit(invoice["id"], quantities={lines_of(invoice)[0]: 1}, refund=1017)
    (line,) = note["lines"]["data"]
    assert (line["amount"], line["discount_amount"], line["taxes"][0]["amount"]) == (1130, 113, 117)
    assert (note["total"], note["total_excluding_tax"], note["subtotal"]) == (1017, 900, 1130)


def test_an_open_invoice_owes_less_after_a_credit_note(stripe_sdk, shop, customer):
    invoice = shop.open_invoice(customer, [Sold("Tea", 1000, 3)])
    note = shop.credit(invoice["id"], quantities={lines_of(invoice)[0]: 1})
    assert (note["type"], note["pre_payment_amount"], note["refunds"]) == ("pre_payment", 1000, [])
    read = stripe_sdk.v1.invoices.retrieve(invoice["id"])
    assert (read.status, read.amount_due, read.pre_payment_credit_notes_amount) == ("open", 2000, 1000)
    voided = stripe_sdk.v1.credit_notes.void_credit_note(note["id"])
    assert voided.status == "void"
    assert stripe_sdk.v1.invoices.retrieve(invoice["id"]).amount_due == 3000


def test_an_open_invoice_credited_in_full_is_paid_without_money(stripe_sdk, shop, customer):
    invoice = shop.open_invoice(customer, [Sold("Tea", 1000, 3)])
    shop.credit(invoice["id"], quantities={lines_of(invoice)[0]: 3})
    read = stripe_sdk.v1.invoices.retrieve(invoice["id"])
    assert (read.status, read.amount_due, read.amount_paid) == ("paid", 0, 0)
    assert stripe_sdk.v1.charges.list().data == []


def test_the_rest_is_collected_after_a_credit_note(shop, customer):
    invoice = shop.open_invoice(customer, [Sold("Tea", 1000, 3)])
    shop.credit(invoice["id"], quantities={lines_of(invoice)[0]: 1})
    paid = shop.post(f"invoices/{invoice['id']}/pay", payment_method="pm_card_visa")
    assert (paid["status"], paid["amount_paid"], paid["amount_overpaid"]) == ("paid", 2000, 0)


def test_credit_notes_never_exceed_the_invoice(stripe_sdk, shop, customer):
    invoice = shop.pay_invoice(customer, [Sold("Tea", 1000, 3)])
    shop.credit(invoice["id"], quantities={lines_of(invoice)[0]: 2}, refund=2000)
    with pytest.raises(ShopError, match="exceeds what is left"):
        shop.credit(invoice["id"], quantities={lines_of(invoice)[0]: 2}, refund=2000)
    with pytest.raises(ShopError, match="within what is left"):
        shop.post("credit_notes", invoice=invoice["id"], amount=1001, refund_amount=1001)
    assert len(stripe_sdk.v1.credit_notes.list({"invoice": invoice["id"]}).data) == 1
    assert len(stripe_sdk.v1.refunds.list().data) == 1


def test_the_ways_back_must_make_up_the_paid_part(stripe_sdk, shop, customer):
    invoice = shop.pay_invoice(customer, [Sold("Tea", 1000)])
    with pytest.raises(ShopError, match="must equal the credit note amount"):
        shop.post("credit_notes", invoice=invoice["id"], amount=500, refund_amount=300)
    assert stripe_sdk.v1.credit_notes.list().data == []
    note = shop.post(
        "credit_notes",
        invoice=invoice["id"],
        amount=500,
        refund_amount=300,
        credit_amount=150,
        out_of_band_amount=50,
        reason="order_change",
        memo="Broken",
    )
    assert (note["out_of_band_amount"], note["reason"], note["memo"]) == (50, "order_change", "Broken")
    assert note["lines"]["data"][0]["type"] == "custom_line_item"
    assert stripe_sdk.v1.customers.retrieve(customer).balance == -150


def test_a_refund_that_was_already_made_is_linked(stripe_sdk, shop, customer):
    invoice = shop.pay_invoice(customer, [Sold("Tea", 1000)])
    (charge,) = stripe_sdk.v1.charges.list().data
    refund = shop.refund(charge=charge.id, amount=400)
    note = shop.post("credit_notes", invoice=invoice["id"], amount=400, refunds=[{"refund": refund["id"]}])
    assert note["refunds"][0] == {
        "amount_refunded": 400,
        "payment_record_refund": None,
        "refund": refund["id"],
        "type": "refund",
    }
    assert len(stripe_sdk.v1.refunds.list().data) == 1


def test_a_custom_line_carries_its_own_tax(shop, customer):
    rate = shop.tax_rate("13", inclusive=False)["id"]
    invoice = shop.pay_invoice(customer, [Sold("Tea", 10000, 1, (rate,))])
    line = {"type": "custom_line_item", "description": "Goodwill", "unit_amount": 1000, "tax_rates": [rate]}
    note = shop.post("credit_notes", invoice=invoice["id"], lines=[line], refund_amount=1130)
    assert (note["total"], note["subtotal"], note["total_taxes"][0]["amount"]) == (1130, 1000, 130)
    read = shop.get(f"credit_notes/{note['id']}/lines")["data"]
    assert (read[0]["description"], read[0]["tax_rates"][0]["id"]) == ("Goodwill", rate)


def test_a_draft_cannot_be_credited(stripe_sdk, shop, customer):
    draft = shop.draft_invoice(customer, [Sold("Tea", 1000)])
    with pytest.raises(stripe.InvalidRequestError, match="finalized invoices"):
        stripe_sdk.v1.credit_notes.create({"invoice": draft["id"], "amount": 100})


def test_memo_and_metadata_change(stripe_sdk, shop, customer):
    invoice = shop.pay_invoice(customer, [Sold("Tea", 1000)])
    note = shop.post("credit_notes", invoice=invoice["id"], amount=100, refund_amount=100)
    changed = stripe_sdk.v1.credit_notes.update(note["id"], {"memo": "New", "metadata": {"a": "b"}})
    assert (changed.memo, changed.metadata["a"]) == ("New", "b")
    with pytest.raises(stripe.InvalidRequestError, match="open invoice can be voided"):
        stripe_sdk.v1.credit_notes.void_credit_note(note["id"])
