import pytest
from django.utils.timezone import now

from billing.models import Sale, TaxRequest
from billing.services.review_buyer import review_buyer, review_due_buyers
from billing.services.save_profile import save_profile
from notifications.models import Message
from smartbill.drafts import CORRECTED, Provenance
from smartbill.lifecycle import Status
from smartbill.models import Document, Revision
from smartbill.models.revision import content_hash
from tests.factories.held import COMPLETE, held_sale

pytestmark = pytest.mark.django_db


def complete(**changes):
    save_profile(customer_id="cus_1", livemode=False, values=COMPLETE | changes, source="staff")


def document_of(sale):
    return Document.objects.get(pk=sale.document_id)


def test_a_held_company_is_released_by_its_data_as_a_new_revision():
    sale = held_sale()
    complete()
    review_buyer(sale_id=sale.pk)
    document = document_of(sale)
    assert (document.status, document.kind, document.revision) == (Status.READY, "ccf", 2)
    assert (document.customer_tax_id, document.total) == ("06142803901121", 113)
    draft = document.revisions.get(number=2).draft
    assert draft.provenance["party.nrc"] == Provenance(
        source="tax_profile.sv_nrc", raw="12345-6", rule="digits only, entered by staff"
    )
    assert document.revisions.get(number=1).draft.party.tax_id == ""
    assert document.events.last().reason == "The buyer's tax data were looked at again."
    assert Sale.objects.get().buyer_due_at is None


def test_everything_that_waits_for_the_customer_is_released_together():
    sales = [held_sale(), held_sale(), held_sale(customer="cus_2")]
    complete()
    assert review_due_buyers() == 3
    assert [document_of(sale).status for sale in sales] == [Status.READY, Status.READY, Status.HELD]


def test_what_is_still_missing_stays_held_and_says_what_is_left():
    sale = held_sale()
    complete(activity_code="")
    review_buyer(sale_id=sale.pk)
    document = document_of(sale)
    assert (document.status, document.revision) == (Status.HELD, 2)
    problems = document.revisions.get(number=2).problems
    assert {problem["field"] for problem in problems} == {"party.activity_code", "party.activity_text"}
    assert "economic activity" in document.reason


def test_looking_again_without_news_writes_nothing():
    sale = held_sale()
    review_buyer(sale_id=sale.pk)
    events = document_of(sale).events.count()
    Sale.objects.update(buyer_due_at=now())
    review_buyer(sale_id=sale.pk)
    document = document_of(sale)
    assert (document.revision, document.events.count()) == (1, events)


def test_what_a_person_corrected_by_hand_is_left_to_people():
    sale = held_sale()
    revision = Revision.objects.get()
    content = revision.content | {"provenance": {"kind": {"source": CORRECTED, "raw": "ccf", "rule": "x"}}}
    Revision.objects.create(
        document=sale.document, number=2, content=content, sha256=content_hash(content), problems=revision.problems
    )
    Document.objects.update(revision=2)
    complete()
    review_buyer(sale_id=sale.pk)
    assert (document_of(sale).status, document_of(sale).revision) == (Status.HELD, 2)


def test_a_refused_document_is_sent_anew_once_its_data_are_whole():
    sale = held_sale()
    Document.objects.update(status=Status.REJECTED)
    complete(nrc="")
    review_buyer(sale_id=sale.pk)
    assert (document_of(sale).status, document_of(sale).revision) == (Status.REJECTED, 1)
    complete()
    review_buyer(sale_id=sale.pk)
    assert (document_of(sale).status, document_of(sale).revision) == (Status.READY, 2)


def test_a_document_that_is_on_its_way_is_not_touched():
    sale = held_sale(metadata={})
    Sale.objects.update(buyer_due_at=now())
    complete()
    review_buyer(sale_id=sale.pk)
    assert (document_of(sale).kind, document_of(sale).revision) == ("factura", 1)


def test_the_customer_of_a_held_document_is_asked_once():
    held_sale(), held_sale()
    review_due_buyers()
    request = TaxRequest.objects.get()
    assert (request.state, request.recipient, request.language, request.mails) == ("open", "ana@example.com", "es", 1)
    assert Message.objects.get().context["link"] == request.link
    Sale.objects.update(buyer_due_at=now())
    review_due_buyers()
    assert Message.objects.count() == 1


def test_a_question_whose_answer_staff_knew_is_closed():
    sale = held_sale()
    review_due_buyers()
    complete()
    review_due_buyers()
    assert document_of(sale).status == Status.READY
    assert TaxRequest.objects.get().state == "settled"


def test_a_defect_with_one_sale_leaves_the_others():
    broken, whole = held_sale(), held_sale(customer="cus_2")
    broken.snapshot.delete()
    assert review_due_buyers() == 2
    assert Sale.objects.get(pk=broken.pk).buyer_due_at > now()
    assert Sale.objects.get(pk=whole.pk).buyer_due_at is None
