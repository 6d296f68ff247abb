from dataclasses import replace

import pytest

from smartbill.drafts import CORRECTED, Address, Provenance
from smartbill.errors import Outdated, Problem, TransitionRefused
from smartbill.lifecycle import Status
from smartbill.models import Document
from smartbill.services.correct import correct_document
from smartbill.services.create import create_document
from smartbill.services.revise import revise_document
from tests.billing.services.test_register_sale_at_once import at_once
from tests.factories.people import make_staff
from tests.factories.smartbill import COMPANY, IssuerFactory, make_draft

pytestmark = pytest.mark.django_db


def held_draft(issuer):
    return replace(make_draft(issuer), kind="ccf", party=replace(COMPANY, nrc="", address=Address()))


@pytest.fixture
def held():
    document = create_document(draft=held_draft(IssuerFactory()))
    assert document.status == Status.HELD
    return document


def whole(document):
    return replace(document.revisions.get(number=1).draft, party=COMPANY)


def test_a_whole_draft_makes_the_document_ready_under_a_new_revision(held):
    assert revise_document(held, draft=whole(held), reason="More is known.")
    assert (held.status, held.revision, held.customer_tax_id) == (Status.READY, 2, COMPANY.tax_id)
    assert held.revisions.get(number=2).problems == []
    assert held.events.last().detail == {"revision": 2}


def test_the_same_draft_again_changes_nothing(held):
    draft = held.revisions.get(number=1).draft
    other_source = replace(draft, provenance={"party.name": Provenance(source="elsewhere", raw="x")})
    assert not revise_document(held, draft=other_source, reason="x")
    assert (held.revisions.count(), held.events.count()) == (1, 1)


def test_what_is_left_is_said_in_a_held_revision_unless_it_is_final(held):
    half = replace(whole(held), party=replace(COMPANY, nrc=""))
    assert not revise_document(held, draft=half, reason="x", is_final=True)
    assert revise_document(held, draft=half, reason="x")
    assert (held.status, held.revision) == (Status.HELD, 2)
    assert [problem["field"] for problem in held.revisions.get(number=2).problems] == ["party.nrc"]


def test_doubts_of_the_upstream_app_are_not_answered_by_a_machine(held):
    doubt = held.revisions.get(number=1).problems[0]
    from_upstream = replace(whole(held), held_because=[Problem(**doubt)])
    revise_document(held, draft=from_upstream, reason="x")
    assert held.status == Status.HELD


@pytest.mark.parametrize("change", [{"status": Status.ABANDONED}, {"twin_code": "A" * 36}])
def test_what_is_over_or_may_exist_elsewhere_is_not_revised(held, change):
    Document.objects.filter(pk=held.pk).update(**change)
    assert not revise_document(held, draft=whole(held), reason="x")


def test_a_correction_by_hand_is_never_replaced(held):
    by_hand = replace(
        whole(held), party=replace(COMPANY, nrc="1"), provenance={"kind": Provenance(source=CORRECTED, raw="x")}
    )
    revise_document(held, draft=by_hand, reason="x")
    assert not revise_document(held, draft=whole(held), reason="x")
    assert held.status == Status.HELD


def test_a_person_who_saw_an_older_revision_is_asked_to_look_again(held):
    stale = Document.objects.get(pk=held.pk)
    revise_document(held, draft=replace(whole(held), party=replace(COMPANY, nrc="")), reason="x")
    with pytest.raises(Outdated):
        correct_document(stale, draft=whole(held), actor=make_staff("smartbill.correct_document"), reason="x")
    assert Document.objects.get(pk=held.pk).status == Status.HELD


def test_a_proof_that_came_while_the_person_looked_stops_the_correction(held):
    stale = Document.objects.get(pk=held.pk)
    Document.objects.filter(pk=held.pk).update(twin_code="A" * 36)
    with pytest.raises(TransitionRefused):
        correct_document(stale, draft=whole(held), actor=make_staff("smartbill.correct_document"), reason="x")
    assert Document.objects.get(pk=held.pk).status == Status.HELD


@pytest.mark.django_db(transaction=True)
def test_of_many_revisions_at_once_one_is_written(held):
    draft = whole(held)
    copies = [Document.objects.get(pk=held.pk) for _number in range(6)]
    assert at_once(lambda copy: revise_document(copy, draft=draft, reason="x"), copies).count(True) == 1
    assert held.revisions.count() == 2
