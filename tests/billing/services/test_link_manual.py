"""The payment of a document made by hand arrives: it is linked, or asked about, and never makes a second document."""

from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from billing.errors import EnteredAlready, NotHeld
from billing.models import ManualEntry, Sale
from billing.services.announce_sale import on_invoice_paid, on_payment_intent_succeeded
from billing.services.decide_sale import decide_sale
from billing.services.enter_manual import enter_manual
from billing.services.link_manual import candidates_for, issue_own, link_to_manual
from billing.services.release_manual import withdraw_manual
from smartbill.models import Document
from smartbill.services.abandon import abandon_document
from tests.billing import shapes
from tests.factories.billing import StripeEndpointFactory
from tests.factories.manual import ANA, RIGHTS, entered_sale, typed
from tests.factories.people import make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint():
    return StripeEndpointFactory()


@pytest.fixture
def manager():
    return make_staff(*RIGHTS)


@pytest.fixture
def paid(book, endpoint):
    """Return a function that has an invoice paid at Stripe, announces it, and decides what is due."""

    def pay(amount: int = 11300, *, number: int = 1, by: str = "invoice", **buyer):
        found = shapes.invoice([shapes.included(amount)], id=f"in_{number}", customer=shapes.customer(**buyer))
        book.put("invoices", found)
        book.put("payment_intents", shapes.intent(amount))
        book.put("products", {"id": "prod_1", "name": "Pro", "metadata": {}})
        book.put("tax_rates", {"id": shapes.IVA, "percentage": 13.0})
        book.invoice_payments[:] = found["payments"]["data"]
        announce(by, found, number)
        for sale in Sale.objects.filter(outcome="pending"):
            decide_sale(sale_id=sale.pk)
        return Sale.objects.exclude(key__startswith="manual:").first()

    def announce(by, found, number):
        body = b"{}"
        if by == "invoice":
            on_invoice_paid(event=SimpleNamespace(object_id=f"in_{number}", endpoint=endpoint, body=body))
        else:
            on_payment_intent_succeeded(event=SimpleNamespace(object_id="pi_1", endpoint=endpoint, body=body))

    return pay


def codes(sale):
    return [row["code"] for row in sale.reasons]


@pytest.mark.parametrize("by", ["invoice", "payment_intent"])
@pytest.mark.parametrize("expected", ["in_1", "pi_1"])
def test_an_expected_payment_is_linked_whichever_event_comes(endpoint, manager, paid, by, expected):
    sale = entered_sale(endpoint, manager, stripe_id=expected)
    for _time in range(2):
        paid(by=by)
    sale.refresh_from_db()
    assert Document.objects.count() == 1
    assert sale.entry.linked_at is not None
    assert (sale.outcome, sale.reasons) == ("document", [])
    assert {"invoice", "payment_intent", "charge", "manual"} <= set(sale.aliases.values_list("kind", flat=True))
    assert not Sale.objects.exclude(pk=sale.pk).exists()
    told = [event.reason for event in sale.events.all()]
    assert len([text for text in told if "no second document is made" in text]) == 1


def test_a_linked_payment_of_another_amount_is_an_open_question(endpoint, manager, paid):
    sale = entered_sale(endpoint, manager, stripe_id="in_1", price="100.00")
    paid()
    sale.refresh_from_db()
    assert (sale.outcome, codes(sale)) == ("document", ["linked_amount_differs"])
    assert "113.00 USD" in sale.reasons[0]["message"]
    assert Document.objects.count() == 1


def test_a_linked_payment_of_a_document_that_is_gone_is_an_open_question(endpoint, manager, paid):
    sale = entered_sale(endpoint, manager, stripe_id="in_1")
    abandon_document(sale.document, actor=make_staff("smartbill.correct_document"), reason="typed twice")
    paid()
    sale.refresh_from_db()
    assert codes(sale) == ["linked_document_gone"]


def test_a_payment_of_the_same_amount_and_buyer_waits_for_an_answer(endpoint, manager, paid):
    manual = entered_sale(endpoint, manager)
    sale = paid()
    assert (sale.outcome, codes(sale), sale.document) == ("held", ["maybe_manual"], None)
    assert str(manual.document) in sale.reasons[0]["message"]
    assert Document.objects.count() == 1
    assert [entry.sale for entry in candidates_for(sale)] == [manual]


