from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now

from billing.models import Sale, SaleEvent, Snapshot
from billing.services.decide_sale import ATTEMPTS, decide_sale
from billing.services.register_sale import register_sale
from billing.services.snapshot_sale import fetch_evidence
from smartbill.models import Document
from smartbill.models.revision import content_hash
from tests.billing import shapes
from tests.factories.billing import StripeEndpointFactory

pytestmark = pytest.mark.django_db

INVOICE, INTENT = ("invoice", "in_1"), ("payment_intent", "pi_1")


@pytest.fixture
def endpoint():
    return StripeEndpointFactory()


@pytest.fixture
def sale(book, endpoint):
    put_invoice(book)
    book.put("payment_intents", shapes.intent(11300))
    book.put("products", {"id": "prod_1", "name": "Pro", "metadata": {}})
    book.put("tax_rates", {"id": shapes.IVA, "percentage": 13.0})
    return register_sale(endpoint=endpoint, key="invoice:in_1", ids=[INVOICE])


def put_invoice(book, **changes):
    found = shapes.invoice([shapes.included(11300)], **changes)
    book.put("invoices", found)
    book.invoice_payments[:] = found["payments"]["data"]


def decide(sale):
    decide_sale(sale_id=sale.pk)
    sale.refresh_from_db()
    return sale


def make_due(sale):
    Sale.objects.filter(pk=sale.pk).update(next_at=now())


def test_a_paid_invoice_becomes_a_document_and_its_snapshot_is_kept(book, sale):
    decide(sale)
    document = Document.objects.get()
    assert (sale.outcome, sale.document, sale.next_at, sale.reasons) == ("document", document, None, [])
    assert (sale.customer_id, sale.customer_name, sale.number) == ("cus_1", "Ana López", "ACME-0001")
    assert (sale.currency, sale.amount_minor, sale.attempts) == ("USD", 11300, 1)
    assert (document.source, document.total, document.kind) == ("invoice:in_1", Decimal("113.00"), "factura")
    assert sale.snapshot.content["invoice"]["id"] == "in_1"
    assert sale.snapshot.sha256 == content_hash(sale.snapshot.content)
    assert sale.snapshot.api_version == "2026-08-26.dahlia"
    assert set(sale.aliases.values_list("kind", flat=True)) == {
        "invoice",
        "payment_intent",
        "invoice_payment",
        "charge",
    }


def test_a_sale_is_decided_once(book, sale):
    decide(sale)
    asked = len(book.calls)
    decide(sale)
    assert len(book.calls) == asked
    assert Document.objects.count() == 1
    assert [event.after for event in sale.events.all()] == ["pending", "document"]


def test_a_sale_that_another_worker_has_is_left_alone(book, sale):
    Sale.objects.update(next_at=now() + timedelta(minutes=4))
    decide(sale)
    assert (sale.outcome, sale.attempts, book.calls) == ("pending", 0, [])


def test_a_document_that_is_held_is_still_the_outcome(book, sale):
    put_invoice(book, customer=shapes.customer(metadata={"sv_nit": "06140101900018"}))
    decide(sale)
    assert sale.outcome == "document"
    assert sale.document.status == "held"
    assert "CCF or factura?" in sale.document.reason


def test_a_zero_total_needs_no_document_and_says_why(book, sale):
    put_invoice(book, total=0)
    decide(sale)
    assert (sale.outcome, [reason["code"] for reason in sale.reasons]) == ("not_applicable", ["zero_total"])
    assert Document.objects.count() == 0
    assert sale.snapshot.content["invoice"]["total"] == 0


def test_another_currency_holds_the_sale_with_the_reason(book, sale):
    put_invoice(book, currency="eur")
    decide(sale)
    assert (sale.outcome, sale.next_at) == ("held", None)
    assert sale.reasons == [
        {
            "field": "currency",
            "code": "other_currency",
            "message": "The sale is in EUR; this issuer issues in USD and has no rule which day's rate counts.",
        }
    ]
    assert Document.objects.count() == 0


