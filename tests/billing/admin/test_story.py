from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from billing.models import Correction, Sale, TaxProfile
from billing.models.correction import CorrectionEvent
from billing.models.reversal import ReversalEvent
from billing.models.sale_event import SaleEvent
from smartbill.lifecycle import Status
from smartbill.models import Proposal
from tests.factories.billing import InboundEventFactory, SaleAliasFactory
from tests.factories.documents import make_attempt, make_document
from tests.factories.people import make_staff, signed_in
from tests.factories.reversals import make_reversal, make_reversed_sale
from tests.factories.rules import make_approval
from tests.factories.smartbill import ApiKeyFactory, IssuerFactory, make_draft

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>"
RIGHTS = [
    "smartbill.view_document",
    *(f"billing.view_{name}" for name in ("sale", "approval", "reversal", "correction", "taxprofile", "inboundevent")),
    "notifications.view_message",
]


def page_of(client: Client, sale: Sale) -> Any:
    assert sale.document is not None
    answer = client.get(sale.document.get_absolute_url())
    assert answer.status_code == 200
    return answer


def told(client: Client, sale: Sale) -> dict[str, Any]:
    return {moment.what: moment for moment in page_of(client, sale).context["page"]["story"]}


def test_the_story_begins_at_stripe_and_names_people_with_their_reasons() -> None:
    sale, person = make_reversed_sale(), make_staff()
    alias = SaleAliasFactory.create(sale=sale)
    event = InboundEventFactory.create(object_id=alias.stripe_id, livemode=False)
    InboundEventFactory.create(object_id="in_of_somebody_else")
    SaleEvent.objects.create(sale=sale, before="pending", after="document", actor=person, reason=HOSTILE)
    reversal = make_reversal(sale=sale)
    ReversalEvent.objects.create(reversal=reversal, after="proposed", actor=person, reason="Agreed.")
    case = Correction.objects.create(sale=sale, document=sale.document, wrong="buyer", asked_by="staff", statement="x")
    CorrectionEvent.objects.create(correction=case, after="open", actor=person, reason="As they say.")
    client = signed_in(*RIGHTS)
    story = told(client, sale)
    assert story["Stripe: invoice.paid"].url == f"/admin/billing/inboundevent/{event.pk}/change/"
    assert (story["Sale: Document"].who, story["Sale: Document"].why) == (str(person), HOSTILE)
    assert story["Refund: Proposed"].url == reversal.get_absolute_url()
    assert story["Correction: To be decided"].why == "As they say."
    assert len([what for what in story if what.startswith("Stripe")]) == 1
    assert HOSTILE not in page_of(client, sale).content.decode()


def test_rules_and_approvals_are_part_of_it() -> None:
    issuer = IssuerFactory.create()
    approval = make_approval(issuer)
    document = make_document(issuer=issuer, draft=make_draft(issuer, source=approval.sale.key))
    client = signed_in(*RIGHTS)
    page = client.get(document.get_absolute_url()).context["page"]
    story = {moment.what: moment.url for moment in page["story"]}
    assert story["Approval: Asked"] == f"/admin/billing/approval/{approval.pk}/change/"
    assert "The rules were asked" in story


def test_calls_look_ups_and_proposals_lead_to_the_evidence() -> None:
    issuer = IssuerFactory.create()
    document = make_document(Status.UNKNOWN, issuer=issuer)
    attempt = make_attempt(
        document, outcome="unknown", answer=None, http_status=None, api_key=ApiKeyFactory.create(issuer=issuer)
    )
    Proposal.objects.create(
        document=document, attempt=attempt, answer="not_issued", reason="Looked twice.", proposed_by=make_staff()
    )
    client = signed_in("smartbill.view_document")
    story = client.get(document.get_absolute_url()).context["page"]["story"]
    evidence = f"/admin/smartbill/document/{document.pk}/evidence/"
    found = {moment.what: moment for moment in story if moment.url == evidence}
    assert "Submission 1 sent" in found
    assert found["Answer proposed: It was not issued: send again"].why == "Looked twice."
    assert [moment.at for moment in story] == sorted((moment.at for moment in story), reverse=True)


def test_the_page_leads_to_sale_profile_reversals_cases_and_mails() -> None:
    sale = make_reversed_sale()
    profile = TaxProfile.objects.create(customer_id=sale.customer_id, livemode=False, name="Acme", version=3)
    TaxProfile.objects.create(customer_id=sale.customer_id, livemode=True, name="Of the other mode")
    reversal = make_reversal(sale=sale)
    page = page_of(signed_in(*RIGHTS), sale)
    assert {row.url: (row.text, row.note) for row in page.context["page"]["related"]} == {
        f"/admin/billing/sale/{sale.pk}/change/": (str(sale), ""),
        f"/admin/billing/taxprofile/{profile.pk}/change/": ("Acme", "version 3"),
        reversal.get_absolute_url(): (str(reversal), "Waiting"),
    }
    assert f'href="/admin/notifications/message/?q=document:{sale.document_id}"' in page.content.decode()


def test_nobody_is_told_what_they_may_not_see() -> None:
    sale = make_reversed_sale()
    SaleEvent.objects.create(sale=sale, before="pending", after="document", reason="Not for everybody.")
    ReversalEvent.objects.create(reversal=make_reversal(sale=sale), after="proposed", reason="Nor this.")
    page = page_of(signed_in("smartbill.view_document"), sale)
    assert [row.url for row in page.context["page"]["related"]] == [""]
    assert {"Not for everybody.", "Nor this."} & {moment.why for moment in page.context["page"]["story"]} == set()
    assert "/admin/notifications/message/" not in page.content.decode()


def test_the_page_asks_no_more_however_much_has_happened(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    sale, client = make_reversed_sale(), signed_in(*RIGHTS)
    reversal = make_reversal(sale=sale)
    case = Correction.objects.create(sale=sale, document=sale.document, wrong="buyer", asked_by="staff", statement="x")

    def happen(times: int) -> None:
        for number in range(times):
            alias = SaleAliasFactory.create(sale=sale)
            at = datetime(2026, 11, 21, 12, number, tzinfo=UTC)
            InboundEventFactory.create(object_id=alias.stripe_id, received_at=at)
            SaleEvent.objects.create(sale=sale, before="pending", after="document", actor=make_staff(), created_at=at)
            ReversalEvent.objects.create(reversal=reversal, after="proposed", actor=make_staff(), created_at=at)
            CorrectionEvent.objects.create(correction=case, after="open", actor=make_staff(), created_at=at)

    happen(1)
    page_of(client, sale)
    with django_assert_num_queries(31):
        page_of(client, sale)
    happen(30)
    with django_assert_num_queries(31):
        page_of(client, sale)
