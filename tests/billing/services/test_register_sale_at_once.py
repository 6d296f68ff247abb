"""Whoever announces or decides a purchase at the same moment: one sale, one document."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from billing.models import Sale, SaleAlias
from billing.services.decide_sale import decide_sale
from billing.services.register_sale import register_sale
from smartbill.models import Document
from tests.billing import shapes
from tests.factories.billing import StripeEndpointFactory

INVOICE, INTENT, SESSION = ("invoice", "in_1"), ("payment_intent", "pi_1"), ("checkout_session", "cs_1")
HALVES = [[INVOICE, INTENT], [INTENT, SESSION], [INTENT], [INTENT, INVOICE, SESSION]]

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(act, arguments):
    """Call `act` with each argument at the same moment; one after the other where all threads share one page cache."""
    if connection.vendor == "sqlite":
        return [act(argument) for argument in arguments]
    barrier = Barrier(len(arguments))

    def start(argument):
        try:
            barrier.wait(timeout=20)
            return act(argument)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(start, arguments))


@pytest.mark.parametrize("turn", range(4))
def test_any_number_of_announcements_make_one_sale(turn):
    endpoint = StripeEndpointFactory()
    halves = [HALVES[(number + turn) % len(HALVES)] for number in range(8)]
    sales = at_once(lambda ids: register_sale(endpoint=endpoint, key=":".join(ids[0]), ids=ids).pk, halves)
    assert len(set(sales)) == 1
    assert Sale.objects.count() == 1
    assert set(SaleAlias.objects.values_list("kind", "stripe_id")) == {INVOICE, INTENT, SESSION}


@pytest.mark.parametrize("turn", range(4))
def test_two_half_known_sales_decided_at_once_make_one_document(book, turn):
    found = shapes.invoice([shapes.included(11300)])
    book.put("invoices", found)
    book.put("payment_intents", shapes.intent(11300))
    book.put("products", {"id": "prod_1", "name": "Pro", "metadata": {}})
    book.put("tax_rates", {"id": shapes.IVA, "percentage": 13.0})
    book.invoice_payments += found["payments"]["data"]
    endpoint = StripeEndpointFactory()
    known = [INVOICE, INTENT] if turn % 2 else [INTENT, INVOICE]
    sales = [register_sale(endpoint=endpoint, key=":".join(alias), ids=[alias]).pk for alias in known]
    at_once(lambda pk: decide_sale(sale_id=pk), [*sales, *sales])
    for pk in Sale.objects.filter(outcome="pending").values_list("pk", flat=True):
        decide_sale(sale_id=pk)
    assert Document.objects.count() == 1
    assert sorted(Sale.objects.values_list("outcome", flat=True)) == ["document", "not_applicable"]