def test_what_is_not_paid_waits_with_growing_pauses_and_is_held_in_the_end(book, sale):
    put_invoice(book, status="open")
    pauses = []
    for _attempt in range(ATTEMPTS - 1):
        make_due(sale)
        decide(sale)
        assert (sale.outcome, sale.last_error) == ("pending", "Stripe says that this is not paid.")
        pauses.append(round((sale.next_at - now()).total_seconds()))
    assert pauses == [15, 60, 240, 960, 3600, 3600, 3600]
    make_due(sale)
    decide(sale)
    assert (sale.outcome, sale.reasons[0]["code"]) == ("held", "gave_up")
    assert sale.reasons[0]["message"] == "Tried 8 times; the last time: Stripe says that this is not paid."
    assert Document.objects.count() == 0
    assert Snapshot.objects.count() == 0


def test_stripe_down_is_tried_again(book, sale):
    book.failures = [503]
    decide(sale)
    assert (sale.outcome, sale.attempts) == ("pending", 1)
    assert sale.last_error != ""
    make_due(sale)
    decide(sale)
    assert (sale.outcome, sale.last_error) == ("document", "")


def test_an_invoice_that_is_gone_is_held_at_once(book, sale):
    del book.objects["invoices", "in_1"]
    decide(sale)
    assert (sale.outcome, sale.reasons[0]["code"]) == ("held", "gone")


def test_a_worker_that_dies_every_time_is_counted_and_the_sale_is_held(book, sale):
    Sale.objects.update(attempts=ATTEMPTS)
    decide(sale)
    assert (sale.outcome, sale.reasons[0]["code"]) == ("held", "gave_up")
    assert book.calls == []


def test_an_unexpected_error_is_recorded_and_raised(book, sale, monkeypatch):
    monkeypatch.setattr("billing.services.decide_sale.decide", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        decide_sale(sale_id=sale.pk)
    sale.refresh_from_db()
    assert (sale.outcome, sale.last_error, sale.attempts) == ("pending", "ZeroDivisionError", 1)


def test_two_half_known_sales_never_become_two_documents(book, endpoint, sale):
    other = register_sale(endpoint=endpoint, key="payment_intent:pi_1", ids=[INTENT])
    assert other != sale
    decide(other)
    decide(sale)
    other.refresh_from_db()
    assert Document.objects.count() == 1
    assert (sale.outcome, other.outcome) == ("document", "not_applicable")
    assert sale.document.source == "invoice:in_1"


def test_a_payment_whose_invoice_appears_later_adds_no_second_document(book, endpoint):
    book.put("payment_intents", shapes.intent(11300, description="Consulting", metadata={"tax_class": "standard"}))
    by_intent = register_sale(endpoint=endpoint, key="payment_intent:pi_1", ids=[INTENT])
    decide(by_intent)
    assert by_intent.outcome == "document"
    put_invoice(book)
    by_invoice = register_sale(endpoint=endpoint, key="invoice:in_1", ids=[INVOICE])
    decide(by_invoice)
    assert Document.objects.count() == 1
    assert by_invoice.outcome == "not_applicable"


def test_an_invoice_linked_while_stripe_was_read_is_read_as_well(book, endpoint, monkeypatch):
    book.put("payment_intents", shapes.intent(11300, description="Consulting", metadata={"tax_class": "standard"}))
    by_intent = register_sale(endpoint=endpoint, key="payment_intent:pi_1", ids=[INTENT])

    def linked_meanwhile(known):
        found = fetch_evidence(known)
        by_intent.aliases.create(kind="invoice", stripe_id="in_9")
        return found

    monkeypatch.setattr("billing.services.decide_sale.fetch_evidence", linked_meanwhile)
    decide(by_intent)
    assert (by_intent.outcome, by_intent.document) == ("pending", None)
    assert by_intent.next_at <= now()
    assert Document.objects.count() == 0


def test_every_outcome_leaves_an_event(book, sale):
    put_invoice(book, currency="eur")
    decide(sale)
    assert list(SaleEvent.objects.values_list("before", "after", "reason")) == [
        ("", "pending", "Announced by Stripe."),
        ("pending", "held", "The sale is in EUR; this issuer issues in USD and has no rule which day's rate counts."),
    ]
