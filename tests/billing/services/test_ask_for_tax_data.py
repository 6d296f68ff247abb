from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.timezone import now

from billing.errors import NobodyToAsk, NothingToAsk
from billing.models import Sale, TaxRequest
from billing.services.advance_requests import advance_due_requests
from billing.services.ask_for_tax_data import MOST_ASKED, ask_customer, withdraw_request
from billing.services.review_buyer import review_due_buyers
from notifications.errors import ReasonMissing
from notifications.models import Message
from smartbill.lifecycle import Status
from smartbill.models import Document
from tests.factories.billing import StripeEndpointFactory
from tests.factories.held import held_sale
from tests.factories.people import make_staff
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db


def endpoint(**issuer):
    return StripeEndpointFactory(issuer=IssuerFactory(**issuer))


def asked(**issuer):
    sale = held_sale(endpoint=endpoint(**issuer))
    review_due_buyers()
    return sale


def later(request, *, share):
    """Move a request so far into the past that this share of its time is over."""
    whole = request.ends_at - request.created_at
    created = now() - whole * share - timedelta(seconds=1)
    TaxRequest.objects.filter(pk=request.pk).update(
        created_at=created, ends_at=created + whole, next_at=now() - timedelta(seconds=1)
    )


def test_the_mail_says_who_asks_for_what_until_when_and_carries_no_data_of_the_buyer():
    asked(buyer_days=7)
    message, request = Message.objects.get(), TaxRequest.objects.get()
    assert (message.template, message.language, message.recipient) == ("tax_data_wanted", "es", "ana@example.com")
    context = message.context
    assert (context["seller_name"], context["purchase"], context["total"]) == ("Acme", "ACME-0001", "$113.00")
    assert context["link"] == f"http://127.0.0.1:8000/t/{request.token}/"
    assert (context["reminder"], context["becomes_consumer"]) == (False, False)
    assert timedelta(days=7) == request.ends_at - request.created_at
    assert "123456" not in str(context)


def test_reminders_come_twice_and_then_the_deadline():
    asked()
    request = TaxRequest.objects.get()
    for share, mails in ((0.41, 2), (0.5, 3), (0.81, 4)):
        later(request, share=share)
        assert advance_due_requests() == 1
        assert Message.objects.count() == mails
        request.refresh_from_db()
    assert request.next_at == request.ends_at
    numbers = list(Message.objects.order_by("number").values_list("number", "context__reminder"))
    assert numbers == [(1, False), (2, True), (3, True), (4, True)]
    assert advance_due_requests() == 0


def test_the_times_of_the_reminders_are_two_and_four_fifths():
    asked(buyer_days=5)
    request = TaxRequest.objects.get()
    assert request.next_at - request.created_at == timedelta(days=2)
    later(request, share=0.4)
    advance_due_requests()
    request.refresh_from_db()
    assert request.next_at - request.created_at == timedelta(days=4)


def test_at_the_deadline_the_document_waits_for_a_person_by_default():
    sale = asked()
    later(TaxRequest.objects.get(), share=1)
    advance_due_requests()
    request = TaxRequest.objects.get()
    assert (request.state, request.next_at) == ("expired", None)
    assert request.note == "The time is over. Documents that wait for a person: 1."
    document = Document.objects.get(pk=sale.document_id)
    assert (document.status, document.kind, document.revision) == (Status.HELD, "ccf", 1)
    assert Message.objects.count() == 1


def test_at_the_deadline_a_consumers_document_is_issued_where_the_issuer_chose_so():
    sale = asked(late_buyer="consumer")
    later(TaxRequest.objects.get(), share=1)
    advance_due_requests()
    document = Document.objects.get(pk=sale.document_id)
    assert (document.status, document.kind, document.customer_tax_id) == (Status.READY, "factura", "")
    draft = document.revisions.get(number=2).draft
    assert (draft.party.nrc, draft.party.name, draft.total) == ("", "Ana López", 113)
    assert draft.provenance["kind"].source == "issuer.late_buyer"
    assert "in time" in document.events.last().reason
    assert ": 1 of 1." in TaxRequest.objects.get().note


