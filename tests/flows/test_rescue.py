"""A company pays without its tax data: from Stripe's events over the mail and the form to the authority's stamp."""

import pytest

from billing.models import Sale, TaxRequest
from billing.profiles import NOBODY
from billing.services.review_buyer import review_due_buyers
from billing.services.save_profile import save_profile
from notifications.models import Message
from smartbill.models import Document
from tests.factories.billing import StripeEndpointFactory
from tests.factories.held import COMPLETE, TYPED
from tests.flows.engine import issuer_with_keys, work
from tests.flows.test_purchase import Sold, announce, decide_all

pytestmark = pytest.mark.django_db


def buys(shop, *amounts):
    endpoint = StripeEndpointFactory(issuer=issuer_with_keys(untaxed_lines="included"))
    buyer = shop.customer("Ñandú", "ana@example.com", metadata={"sv_nrc": "123456"})
    for amount in amounts:
        shop.pay_invoice(buyer["id"], [Sold("Licence", amount)])
    announce(shop, endpoint)
    return buyer["id"]


def test_what_waited_is_stamped_as_ccf_after_the_form(shop, smartbill_sandbox, client):
    buys(shop, 11300, 22600)
    decide_all()
    assert set(Document.objects.values_list("status", flat=True)) == {"held"}
    review_due_buyers()
    work()
    assert set(Document.objects.values_list("status", flat=True)) == {"held"}
    path = Message.objects.get().context["link"].removeprefix("http://127.0.0.1:8000")
    assert client.post(path, TYPED).status_code == 302
    review_due_buyers()
    work()
    assert set(Document.objects.values_list("status", "kind")) == {("stamped", "ccf")}
    mails = Message.objects.order_by("id").values_list("template", "recipient")
    assert list(mails) == [
        ("tax_data_wanted", "ana@example.com"),
        ("document_issued", "pagos@nandu.example"),
        ("document_issued", "pagos@nandu.example"),
    ]


def test_what_is_bought_later_is_issued_at_once(shop, smartbill_sandbox):
    buyer = buys(shop, 11300)
    save_profile(customer_id=buyer, livemode=False, values=COMPLETE, source="customer")
    decide_all()
    document = Document.objects.get()
    assert (document.status, document.kind) == ("ready", "ccf")
    draft = document.revisions.get().draft
    assert (draft.provenance["tax_profile"].raw, draft.provenance["party.nrc"].source) == ("1", "tax_profile.sv_nrc")
    assert Sale.objects.get().buyer_due_at is None
    review_due_buyers()
    assert TaxRequest.objects.count() == 0


def test_what_is_entered_while_stripe_is_read_is_not_missed(shop, smartbill_sandbox, monkeypatch):
    buyer = buys(shop, 11300)

    def meanwhile(point):
        if point == "after_fetch":
            monkeypatch.setattr("billing.services.decide_sale.reach", lambda _point: None)
            # Decided with the profile of before: the review that every held document gets sees the one of now.
            monkeypatch.setattr("billing.services.decide_sale.profile_of", lambda *_a, **_k: NOBODY)
            save_profile(customer_id=buyer, livemode=False, values=COMPLETE, source="staff")

    monkeypatch.setattr("billing.services.decide_sale.reach", meanwhile)
    decide_all()
    assert Document.objects.get().status == "held"
    review_due_buyers()
    assert Document.objects.get().status == "ready"
    assert TaxRequest.objects.count() == 0
