from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from billing.errors import NotWaiting, OwnRequest
from billing.models import Approval, ApprovalEvent, Sale
from billing.services import announce_approval
from billing.services.announce_approval import STEPS, remind_due_approvals
from billing.services.answer_approval import ask_again, grant_approval, refuse_approval
from billing.tasks import drain_approvals
from notifications.models import Alert
from notifications.permissions import ReasonMissing
from smartbill.models import Issuer
from tests.factories.people import make_staff
from tests.factories.rules import make_approval, screen
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db


def approver() -> Any:
    return make_staff("billing.answer_approval")


def held(**rule: Any) -> Approval:
    return make_approval(IssuerFactory.create(), **rule)


def what_happened(approval: Approval) -> list[str]:
    return list(approval.events.values_list("what", flat=True))


def test_an_approval_sends_the_sale_on_its_way_and_leaves_who_and_why() -> None:
    approval, who = held(), approver()
    assert grant_approval(approval, actor=who, reason="Known customer") is False
    assert (approval.state, approval.ended_by, approval.next_at) == ("granted", who, None)
    sale = Sale.objects.get()
    assert (sale.outcome, sale.attempts) == ("pending", 0)
    assert sale.next_at is not None
    assert sale.events.last().reason == "Approved: Known customer"
    assert what_happened(approval) == ["asked", "approved"]
    assert Alert.objects.open().count() == 0


def test_a_refusal_is_kept_and_told_on_the_sale() -> None:
    approval, who = held(), approver()
    refuse_approval(approval, actor=who, reason="Never heard of them")
    assert (approval.state, approval.ended_by) == ("refused", who)
    assert "Never heard of them" in screen(approval.sale).problems[0].message


def test_two_people_are_two_people() -> None:
    approval, first, second = held(people=2), approver(), approver()
    assert grant_approval(approval, actor=first, reason="Fine") is True
    assert (approval.state, approval.first_by) == ("open", first)
    assert Sale.objects.get().outcome == "held"
    with pytest.raises(OwnRequest):
        grant_approval(approval, actor=first, reason="Fine again")
    assert grant_approval(approval, actor=second, reason="Fine too") is False
    assert (approval.state, approval.first_by, approval.ended_by) == ("granted", first, second)
    assert Sale.objects.get().outcome == "pending"


def test_a_lower_amount_for_a_second_person_counts_for_what_waits_already() -> None:
    approval, first, second = held(), approver(), approver()
    Issuer.objects.update(second_person_above=100)
    assert Approval.objects.get().needed == 2
    assert grant_approval(approval, actor=first, reason="Fine") is True
    Issuer.objects.update(second_person_above=None)
    assert Approval.objects.get().needed == 2, "what one has approved already asks for another"
    assert grant_approval(approval, actor=second, reason="Fine too") is False


def test_who_approved_first_may_still_refuse() -> None:
    approval, first = held(people=2), approver()
    grant_approval(approval, actor=first, reason="Fine")
    refuse_approval(approval, actor=first, reason="I looked again")
    assert approval.state == "refused"


def test_what_was_refused_can_be_asked_again_and_who_asks_does_not_answer() -> None:
    approval = held()
    refuse_approval(approval, actor=approver(), reason="No papers")
    clerk = make_staff("billing.retry_sale", "billing.answer_approval")
    asked = ask_again(approval, actor=clerk, reason="The papers are here")
    assert (asked.state, asked.requested_by, asked.subject) == ("open", clerk, approval.subject)
    for answer in (grant_approval, refuse_approval):
        with pytest.raises(OwnRequest):
            answer(asked, actor=clerk, reason="I think so")
    assert [problem.code for problem in screen(asked.sale).problems] == ["held_by_rule"]
    assert Approval.objects.count() == 2
    grant_approval(asked, actor=approver(), reason="Seen")
    assert screen(asked.sale).problems == ()


def test_only_the_last_refusal_can_be_asked_again() -> None:
    approval = held()
    clerk = make_staff("billing.retry_sale")
    with pytest.raises(NotWaiting):
        ask_again(approval, actor=clerk, reason="Now")
    refuse_approval(approval, actor=approver(), reason="No")
    ask_again(approval, actor=clerk, reason="Please")
    with pytest.raises(NotWaiting):
        ask_again(approval, actor=clerk, reason="Please")


@pytest.mark.parametrize("answer", [grant_approval, refuse_approval])
def test_what_is_answered_is_not_answered_again(answer: Any) -> None:
    approval = held()
    refuse_approval(approval, actor=approver(), reason="No")
    with pytest.raises(NotWaiting):
        answer(approval, actor=approver(), reason="Yes")
    assert what_happened(approval) == ["asked", "refused"]