@pytest.mark.parametrize(
    ("changes", "held"),
    [
        ({"price": "113.01"}, False),
        ({"buyer": {"legal_name": "Otra Persona", "country": "SV"}}, False),
        ({"buyer": {"legal_name": "Otra Persona", "email": "ana@example.com", "country": "SV"}}, True),
        ({"buyer": {"legal_name": "ANA LOPEZ", "country": "SV"}}, True),
        ({"buyer": {}}, True),
        ({"buyer": {}, "expects_payment": False}, False),
        ({"expects_payment": False}, True),
    ],
)
def test_only_what_may_be_the_same_is_asked_about(endpoint, manager, paid, changes, held):
    entered_sale(endpoint, manager, **changes)
    assert (paid().outcome == "held") is held
    assert Document.objects.count() == (1 if held else 2)


def test_among_many_documents_of_one_price_the_one_is_found(endpoint, manager, paid):
    manual = entered_sale(endpoint, manager)
    for number in range(20):
        others = {"legal_name": f"Cliente {number}", "country": "SV"}
        entered_sale(endpoint, manager, expects_payment=False, buyer=others)
    sale = paid()
    assert (sale.outcome, codes(sale)) == ("held", ["maybe_manual"])
    assert [entry.sale for entry in candidates_for(sale)] == [manual]


def test_among_many_payments_of_one_price_the_one_is_found(endpoint, manager, paid):
    sale = paid()
    for number in range(20):
        Sale.objects.create(
            key=f"invoice:in_x{number}", endpoint=endpoint, livemode=endpoint.livemode, amount_minor=11300,
            currency="USD", paid_at=sale.paid_at, outcome="held", customer_name=f"Otro {number}", next_at=None,
            reasons=[{"field": "sale", "code": "gone", "message": "gone"}],
        )  # fmt: skip
    with pytest.raises(EnteredAlready) as refused:
        enter_manual(typed(endpoint), token=uuid4(), actor=manager)
    assert refused.value.known == [str(sale)]
    assert not ManualEntry.objects.exists()


def test_the_days_are_those_of_the_issuer(endpoint, manager, paid):
    endpoint.issuer.manual_match_days = 0
    endpoint.issuer.save()
    entered_sale(endpoint, manager)
    assert paid().outcome == "document"


def test_the_answer_that_it_is_the_same_links_and_ends_the_sale(endpoint, manager, paid):
    manual = entered_sale(endpoint, manager)
    sale = paid()
    with pytest.raises(PermissionDenied):
        link_to_manual(sale, entry_id=manual.entry.pk, actor=make_staff(), reason="x")
    link_to_manual(sale, entry_id=manual.entry.pk, actor=manager, reason="Same invoice")
    manual.refresh_from_db()
    assert (sale.outcome, codes(sale)) == ("not_applicable", ["part_of_another"])
    assert manual.entry.linked_by == manager
    assert manual.aliases.filter(kind="invoice", stripe_id="in_1").exists()
    paid()
    assert Document.objects.count() == 1
    with pytest.raises(NotHeld):
        link_to_manual(sale, entry_id=manual.entry.pk, actor=manager, reason="again")


def test_the_answer_that_it_is_another_gives_it_its_own_document(endpoint, manager, paid):
    entered_sale(endpoint, manager)
    sale = paid()
    issue_own(sale, actor=manager, reason="Two licences")
    decide_sale(sale_id=sale.pk)
    sale.refresh_from_db()
    assert sale.outcome == "document"
    assert Document.objects.count() == 2
    assert ManualEntry.objects.get().linked_at is None
    with pytest.raises(NotHeld):
        issue_own(sale, actor=manager, reason="again")


def test_an_entry_that_was_linked_is_asked_about_no_more(endpoint, manager, paid):
    manual = entered_sale(endpoint, manager)
    link_to_manual(paid(), entry_id=manual.entry.pk, actor=manager, reason="Same")
    paid(number=2)
    assert Sale.objects.get(key="invoice:in_2").outcome == "document"


def test_what_stripe_was_paid_before_is_shown_to_who_enters_it_again(endpoint, manager, paid):
    paid()
    with pytest.raises(EnteredAlready):
        enter_manual(typed(endpoint), token=uuid4(), actor=manager)
    assert not ManualEntry.objects.exists()
    enter_manual(typed(endpoint, is_another=True), token=uuid4(), actor=manager)


def test_a_linked_payment_of_what_is_withdrawn_gets_its_own_document(endpoint, paid):
    clerk = make_staff("billing.add_manualentry")
    manual = entered_sale(endpoint, clerk, stripe_id="in_1", buyer=ANA)
    paid()
    assert Document.objects.count() == 0, "nobody has let it go"
    manual.refresh_from_db()
    assert manual.entry.linked_at is not None
    withdraw_manual(manual, actor=clerk, reason="Stripe is back")
    own = Sale.objects.get(key="invoice:in_1")
    decide_sale(sale_id=own.pk)
    assert Document.objects.get().source == "invoice:in_1"
