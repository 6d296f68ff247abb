"""From what Stripe announces to the document that is made of it, against the stand-in over HTTP."""

import json
from decimal import Decimal

import pytest

from billing.dispatch import handler_for
from billing.models import Sale
from billing.sandbox.shop import Field, Shop, Sold
from billing.services.record_rate import NewRate, record_rate
from smartbill.models import Document
from tests.factories.billing import InboundEventFactory, StripeEndpointFactory
from tests.factories.people import make_staff
from tests.flows.purchases import announce, decide_all

pytestmark = pytest.mark.django_db

BUYER = {"name": "Ana López", "email": "ana@example.com", "address": {"country": "SV"}}


@pytest.fixture
def endpoint():
    return StripeEndpointFactory()


@pytest.fixture
def iva(shop):
    return shop.tax_rate("13", inclusive=True)["id"]


def only_draft():
    return Document.objects.get().revisions.get().draft


@pytest.mark.parametrize("seed", range(6))
def test_a_paid_invoice_becomes_one_document_in_any_order(shop, endpoint, iva, seed):
    customer = shop.customer("Ana López", "ana@example.com")
    shop.pay_invoice(customer["id"], [Sold("Tea", 1130, quantity=2, tax_rates=(iva,))])
    announce(shop, endpoint, seed=seed, twice=True)
    decide_all()
    draft = only_draft()
    assert Sale.objects.get().outcome == "document"
    assert (draft.total, draft.kind, draft.lines[0].quantity) == (Decimal("22.60"), "factura", 2)
    assert [(row.subtotal, row.tax, row.tax_inclusive) for row in draft.lines] == [
        (Decimal("22.60"), Decimal("2.60"), True)
    ]
    assert [(p.method, p.amount) for p in draft.payments] == [("card_credit", Decimal("22.60"))]
    assert draft.held_because == ()


def test_twenty_five_lines_and_a_coupon_sum_to_what_was_charged(shop, endpoint):
    added = shop.tax_rate("13", inclusive=False)["id"]
    customer = shop.customer("Ana López", "ana@example.com")
    lines = [Sold(f"Item {number}", 333 + number, tax_rates=(added,)) for number in range(25)]
    invoice = shop.pay_invoice(customer["id"], lines, coupon=shop.coupon(percent_off="12.5")["id"])
    announce(shop, endpoint)
    decide_all()
    draft = only_draft()
    assert len(draft.lines) == 25
    assert sum(row.total for row in draft.lines) == draft.total == Decimal(invoice["total"]) / 100
    assert draft.held_because == ()


def test_two_payments_of_one_invoice_are_one_document_with_two_payments(shop, endpoint, iva):
    customer = shop.customer("Ana López", "ana@example.com")
    shop.pay_invoice(customer["id"], [Sold("Tea", 1130, tax_rates=(iva,))], first_part=500)
    announce(shop, endpoint, seed=3, twice=True)
    decide_all()
    draft = only_draft()
    assert sorted((p.method, p.amount) for p in draft.payments) == [
        ("card_credit", Decimal("5.00")),
        ("card_credit", Decimal("6.30")),
    ]
    assert (draft.total, draft.held_because) == (Decimal("11.30"), ())


def test_a_payment_that_became_part_of_an_invoice_after_its_document_is_shown(shop, endpoint, iva):
    customer = shop.customer("Ana López", "ana@example.com")
    invoice = shop.open_invoice(customer["id"], [Sold("Tea", 1130, tax_rates=(iva,))])
    intent = shop.pay_intent(500, customer=customer["id"], description="Part", metadata={"tax_class": "standard"})
    announce(shop, endpoint)
    decide_all()
    shop.post(f"invoices/{invoice['id']}/attach_payment", payment_intent=intent["id"])
    shop.post(f"invoices/{invoice['id']}/pay", payment_method="pm_card_visa")
    announce(shop, endpoint, seed=1)
    decide_all()
    assert only_draft().total == Decimal("5.00")
    assert [reason["code"] for reason in Sale.objects.get().reasons] == ["linked_after_document"]


def test_an_invoice_paid_outside_stripe(shop, endpoint, iva):
    customer = shop.customer("Ana López", "ana@example.com")
    shop.pay_invoice(customer["id"], [Sold("Tea", 1130, tax_rates=(iva,))], out_of_band=True)
    announce(shop, endpoint)
    decide_all()
    draft = only_draft()
    assert [(p.method, p.amount) for p in draft.payments] == [("other", Decimal("11.30"))]
    assert draft.held_because == ()


