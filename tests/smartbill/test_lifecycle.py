"""The table of states has no dead end, and only what it lists can happen."""

from itertools import product

import pytest
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from smartbill.errors import TransitionRefused
from smartbill.lifecycle import FINAL, ISSUED, STAGES, TRANSITIONS, Status
from smartbill.models import Document
from tests.factories.smartbill import IssuerFactory

IDENTIFIED = {"generation_code": "3F2504E0-4F89-41D3-9A0C-0305E82C3301", "seal": "A" * 40}


def a_document(status: str) -> Document:
    identified = IDENTIFIED if status in ISSUED else {}
    return Document.objects.create(
        issuer=IssuerFactory(),
        source="invoice:in_1",
        kind="factura",
        livemode=False,
        status=status,
        currency="USD",
        total="113.00",
        language="es",
        occurred_at=now(),
        **identified,
    )


def test_every_state_has_a_row_and_a_stage():
    assert set(TRANSITIONS) == set(STAGES) == set(Status.values)


@pytest.mark.parametrize("status", sorted(set(Status.values) - FINAL))
def test_a_state_that_is_not_final_alarms_and_can_be_left(status):
    stage = STAGES[status]
    assert stage.alarm_after is not None
    assert str(stage.meaning)
    assert str(stage.next_step)
    assert TRANSITIONS[status]


@pytest.mark.parametrize("status", sorted(set(Status.values) - FINAL))
def test_every_state_leads_to_a_final_one(status):
    reached, frontier = set(), {status}
    while frontier:
        reached |= frontier
        frontier = {to for state in frontier for to in TRANSITIONS[state]} - reached
    assert reached & FINAL


@pytest.mark.parametrize("status", [Status.HELD, Status.READY, Status.REJECTED, Status.UNKNOWN, Status.CONTINGENCY])
def test_a_person_has_a_button_where_waiting_may_last(status):
    assert STAGES[status].actions


def test_doubt_never_leads_back_to_being_sent_without_passing_ready():
    assert Status.SUBMITTING not in TRANSITIONS[Status.UNKNOWN]
    assert [state for state in Status.values if Status.SUBMITTING in TRANSITIONS[state]] == [Status.READY]


@pytest.mark.django_db
@pytest.mark.parametrize(("before", "after"), list(product(Status.values, Status.values)))
def test_a_move_happens_exactly_when_the_table_lists_it(before, after):
    document = a_document(before)
    # As every caller does: the remote's words come and go with the states that need and forbid them.
    changes = IDENTIFIED if after in ISSUED else {"generation_code": "", "seal": ""}
    if after in TRANSITIONS[before]:
        document.move_to(after, reason="why", **changes)
        assert document.status == after
        assert document.events.get().reason == "why"
    else:
        with pytest.raises(TransitionRefused):
            document.move_to(after, **changes)
        assert Document.objects.get().status == before
        assert not document.events.exists()


@pytest.mark.django_db
def test_a_stale_copy_is_refused_and_leaves_no_event():
    document = a_document(Status.READY)
    stale = Document.objects.get(pk=document.pk)
    document.move_to(Status.SUBMITTING)
    with pytest.raises(TransitionRefused):
        stale.move_to(Status.SUBMITTING)
    assert document.events.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("status", Status.values)
def test_the_database_ties_the_generation_code_to_the_issued_states(status):
    wrong = {"generation_code": "", "seal": "A" * 40} if status in ISSUED else IDENTIFIED
    document = a_document(status)
    with pytest.raises(IntegrityError), transaction.atomic():
        Document.objects.filter(pk=document.pk).update(**wrong)


@pytest.mark.django_db
def test_a_second_document_for_the_same_sale_is_refused_by_the_database():
    first = a_document(Status.READY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Document.objects.create(
            issuer=first.issuer,
            source=first.source,
            kind="ccf",
            livemode=False,
            status=Status.READY,
            currency="USD",
            total="1.00",
            language="es",
            occurred_at=now(),
        )
    assert Document.objects.count() == 1
