"""The second person at the desk: what is offered to whom, and what is told."""

from decimal import Decimal

import pytest
from django.test import Client

from smartbill.lifecycle import Status
from smartbill.models import Document, Proposal
from tests.factories.documents import make_attempt, make_document
from tests.factories.people import make_staff, signed_in
from tests.factories.smartbill import ApiKeyFactory, IssuerFactory
from tests.smartbill.admin.test_actions import LIST, act, ask

pytestmark = pytest.mark.django_db
RIGHTS = ["smartbill.view_document", "smartbill.resolve_unknown"]


@pytest.fixture
def document() -> Document:
    issuer = IssuerFactory.create(second_person_above=Decimal("50"))
    document = make_document(Status.UNKNOWN, issuer=issuer)
    make_attempt(document, outcome="unknown", api_key=ApiKeyFactory.create(issuer=issuer))
    return document


def proposed(document: Document, person: object) -> Proposal:
    return Proposal.objects.create(
        document=document, attempt=document.attempts.get(), answer="not_issued", reason="Looked", proposed_by=person
    )


def offered(client: Client, document: Document) -> set[str]:
    page = client.get(f"{LIST}{document.pk}/change/")
    return {button.name for button in page.context["buttons"]}


def test_the_proposer_may_withdraw_and_another_may_confirm_or_decline(document: Document) -> None:
    client = signed_in(*RIGHTS)
    assert {"found", "not_issued"} <= offered(client, document)
    own = int(client.session["_auth_user_id"])
    proposal = proposed(document, make_staff())
    assert offered(client, document) == {"confirm_answer", "withdraw_answer", "look_up"}
    Proposal.objects.filter(pk=proposal.pk).update(ended_at=proposal.proposed_at, ending="lapsed")
    Proposal.objects.create(
        document=document, attempt=proposal.attempt, answer="not_issued", reason="Looked", proposed_by_id=own
    )
    assert offered(client, document) == {"withdraw_answer", "look_up"}


def test_the_question_shows_the_very_answer_that_is_confirmed(document: Document) -> None:
    person = make_staff()
    proposed(document, person)
    text = ask(signed_in(*RIGHTS), "confirm_answer", document).content.decode()
    assert f"{person} says: It was not issued: send again · Looked" in text


def test_an_answer_that_changed_meanwhile_is_not_confirmed(document: Document) -> None:
    first = proposed(document, make_staff())
    Proposal.objects.filter(pk=first.pk).update(ended_at=first.proposed_at, ending="lapsed")
    proposed(document, make_staff())
    told = act(signed_in(*RIGHTS), "confirm_answer", document, seen="on", proposal_id=str(first.pk))
    assert "This proposal has ended meanwhile" in told[0]


def test_declining_is_told(document: Document) -> None:
    proposed(document, make_staff())
    told = act(signed_in(*RIGHTS), "withdraw_answer", document, reason="I see it there.")
    assert told[0].endswith("ended without effect")
    assert Proposal.objects.get().ending == "declined"


@pytest.mark.parametrize("action", ["confirm_answer", "withdraw_answer"])
def test_the_right_is_needed(document: Document, action: str) -> None:
    proposed(document, make_staff())
    assert ask(signed_in("smartbill.view_document"), action, document).status_code == 403
    assert Proposal.objects.open().exists()


def test_the_desk_counts_what_waits_for_a_second_person(document: Document) -> None:
    client = signed_in(*RIGHTS)
    assert "second_person" not in {card.problem.key for card in client.get("/admin/").context["urgent"]}
    proposed(document, make_staff())
    cards = {card.problem.key: card.count for card in client.get("/admin/").context["urgent"]}
    assert cards["second_person"] == 1
    assert client.get(f"{LIST}?problem=second_person").context["cl"].result_count == 1
