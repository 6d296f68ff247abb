from itertools import permutations

import pytest

from billing.models import Sale, SaleAlias, SaleEvent
from billing.services.register_sale import known_sale, register_sale
from smartbill.services.create import create_document
from tests.factories.billing import SaleAliasFactory, SaleFactory, StripeEndpointFactory
from tests.factories.smartbill import make_draft

pytestmark = pytest.mark.django_db

INVOICE, INTENT, SESSION = ("invoice", "in_1"), ("payment_intent", "pi_1"), ("checkout_session", "cs_1")


@pytest.fixture
def endpoint():
    return StripeEndpointFactory()


def aliases(sale):
    return set(sale.aliases.values_list("kind", "stripe_id"))


def documented(sale):
    document = create_document(draft=make_draft(sale.endpoint.issuer, source=sale.key))
    Sale.objects.filter(pk=sale.pk).update(outcome="document", document=document, next_at=None)
    sale.refresh_from_db()
    return sale


def test_the_first_id_founds_the_sale_and_the_others_find_it(endpoint):
    first = register_sale(endpoint=endpoint, key="payment_intent:pi_1", ids=[INTENT])
    second = register_sale(endpoint=endpoint, key="invoice:in_1", ids=[INVOICE, INTENT])
    third = register_sale(endpoint=endpoint, key="checkout_session:cs_1", ids=[SESSION, INVOICE])
    assert first == second == third
    assert Sale.objects.get().key == "payment_intent:pi_1"
    assert aliases(first) == {INVOICE, INTENT, SESSION}
    assert first.outcome == "pending"
    assert first.livemode is endpoint.livemode


@pytest.mark.parametrize("order", list(permutations([[INVOICE, INTENT], [INTENT, SESSION], [SESSION], [INTENT]])))
def test_any_order_of_announcements_makes_one_sale(endpoint, order):
    for ids in order:
        register_sale(endpoint=endpoint, key=":".join(ids[0]), ids=ids)
    sale = Sale.objects.exclude(outcome="not_applicable").get()
    assert aliases(sale) == {INVOICE, INTENT, SESSION}


def test_saying_it_again_changes_nothing(endpoint):
    for _again in range(3):
        register_sale(endpoint=endpoint, key="invoice:in_1", ids=[INVOICE, INTENT])
    assert Sale.objects.count() == 1
    assert SaleAlias.objects.count() == 2
    assert SaleEvent.objects.count() == 1


def test_two_sales_that_are_one_are_joined_into_that_of_the_invoice(endpoint):
    by_intent = register_sale(endpoint=endpoint, key="payment_intent:pi_1", ids=[INTENT])
    by_invoice = register_sale(endpoint=endpoint, key="invoice:in_1", ids=[INVOICE])
    joined = register_sale(endpoint=endpoint, key="invoice:in_1", ids=[INVOICE, INTENT])
    by_intent.refresh_from_db()
    assert joined == by_invoice
    assert aliases(by_invoice) == {INVOICE, INTENT}
    assert (by_intent.outcome, by_intent.next_at) == ("not_applicable", None)
    assert by_intent.reasons == [
        {"field": "sale", "code": "part_of_another", "message": "Belongs to the sale invoice:in_1."}
    ]


def test_the_sale_with_a_document_stays_when_two_are_one(endpoint):
    by_intent = documented(register_sale(endpoint=endpoint, key="payment_intent:pi_1", ids=[INTENT]))
    by_invoice = register_sale(endpoint=endpoint, key="invoice:in_1", ids=[INVOICE])
    assert register_sale(endpoint=endpoint, key="invoice:in_1", ids=[INVOICE, INTENT]) == by_intent
    by_invoice.refresh_from_db()
    by_intent.refresh_from_db()
    assert by_invoice.outcome == "not_applicable"
    assert by_intent.outcome == "document"
    assert aliases(by_intent) == {INVOICE, INTENT}


def test_an_invoice_found_after_the_document_is_linked_and_shown(endpoint):
    sale = documented(register_sale(endpoint=endpoint, key="payment_intent:pi_1", ids=[INTENT]))
    register_sale(endpoint=endpoint, key="invoice:in_1", ids=[INVOICE, INTENT])
    sale.refresh_from_db()
    assert (Sale.objects.count(), sale.outcome) == (1, "document")
    assert [reason["code"] for reason in sale.reasons] == ["linked_after_document"]