def test_an_invoice_of_zero_needs_no_document(shop, endpoint):
    customer = shop.customer("Ana López", "ana@example.com")
    shop.pay_invoice(customer["id"], [Sold("Trial", 0)])
    announce(shop, endpoint)
    decide_all()
    sale = Sale.objects.get()
    assert (sale.outcome, sale.reasons[0]["code"]) == ("not_applicable", "zero_total")
    assert Document.objects.count() == 0


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("with_invoice", [True, False])
def test_what_the_buyer_typed_in_the_checkout_decides_the_kind(shop, endpoint, iva, with_invoice, seed):
    shop.checkout(
        [Sold("Tea", 1130, tax_rates=(iva,))],
        buyer=BUYER,
        fields=[Field("svnrc", "NRC")],
        answers={"svnrc": "1234-5"},
        with_invoice=with_invoice,
    )
    announce(shop, endpoint, seed=seed, twice=True)
    decide_all()
    draft = only_draft()
    assert Sale.objects.get().outcome == "document"
    assert (draft.kind, draft.party.nrc, draft.total) == ("ccf", "12345", Decimal("11.30"))
    assert draft.provenance["party.nrc"].source == "session.custom_fields.svnrc"


def test_a_slow_payment_of_a_checkout_is_a_sale_when_it_arrives(shop, endpoint, iva):
    session = shop.checkout([Sold("Tea", 1130, tax_rates=(iva,))], buyer=BUYER, method="pm_usBankAccount_success")
    announce(shop, endpoint)
    assert Sale.objects.count() == 0
    shop.settle(session["payment_intent"])
    announce(shop, endpoint, seed=1)
    decide_all()
    assert [(p.method, p.amount) for p in only_draft().payments] == [("transfer", Decimal("11.30"))]


def test_a_bare_payment_takes_the_issuers_word_for_its_tax(shop):
    endpoint = StripeEndpointFactory(issuer__untaxed_lines="included")
    shop.pay_intent(11300, description="Consulting")
    announce(shop, endpoint)
    decide_all()
    draft = only_draft()
    assert [(row.description, row.total, row.tax) for row in draft.lines] == [
        ("Consulting", Decimal("113.00"), Decimal("13.00"))
    ]
    assert draft.held_because == ()


def test_a_buyer_abroad_who_paid_iva_is_held(shop, endpoint, iva):
    customer = shop.customer("Ann", "ann@example.com", country="US", address={"line1": "1 Main St"})
    shop.pay_invoice(customer["id"], [Sold("Tea", 1130, tax_rates=(iva,))])
    announce(shop, endpoint)
    decide_all()
    draft = only_draft()
    assert (draft.kind, draft.language) == ("export", "en")
    assert [problem.code for problem in draft.held_because] == ["tax_on_export"]
    assert Document.objects.get().status == "held"


def test_what_was_refunded_before_anybody_looked_needs_no_document(shop, endpoint, iva):
    customer = shop.customer("Ana López", "ana@example.com")
    shop.pay_invoice(customer["id"], [Sold("Tea", 1130, tax_rates=(iva,))])
    announce(shop, endpoint)
    intent = Sale.objects.get().aliases.get(kind="payment_intent").stripe_id
    shop.refund(payment_intent=intent)
    decide_all()
    assert Sale.objects.get().reasons[0]["code"] == "refunded_before_issue"
    assert Document.objects.count() == 0


def test_no_lie_of_a_body_reaches_the_document(shop, endpoint, iva):
    customer = shop.customer("Ana López", "ana@example.com")
    invoice = shop.pay_invoice(customer["id"], [Sold("Tea", 1130, tax_rates=(iva,))])
    lie = {"data": {"object": {"id": invoice["id"], "total": 1, "customer_name": "Mallory"}}}
    row = InboundEventFactory(
        endpoint=endpoint, type="invoice.paid", object_id=invoice["id"], body=json.dumps(lie).encode()
    )
    handler_for("invoice.paid")(event=row)
    decide_all()
    assert (only_draft().total, only_draft().party.name) == (Decimal("11.30"), "Ana López")


def test_a_sale_in_euros_waits_for_a_rate_and_goes_on_by_itself(shop, endpoint):
    endpoint.issuer.rate_day, endpoint.issuer.untaxed_lines = "payment", "included"
    endpoint.issuer.save()
    with Shop(shop.url, currency="eur") as abroad:
        customer = abroad.customer("Núria Ferrer", "nuria@example.com")
        abroad.pay_invoice(customer["id"], [Sold("Curso", 4900, quantity=3), Sold("Manual", 1200)])
    announce(shop, endpoint)
    decide_all()
    sale = Sale.objects.get()
    assert (sale.outcome, [reason["code"] for reason in sale.reasons]) == ("held", ["rate_missing"])
    day = sale.paid_at.astimezone(endpoint.issuer.zone).date()
    rate = NewRate(currency="EUR", into="USD", on=day, rate=Decimal("1.0837"), source="BCE")
    record_rate(rate, actor=make_staff("billing.add_exchangerate"))
    decide_all()
    document = Document.objects.get()
    assert (document.status, document.currency, document.total) == ("ready", "USD", Decimal("172.31"))
    assert (document.charged_currency, document.charged_total) == ("EUR", Decimal("159.00"))
    assert document.exchange_rate == Decimal("1.0837")
    assert sum(line.total for line in only_draft().lines) == document.total