def test_the_consumer_is_only_below_the_amount_from_which_the_law_wants_a_name():
    sale = held_sale(endpoint=endpoint(late_buyer="consumer"), amount=2_500_000)
    review_due_buyers()
    later(TaxRequest.objects.get(), share=1)
    advance_due_requests()
    assert Document.objects.get(pk=sale.document_id).status == Status.HELD


def test_a_buyer_abroad_never_becomes_a_consumer_at_home():
    address = {"country": "US", "line1": "Elm Street 1"}
    sale = held_sale(endpoint=endpoint(late_buyer="consumer"), metadata={"document_kind": "ccf"}, address=address)
    review_due_buyers()
    later(TaxRequest.objects.get(), share=1)
    advance_due_requests()
    document = Document.objects.get(pk=sale.document_id)
    assert (document.status, document.kind) == (Status.HELD, "export")


def test_nobody_is_asked_whose_document_lacks_something_else():
    lines = held_sale(metadata={})
    Document.objects.update(status=Status.HELD)
    revision = lines.document.revisions.get()
    assert revision.problems == []
    Sale.objects.update(buyer_due_at=now())
    review_due_buyers()
    assert TaxRequest.objects.count() == 0


@pytest.mark.parametrize(("issuer", "person"), [({"buyer_days": 0}, {}), ({}, {"email": None})])
def test_nobody_is_asked_against_the_issuers_will_or_without_an_address(issuer, person):
    held_sale(endpoint=endpoint(**issuer), **person)
    review_due_buyers()
    assert (TaxRequest.objects.count(), Message.objects.count()) == (0, 0)


def test_a_customer_is_not_asked_for_ever():
    sale = held_sale()
    for _number in range(MOST_ASKED + 2):
        Sale.objects.filter(pk=sale.pk).update(buyer_due_at=now())
        review_due_buyers()
        TaxRequest.objects.open().update(state="expired", ended_at=now(), next_at=None)
    assert TaxRequest.objects.count() == MOST_ASKED


def test_staff_send_the_open_link_again_or_make_one():
    clerk = make_staff("billing.ask_tax_data")
    sale = held_sale(endpoint=endpoint(buyer_days=0))
    ask_customer(sale, actor=clerk, reason="Phone call.")
    ask_customer(sale, actor=clerk, reason="They lost it.")
    request = TaxRequest.objects.get()
    first, second = Message.objects.order_by("number")
    assert (request.mails, first.context["link"]) == (2, second.context["link"])
    assert (second.actor, second.reason) == (clerk, "They lost it.")


def test_asking_needs_the_right_a_reason_an_address_and_something_to_ask():
    clerk, sale = make_staff("billing.ask_tax_data"), held_sale(endpoint=endpoint(buyer_days=0))
    for actor in (None, make_staff(), make_staff("billing.view_taxrequest")):
        with pytest.raises(PermissionDenied):
            ask_customer(sale, actor=actor, reason="x")
    with pytest.raises(ReasonMissing):
        ask_customer(sale, actor=clerk, reason="")
    with pytest.raises(NothingToAsk):
        ask_customer(held_sale(metadata={}), actor=clerk, reason="x")
    with pytest.raises(NobodyToAsk):
        ask_customer(held_sale(customer="cus_9", email=None), actor=clerk, reason="x")
    assert TaxRequest.objects.count() == 0


def test_a_withdrawn_link_is_over_and_is_withdrawn_once():
    asked()
    request, clerk = TaxRequest.objects.get(), make_staff("billing.ask_tax_data")
    with pytest.raises(PermissionDenied):
        withdraw_request(request, actor=make_staff(), reason="x")
    withdraw_request(request, actor=clerk, reason="Wrong person.")
    assert (request.state, request.note, request.actor) == ("withdrawn", "Wrong person.", clerk)
    with pytest.raises(NothingToAsk):
        withdraw_request(request, actor=clerk, reason="x")


def test_the_database_holds_no_usable_token():
    asked()
    request = TaxRequest.objects.get()
    stored = TaxRequest.objects.extra(select={"raw": "token"}).values_list("raw", "token_sha256").get()
    assert request.token not in stored