@pytest.mark.parametrize("answer", [grant_approval, refuse_approval])
@pytest.mark.parametrize(
    ("rights", "rule"),
    [((), {}), (("billing.retry_sale",), {}), (("billing.answer_approval",), {"action": "block"})],
)
def test_without_the_right_nothing_happens(answer: Any, rights: tuple[str, ...], rule: Any) -> None:
    approval = held(**rule)
    with pytest.raises(PermissionDenied):
        answer(approval, actor=make_staff(*rights), reason="Yes")
    assert what_happened(approval) == ["asked"]


def test_a_block_is_lifted_with_the_higher_right() -> None:
    approval = held(action="block")
    grant_approval(approval, actor=make_staff("billing.lift_block"), reason="The bank cleared it")
    assert approval.state == "granted"


@pytest.mark.parametrize("answer", [grant_approval, refuse_approval])
def test_an_answer_has_a_reason(answer: Any) -> None:
    approval = held()
    with pytest.raises(ReasonMissing):
        answer(approval, actor=approver(), reason="  ")
    assert approval.events.count() == 1


def test_people_are_reminded_once_then_those_above_them_once() -> None:
    approval = held()
    assert remind_due_approvals() == 0
    for age, kind, what in STEPS:
        Approval.objects.update(next_at=now())
        assert drain_approvals.due(now())
        drain_approvals()
        assert Alert.objects.open().filter(kind=kind).count() == 1
        assert what_happened(approval)[-1] == what
        approval.refresh_from_db()
        later = [each for each, *_rest in STEPS if each > age]
        assert approval.next_at == (approval.created_at + later[0] if later else None)
    assert not drain_approvals.due(now())
    grant_approval(approval, actor=approver(), reason="At last")
    assert Alert.objects.open().count() == 0


def test_a_reminder_that_fails_waits_and_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = held(), held()
    Approval.objects.update(next_at=now())
    remind = announce_approval._remind

    def reminded(approval_id: int, at: Any) -> None:
        if approval_id == bad.pk:
            raise ZeroDivisionError
        remind(approval_id, at)

    monkeypatch.setattr(announce_approval, "_remind", reminded)
    remind_due_approvals()
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.reminders, good.reminders) == (0, 1)
    assert bad.next_at > now() + timedelta(minutes=10)
    assert remind_due_approvals() == 0


def refused(change: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        change()


def test_the_database_lets_nobody_answer_for_themselves() -> None:
    approval, who = held(people=2), approver()
    row = Approval.objects.filter(pk=approval.pk)
    ends = {"state": "granted", "ended_at": now(), "next_at": None}
    refused(lambda: row.update(**ends, ended_by=who))
    refused(lambda: row.update(**ends, first_by=who, ended_by=who))
    refused(lambda: row.update(**ends))
    refused(lambda: row.update(requested_by=who))
    assert row.update(**ends, first_by=who, ended_by=approver()) == 1
    refused(lambda: row.update(state="refused"))
    refused(lambda: row.update(amount=1))
    refused(lambda: row.update(subject={}))


def test_the_database_counts_each_person_once_and_keeps_the_trail() -> None:
    approval, who = held(people=2), approver()
    grant_approval(approval, actor=who, reason="Yes")
    event = approval.events.last()
    refused(lambda: ApprovalEvent.objects.create(approval=approval, what="approved", actor=who, reason="Again"))
    refused(lambda: ApprovalEvent.objects.create(approval=approval, what="approved", actor=approver()))
    refused(lambda: ApprovalEvent.objects.filter(pk=event.pk).update(reason="Otherwise"))


def test_one_approval_is_open_per_sale() -> None:
    approval = held()
    values = {name: getattr(approval, name) for name in ("sale", "decision", "rules", "subject", "amount", "currency")}
    refused(lambda: Approval.objects.create(**values, is_block=False, people=1))


def test_what_needs_no_document_is_not_asked_again() -> None:
    approval = make_approval(IssuerFactory.create())
    refuse_approval(approval, actor=make_staff("billing.answer_approval"), reason="Fraud")
    Sale.objects.update(outcome="not_applicable", next_at=None, reasons=[{"field": "total", "code": "void"}])
    with pytest.raises(NotWaiting):
        ask_again(approval, actor=make_staff("billing.retry_sale"), reason="Again")
    assert not Approval.objects.open().exists()