def test_two_documents_that_exist_already_both_stand(endpoint):
    one = documented(register_sale(endpoint=endpoint, key="payment_intent:pi_1", ids=[INTENT]))
    two = documented(register_sale(endpoint=endpoint, key="payment_intent:pi_2", ids=[("payment_intent", "pi_2")]))
    kept = register_sale(endpoint=endpoint, key="invoice:in_1", ids=[INVOICE, INTENT, ("payment_intent", "pi_2")])
    two.refresh_from_db()
    assert kept == one
    assert two.outcome == "document"
    assert Sale.objects.count() == 2
    text = "The same purchase has a second document, that of the sale payment_intent:pi_1"
    assert two.reasons == [
        {"field": "sale", "code": "second_document", "message": f"{text}: keep one and invalidate the other."}
    ]


def test_two_documents_for_one_purchase_are_noted_once(endpoint):
    documented(register_sale(endpoint=endpoint, key="payment_intent:pi_1", ids=[INTENT]))
    two = documented(register_sale(endpoint=endpoint, key="payment_intent:pi_2", ids=[("payment_intent", "pi_2")]))
    before = SaleEvent.objects.filter(sale=two).count()
    for _delivery in range(3):
        register_sale(endpoint=endpoint, key="payment_intent:pi_1", ids=[INTENT, ("payment_intent", "pi_2")])
    two.refresh_from_db()
    assert SaleEvent.objects.filter(sale=two).count() == before + 1
    assert [reason["code"] for reason in two.reasons] == ["second_document"]
    assert Sale.objects.filter(outcome="document").exclude(reasons=[]).get() == two


def test_one_payment_of_two_invoices_makes_two_sales(endpoint):
    one = register_sale(endpoint=endpoint, key="invoice:in_1", ids=[INVOICE, INTENT])
    two = register_sale(endpoint=endpoint, key="invoice:in_2", ids=[("invoice", "in_2"), INTENT])
    assert one != two
    assert aliases(one) == {INVOICE, INTENT}
    assert aliases(two) == {("invoice", "in_2")}


def test_news_of_a_held_sale_have_it_decided_again(endpoint):
    sale = register_sale(endpoint=endpoint, key="payment_intent:pi_1", ids=[INTENT])
    reasons = [{"field": "x", "code": "x", "message": "x"}]
    Sale.objects.update(outcome="held", reasons=reasons, next_at=None, attempts=3)
    register_sale(endpoint=endpoint, key="invoice:in_1", ids=[INVOICE, INTENT])
    sale.refresh_from_db()
    assert (sale.outcome, sale.reasons, sale.attempts) == ("pending", [], 0)
    assert sale.next_at is not None


def test_saying_a_known_id_again_leaves_a_held_sale_held(endpoint):
    sale = register_sale(endpoint=endpoint, key="payment_intent:pi_1", ids=[INTENT])
    Sale.objects.update(outcome="held", reasons=[{"field": "x", "code": "x", "message": "x"}], next_at=None)
    register_sale(endpoint=endpoint, key="payment_intent:pi_1", ids=[INTENT])
    assert known_sale("payment_intent", "pi_1") == sale
    sale.refresh_from_db()
    assert sale.outcome == "held"


def test_a_sale_that_was_given_up_is_taken_up_when_stripe_announces_it_again(endpoint):
    sale = register_sale(endpoint=endpoint, key="payment_intent:pi_1", ids=[INTENT])
    Sale.objects.update(outcome="held", reasons=[{"field": "sale", "code": "gave_up", "message": "x"}], next_at=None)
    assert known_sale("payment_intent", "pi_1") == sale
    sale.refresh_from_db()
    assert sale.outcome == "pending"


def test_an_unknown_id_has_no_sale():
    SaleAliasFactory(sale=SaleFactory(), kind="invoice", stripe_id="in_1")
    assert known_sale("invoice", "in_2") is None
    assert known_sale("payment_intent", "in_1") is None
