"""Whoever enters a sale, and whatever payment is decided at the same moment: no second document without a question."""

from uuid import uuid4

import pytest

from billing.errors import EnteredAlready
from billing.models import ManualEntry, Sale
from billing.services.decide_sale import decide_sale
from billing.services.enter_manual import enter_manual
from billing.services.register_sale import register_sale
from smartbill.models import Document
from tests.billing import shapes
from tests.billing.services.test_register_sale_at_once import INVOICE, at_once
from tests.factories.billing import StripeEndpointFactory
from tests.factories.manual import RIGHTS, typed
from tests.factories.people import make_staff

pytestmark = pytest.mark.django_db(transaction=True)


def entering(endpoint, token):
    """Enter it, or return None where it was asked about."""
    try:
        return enter_manual(typed(endpoint), token=token, actor=make_staff(*RIGHTS)).pk
    except EnteredAlready:
        return None


def test_one_form_sent_many_times_at_once_is_one_sale():
    endpoint, token = StripeEndpointFactory(), uuid4()
    found = at_once(lambda _n: entering(endpoint, token), range(6))
    assert len(set(found)) == 1
    assert ManualEntry.objects.count() == Sale.objects.count() == 1


def test_many_tabs_with_the_same_words_make_one_sale():
    endpoint = StripeEndpointFactory()
    found = at_once(lambda _n: entering(endpoint, uuid4()), range(6))
    assert len([pk for pk in found if pk is not None]) == 1
    assert ManualEntry.objects.count() == Sale.objects.count() == 1


@pytest.mark.parametrize("turn", range(4))
def test_a_payment_and_its_document_by_hand_at_once_are_never_two_documents_unasked(book, turn):
    found = shapes.invoice([shapes.included(11300)])
    book.put("invoices", found)
    book.put("payment_intents", shapes.intent(11300))
    book.put("products", {"id": "prod_1", "name": "Pro", "metadata": {}})
    book.put("tax_rates", {"id": shapes.IVA, "percentage": 13.0})
    book.invoice_payments += found["payments"]["data"]
    endpoint = StripeEndpointFactory()
    paid = register_sale(endpoint=endpoint, key=":".join(INVOICE), ids=[INVOICE]).pk
    acts = [lambda: decide_sale(sale_id=paid), lambda: entering(endpoint, uuid4())]
    at_once(lambda act: act(), acts if turn % 2 else acts[::-1])
    for pk in Sale.objects.filter(outcome="pending").values_list("pk", flat=True):
        decide_sale(sale_id=pk)
    assert Document.objects.count() == 1
    asked = Sale.objects.get(pk=paid).outcome == "held"
    assert asked == ManualEntry.objects.exists(), "one of the two saw the other"
