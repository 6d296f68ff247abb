from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.drafts import draft_from_snapshot
from smartbill.drafts import Draft, Payment
from tests.billing import shapes
from tests.factories.smartbill import IssuerFactory


@pytest.fixture
def issuer():
    return IssuerFactory.build(pk=7)


def draft_of(content, issuer, source="invoice:in_1"):
    return draft_from_snapshot(content, issuer=issuer, source=source)


def codes(draft):
    return [problem.code for problem in draft.held_because]


def figures(draft):
    return [(row.subtotal, row.discount, row.tax, row.tax_inclusive, row.total) for row in draft.lines]


def test_a_price_that_contains_iva(issuer):
    draft = draft_of(shapes.of_invoice(shapes.invoice([shapes.included(11300)])), issuer)
    assert figures(draft) == [(Decimal("113.00"), Decimal("0.00"), Decimal("13.00"), True, Decimal("113.00"))]
    assert draft.total == Decimal("113.00")
    assert draft.payments == (Payment(method="card_credit", amount=Decimal("113.00"), reference="pi_1"),)
    assert (draft.lines[0].tax_class, draft.lines[0].tax_rate, draft.lines[0].description) == (
        "standard",
        13,
        "Pro plan",
    )
    assert draft.occurred_at == datetime(2026, 11, 21, 22, 26, 40, tzinfo=UTC)
    assert (draft.issuer_id, draft.source, draft.currency, draft.livemode) == (7, "invoice:in_1", "USD", False)
    assert draft.held_because == ()


def test_iva_that_is_added_to_the_price(issuer):
    draft = draft_of(shapes.of_invoice(shapes.invoice([shapes.added(10000)])), issuer)
    assert figures(draft) == [(Decimal("100.00"), Decimal("0.00"), Decimal("13.00"), False, Decimal("113.00"))]
    assert draft.total == Decimal("113.00")
    assert draft.held_because == ()


def test_a_discount_on_prices_that_contain_iva(issuer):
    row = shapes.line(11300, discount=1130, taxes=[shapes.tax(1170, taxable=9000, inclusive=True)])
    draft = draft_of(shapes.of_invoice(shapes.invoice([row])), issuer)
    assert figures(draft) == [(Decimal("113.00"), Decimal("11.30"), Decimal("11.70"), True, Decimal("101.70"))]
    assert draft.held_because == ()


def test_a_discount_before_iva_is_added(issuer):
    row = shapes.line(10000, discount=1000, taxes=[shapes.tax(1170, taxable=9000)])
    draft = draft_of(shapes.of_invoice(shapes.invoice([row])), issuer)
    assert figures(draft) == [(Decimal("100.00"), Decimal("10.00"), Decimal("11.70"), False, Decimal("101.70"))]
    assert draft.held_because == ()


def test_two_payments_of_one_invoice(issuer):
    payments = [shapes.payment(6000, reference="pi_1"), shapes.payment(5300, reference="pi_2")]
    found = shapes.invoice([shapes.included(11300)], payments={"data": payments, "has_more": False})
    content = shapes.of_invoice(found)
    content["intents"]["pi_2"]["latest_charge"]["payment_method_details"] = {"type": "us_bank_account"}
    draft = draft_of(content, issuer)
    assert draft.payments == (
        Payment(method="card_credit", amount=Decimal("60.00"), reference="pi_1"),
        Payment(method="transfer", amount=Decimal("53.00"), reference="pi_2"),
    )
    assert draft.held_because == ()


def test_a_payment_that_paid_several_invoices_counts_with_what_it_paid_of_this_one(issuer):
    content = shapes.of_invoice(shapes.invoice([shapes.included(11300)]))
    content["intents"]["pi_1"]["amount_received"] = 20000
    assert draft_of(content, issuer).payments[0].amount == Decimal("113.00")


def test_an_invoice_paid_outside_stripe(issuer):
    found = shapes.invoice(
        [shapes.included(11300)], amount_paid_off_stripe=11300, payments={"data": [], "has_more": False}
    )
    draft = draft_of(shapes.of_invoice(found), issuer)
    assert draft.payments == (Payment(method="other", amount=Decimal("113.00"), reference="in_1"),)
    assert draft.held_because == ()


def test_a_payment_record_is_not_counted_twice(issuer):
    recorded = shapes.payment(11300, kind="payment_record", reference="pr_1")
    found = shapes.invoice(
        [shapes.included(11300)], amount_paid_off_stripe=11300, payments={"data": [recorded], "has_more": False}
    )
    draft = draft_of(shapes.of_invoice(found), issuer)
    assert draft.payments == (Payment(method="other", amount=Decimal("113.00"), reference="pr_1"),)


