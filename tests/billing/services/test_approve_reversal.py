from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.timezone import now

from billing.errors import NotProposed, NotWithPeople, SecondPersonNeeded
from billing.models import Reversal, ReversalEvent
from billing.services.approve_reversal import approve_reversal
from billing.services.pursue_reversal import pursue_reversal
from billing.services.settle_reversal import decide_again, settle_reversal
from notifications.errors import ReasonMissing
from smartbill.models import Document
from tests.factories.people import make_staff
from tests.factories.reversals import make_reversal

pytestmark = pytest.mark.django_db
RIGHTS = ("billing.approve_reversal", "smartbill.credit_document", "smartbill.invalidate_document")


def proposed(**changes):
    row = make_reversal(**changes)
    look(row)
    assert row.state == "proposed"
    return row


def look(row):
    Reversal.objects.filter(pk=row.pk).update(next_at=now())
    pursue_reversal(reversal_id=row.pk)
    row.refresh_from_db()


def notes():
    return list(Document.objects.filter(kind="credit_note").values_list("total", flat=True))


def test_one_approval_begins_the_remedy_once():
    row, person = proposed(), make_staff(*RIGHTS)
    assert approve_reversal(row, actor=person, reason="Agreed") is False
    assert (row.state, row.remedy, row.approved_by, row.confirmed_by) == ("under_way", "credit_note", person, None)
    assert notes() == [Decimal("40.00")]
    assert [event.actor for event in ReversalEvent.objects.order_by("-id")[:2]] == [person, person]


def test_a_second_click_finds_nothing_to_approve():
    row = proposed()
    stale, person = Reversal.objects.get(pk=row.pk), make_staff(*RIGHTS)
    approve_reversal(row, actor=person, reason="Agreed")
    with pytest.raises(NotProposed):
        approve_reversal(stale, actor=person, reason="Agreed")
    assert len(notes()) == 1


def test_above_the_amount_another_person_has_to_confirm():
    row = proposed(second_person_above=Decimal("100.00"))
    first, second = make_staff(*RIGHTS), make_staff(*RIGHTS)
    assert approve_reversal(row, actor=first, reason="Agreed") is True
    assert (row.state, row.approved_by, notes()) == ("proposed", first, [])
    look(row)
    assert row.approved_by == first
    with pytest.raises(SecondPersonNeeded):
        approve_reversal(row, actor=first, reason="Again")
    assert approve_reversal(row, actor=second, reason="Seen") is False
    assert (row.approved_by, row.confirmed_by, len(notes())) == (first, second, 1)


def test_an_approval_is_of_one_amount_only():
    row = proposed(second_person_above=Decimal("100.00"))
    approve_reversal(row, actor=make_staff(*RIGHTS), reason="Agreed")
    Reversal.objects.filter(pk=row.pk).update(amount_minor=5000)
    look(row)
    assert (row.state, row.counted_minor, row.approved_by) == ("proposed", 5000, None)


def test_what_changed_since_it_was_shown_is_not_approved():
    row = proposed()
    Reversal.objects.filter(pk=row.pk).update(amount_minor=5000)
    with pytest.raises(NotProposed):
        approve_reversal(row, actor=make_staff(*RIGHTS), reason="Agreed")
    assert notes() == []


@pytest.mark.parametrize("rights", [(), ("billing.approve_reversal",), ("billing.view_reversal", RIGHTS[1])])
def test_without_every_right_nothing_begins(rights):
    row = proposed()
    with pytest.raises(PermissionDenied):
        approve_reversal(row, actor=make_staff(*rights), reason="Agreed")
    row.refresh_from_db()
    assert (row.state, row.approved_by, notes()) == ("proposed", None, [])


@pytest.mark.parametrize("service", [approve_reversal, settle_reversal])
def test_no_machine_and_nobody_without_a_reason(service):
    row = proposed()
    with pytest.raises(PermissionDenied):
        service(row, actor=None, reason="x")
    with pytest.raises(ReasonMissing):
        service(row, actor=make_staff(*RIGHTS), reason=" ")


def test_a_declined_proposal_is_over_until_somebody_has_it_decided_again():
    row, person = proposed(), make_staff(*RIGHTS)
    settle_reversal(row, actor=person, reason="Credited by hand")
    assert (row.state, row.code, row.reason, row.remedy) == ("nothing", "settled", "Credited by hand", "")
    look(row)
    assert (row.state, row.next_at) == ("nothing", None)
    decide_again(row, actor=person, reason="It was not")
    assert (row.state, row.code, row.remedy, row.settled_at) == ("proposed", "credit_part", "credit_note", None)


def test_what_goes_on_by_itself_is_neither_settled_nor_decided_again():
    row, person = make_reversal(status="contingency"), make_staff(*RIGHTS)
    look(row)
    assert row.state == "waiting"
    for service in (settle_reversal, decide_again):
        with pytest.raises(NotWithPeople):
            service(row, actor=person, reason="x")


def test_the_policy_ends_where_a_second_person_begins():
    row = make_reversal(corrections="automatic", second_person_above=Decimal("112.99"))
    look(row)
    assert (row.state, notes()) == ("proposed", [])


def test_what_counts_is_capped_at_the_sale():
    first = make_reversal(amount_minor=10000, occurred_at=datetime(2026, 11, 20, tzinfo=UTC))
    second = make_reversal(sale=first.sale, key="refund:re_b", amount_minor=5000)
    third = make_reversal(sale=first.sale, key="refund:re_c", amount_minor=100)
    for row in (first, second, third):
        look(row)
    assert [(row.counted_minor, row.code) for row in (first, second, third)] == [
        (10000, "credit_part"),
        (1300, "invalidate_ccf"),
        (0, "beyond_sale"),
    ]