def test_the_old_shape_of_an_invoice_paid_out_of_band_still_reads(issuer):
    row = shapes.line(11300) | {"tax_amounts": [{"amount": 1300, "inclusive": True, "tax_rate": shapes.IVA}]}
    del row["taxes"]
    found = shapes.invoice(
        [shapes.line(11300)], payments={"data": [], "has_more": False}, paid=True, paid_out_of_band=True
    )
    for gone in ("status", "amount_paid_off_stripe", "total_taxes"):
        del found[gone]
    draft = draft_of(shapes.of_invoice(found, [row]), issuer)
    assert draft.payments == (Payment(method="other", amount=Decimal("113.00"), reference="in_1"),)
    assert figures(draft) == [(Decimal("113.00"), Decimal("0.00"), Decimal("13.00"), True, Decimal("113.00"))]


def test_a_checkout_without_invoice_with_shipping(issuer):
    items = [shapes.item(11300, tax_amount=1300), shapes.item(10000, discount=1000, tax_amount=1170, inclusive=False)]
    cost = {"amount_subtotal": 565, "amount_tax": 65, "amount_total": 565, "shipping_rate": None}
    found = shapes.session(22035, shipping_cost=cost, locale="es-419")
    draft = draft_of(shapes.of_session(found, items), issuer)
    assert figures(draft) == [
        (Decimal("113.00"), Decimal("0.00"), Decimal("13.00"), True, Decimal("113.00")),
        (Decimal("100.00"), Decimal("10.00"), Decimal("11.70"), False, Decimal("101.70")),
        (Decimal("5.65"), Decimal("0.00"), Decimal("0.65"), True, Decimal("5.65")),
    ]
    assert draft.total == Decimal("220.35")
    assert draft.payments == (Payment(method="card_credit", amount=Decimal("220.35"), reference="pi_1"),)
    assert draft.held_because == ()
    assert draft.language == "es"


def test_a_checkout_captured_in_part_is_held_with_the_difference(issuer):
    content = shapes.of_session(shapes.session(11300), [shapes.item(11300, tax_amount=1300)])
    content["intents"]["pi_1"]["amount_received"] = 10000
    draft = draft_of(content, issuer)
    assert codes(draft) == ["payments_differ"]
    assert "13.00 USD" in draft.held_because[0].message


def test_a_bare_payment_is_one_line_with_its_description(issuer):
    issuer.untaxed_lines = "included"
    draft = draft_of(shapes.of_intent(shapes.intent(11300, description="Asesoría")), issuer, "payment_intent:pi_1")
    assert [row.description for row in draft.lines] == ["Asesoría"]
    assert figures(draft) == [(Decimal("113.00"), Decimal("0.00"), Decimal("13.00"), True, Decimal("113.00"))]
    assert draft.lines[0].quantity == 1
    assert draft.held_because == ()


@pytest.mark.parametrize(
    ("description", "metadata", "wording", "expected"),
    [
        (None, {"description": "From metadata"}, "Default", "From metadata"),
        (None, {}, "Default", "Default"),
        ("Own", {"description": "From metadata"}, "Default", "Own"),
    ],
)
def test_the_wording_of_a_bare_payment_follows_an_order(issuer, description, metadata, wording, expected):
    issuer.default_description = wording
    found = shapes.intent(100, description=description, metadata=metadata)
    assert draft_of(shapes.of_intent(found), issuer).lines[0].description == expected


def test_a_payment_that_says_nothing_is_held(issuer):
    issuer.untaxed_lines = "included"
    draft = draft_of(shapes.of_intent(shapes.intent(100)), issuer)
    assert codes(draft) == ["description_missing"]


def test_lines_that_do_not_sum_to_the_total_are_held_with_the_difference(issuer):
    draft = draft_of(shapes.of_invoice(shapes.invoice([shapes.included(11300)], total=11299)), issuer)
    assert codes(draft) == ["total_differs"]
    assert "-0.01 USD" in draft.held_because[0].message
    assert draft.total == Decimal("112.99")


@pytest.mark.parametrize(
    ("changes", "code", "amount"),
    [
        ({"starting_balance": -1000, "ending_balance": 0}, "customer_balance", "10.00 USD"),
        ({"pre_payment_credit_notes_amount": 1000}, "credit_note_before_payment", "10.00 USD"),
        ({"post_payment_credit_notes_amount": 1000}, "credit_note_after_payment", "10.00 USD"),
        ({"amount_overpaid": 1000}, "overpaid", "10.00 USD"),
        (
            {"total_pretax_credit_amounts": [{"type": "credit_balance_transaction", "amount": 1000}]},
            "billing_credits",
            "10.00 USD",
        ),
    ],
)
def test_every_known_difference_is_named(issuer, changes, code, amount):
    draft = draft_of(shapes.of_invoice(shapes.invoice([shapes.included(11300)], **changes)), issuer)
    assert code in codes(draft)
    assert amount in next(problem.message for problem in draft.held_because if problem.code == code)


def test_a_balance_of_the_customer_is_a_payment_that_completes_the_sum(issuer):
    paid = {"data": [shapes.payment(10300)], "has_more": False}
    found = shapes.invoice([shapes.included(11300)], payments=paid, starting_balance=-1000, ending_balance=0)
    draft = draft_of(shapes.of_invoice(found), issuer)
    assert [(p.method, p.amount, p.reference) for p in draft.payments] == [
        ("card_credit", Decimal("103.00"), "pi_1"),
        ("other", Decimal("10.00"), "in_1"),
    ]
    assert codes(draft) == ["customer_balance"]


def test_a_tip_is_named(issuer):
    found = shapes.intent(
        1000, description="Dinner", amount_details={"tip": {"amount": 100}}, metadata={"tax_class": "standard"}
    )
    assert codes(draft_of(shapes.of_intent(found), issuer)) == ["tip"]


def test_a_part_refunded_before_issue_is_named(issuer):
    content = shapes.of_invoice(shapes.invoice([shapes.included(11300)]))
    content["intents"]["pi_1"]["latest_charge"]["amount_refunded"] = 300
    draft = draft_of(content, issuer)
    assert codes(draft) == ["refunded_before_issue"]
    assert "3.00 USD" in draft.held_because[0].message


def test_a_nit_of_nine_digits_is_a_dui_on_a_factura(issuer):
    buyer = shapes.customer(metadata={"sv_nit": "01234567-8"})
    draft = draft_of(shapes.of_invoice(shapes.invoice([shapes.included(11300)], customer=buyer)), issuer)
    assert (draft.kind, draft.party.tax_id_type, draft.party.tax_id) == ("factura", "dui", "012345678")


def test_a_nit_of_nine_digits_stays_a_nit_on_a_ccf(issuer):
    buyer = shapes.customer(metadata={"sv_nit": "01234567-8", "sv_nrc": "123-4"})
    draft = draft_of(shapes.of_invoice(shapes.invoice([shapes.included(11300)], customer=buyer)), issuer)
    assert (draft.kind, draft.party.tax_id_type, draft.party.nrc) == ("ccf", "nit", "1234")


def test_everything_in_the_draft_says_where_it_came_from(issuer):
    draft = draft_of(shapes.of_invoice(shapes.invoice([shapes.included(11300, id="il_7")])), issuer)
    sources = {name: origin.source for name, origin in draft.provenance.items()}
    assert sources == {
        "party.name": "customer.name",
        "party.email": "customer.email",
        "kind": "",
        "language": "issuer.language",
        "total": "invoice.in_1",
        "lines.0.description": "invoice.lines.il_7.description",
        "lines.0.subtotal": "invoice.lines.il_7",
        "lines.0.tax": "invoice.lines.il_7.taxes",
        "lines.0.tax_class": "invoice.lines.il_7.taxes",
        "payments.0.method": "pi_1.payment_method_details",
    }


def test_a_draft_survives_storage(issuer):
    draft = draft_of(shapes.of_invoice(shapes.invoice([shapes.included(11300)])), issuer)
    stored = Draft.from_json(draft.as_json())
    assert stored.as_json() == draft.as_json()


def test_yen_and_dinars_keep_their_decimals(issuer):
    yen = draft_of(shapes.of_invoice(shapes.invoice([shapes.included(11300)], currency="jpy")), issuer)
    dinar = draft_of(shapes.of_invoice(shapes.invoice([shapes.included(11300)], currency="kwd")), issuer)
    assert (str(yen.total), str(yen.lines[0].total)) == ("11300", "11300")
    assert (str(dinar.total), str(dinar.lines[0].total)) == ("11.300", "11.300")


ROWS = st.lists(
    st.tuples(st.integers(0, 10**7), st.integers(0, 100), st.booleans(), st.booleans()), min_size=1, max_size=25
)


@given(ROWS, st.sampled_from(["usd", "jpy", "kwd"]))
def test_the_sum_of_the_lines_is_the_total_whatever_was_sold(rows, currency):
    lines = []
    for amount, percent, inclusive, credit in rows:
        base = amount - amount * percent // 100
        iva = round(base * 13 / 113) if inclusive else round(base * 13 / 100)
        sign = -1 if credit else 1
        lines.append(
            shapes.line(
                sign * amount,
                discount=0 if credit else amount - base,
                taxes=[shapes.tax(sign * iva, inclusive=inclusive, taxable=None)],
            )
        )
    found = shapes.invoice(lines, currency=currency)
    draft = draft_of(shapes.of_invoice(found, lines), IssuerFactory.build(pk=7))
    assert sum(row.total for row in draft.lines) == draft.total
    assert draft.total * 10 ** {"usd": 2, "jpy": 0, "kwd": 3}[currency] == found["total"]
    assert "total_differs" not in codes(draft)
    assert "negative_line" in codes(draft) or all(0 <= row.discount <= row.subtotal for row in draft.lines)
