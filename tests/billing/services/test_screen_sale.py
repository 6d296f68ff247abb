from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils.timezone import now

from billing.models import Approval, RuleDecision, Sale
from billing.profiles import Entry, Profile
from billing.services.answer_approval import grant_approval, refuse_approval
from notifications.models import Alert, Message
from smartbill.drafts import Party
from tests.billing import shapes
from tests.factories.people import make_staff
from tests.factories.rules import make_rule, make_sale, screen
from tests.factories.smartbill import IssuerFactory, make_draft

pytestmark = pytest.mark.django_db
OF_ANA = {"total": "113.00 USD", "kind": "factura", "name": "Ana López", "tax_id": "", "nrc": "", "country": ""}


@pytest.fixture
def issuer() -> Any:
    return IssuerFactory.create()


def approver() -> Any:
    return make_staff("billing.answer_approval", "billing.lift_block")


def named(name: str) -> Profile:
    return Profile(entries={"legal_name": Entry(value=name, raw=name, source="staff")}, version=1)


def test_without_rules_nothing_is_asked_and_nothing_is_written(issuer: Any, django_assert_num_queries: Any) -> None:
    sale = make_sale(issuer)
    with django_assert_num_queries(2):
        screened = screen(sale)
    assert screened.problems == ()
    assert (screened.draft.approved, screened.draft.notes) == ({}, "")
    assert RuleDecision.objects.count() == 0


def test_a_rule_that_applies_holds_the_sale_and_asks_once(issuer: Any) -> None:
    rule = make_rule(issuer)
    sale = make_sale(issuer)
    for _again in range(3):
        (problem,) = screen(sale).problems
    assert (problem.field, problem.code) == ("approval", "held_by_rule")
    assert problem.message.startswith("Held by the rule: Large sale.")
    approval = Approval.objects.get()
    assert approval.rules == [{"id": rule.pk, "version": 1, "name": "Large sale"}]
    assert (approval.amount, approval.currency, approval.people, approval.is_block) == (113, "USD", 1, False)
    assert approval.subject == OF_ANA
    assert RuleDecision.objects.count() == 1


def test_what_was_said_stays_readable_when_the_rule_changed(issuer: Any) -> None:
    rule = make_rule(issuer, state="draft")
    type(rule).objects.filter(pk=rule.pk).update(state="on")
    screen(make_sale(issuer))
    type(rule).objects.filter(pk=rule.pk).update(state="off")
    type(rule).objects.filter(pk=rule.pk).update(name="Other", conditions=[{"fact": "lines"}], version=2)
    (look,) = RuleDecision.objects.get().looks
    assert (look["rule"]["name"], look["rule"]["version"], look["verdict"]) == ("Large sale", 1, "applies")
    assert look["findings"] == [
        {"fact": "amount", "operator": "above", "value": ["100"], "actual": "113.00", "answer": "met"}
    ]


def test_an_approval_stands_when_the_sale_is_decided_again(issuer: Any) -> None:
    make_rule(issuer)
    sale = make_sale(issuer)
    screen(sale)
    grant_approval(Approval.objects.get(), actor=approver(), reason="Known customer")
    screened = screen(sale)
    assert screened.problems == ()
    assert screened.draft.approved == screened.draft.essence
    assert Approval.objects.count() == 1


@pytest.mark.parametrize("change", ["total", "buyer"])
def test_what_was_approved_and_then_changed_is_asked_anew(issuer: Any, change: str) -> None:
    make_rule(issuer)
    sale = make_sale(issuer, number=7)
    screen(sale)
    grant_approval(Approval.objects.get(), actor=approver(), reason="Known customer")
    if change == "total":
        again = shapes.of_invoice(shapes.invoice([shapes.included(22600)], id="in_s7"))
        sale.snapshot.content = again
        assert [problem.code for problem in screen(sale).problems] == ["held_by_rule"]
    else:
        assert [problem.code for problem in screen(sale, profile=named("Somebody Else")).problems] == ["held_by_rule"]
    assert list(Approval.objects.order_by("id").values_list("state", flat=True)) == ["granted", "open"]


def test_an_open_approval_lapses_and_says_so_when_its_question_changes(issuer: Any) -> None:
    make_rule(issuer)
    sale = make_sale(issuer)
    screen(sale)
    screen(sale, profile=named("Somebody Else"))
    first, second = Approval.objects.order_by("id")
    assert (first.state, second.state) == ("lapsed", "open")
    assert first.events.last().reason == "What was to be approved has changed: Ana López → Somebody Else"


def test_an_approval_lapses_when_no_rule_asks_any_more(issuer: Any) -> None:
    rule = make_rule(issuer)
    sale = make_sale(issuer)
    screen(sale)
    assert Alert.objects.open().filter(kind="approval_waiting").count() == 1
    type(rule).objects.update(state="off")
    assert screen(sale).problems == ()
    assert Approval.objects.get().state == "lapsed"
    assert Alert.objects.open().count() == 0


def test_a_refusal_stands_until_somebody_asks_again(issuer: Any) -> None:
    make_rule(issuer)
    sale = make_sale(issuer)
    screen(sale)
    who = approver()
    refuse_approval(Approval.objects.get(), actor=who, reason="Fraud")
    (problem,) = screen(sale).problems
    assert problem.code == "approval_refused"
    assert problem.message.startswith(f"The approval was refused by {who}: Fraud.")
    assert Approval.objects.count() == 1


def test_another_rule_asks_for_itself(issuer: Any) -> None:
    make_rule(issuer)
    sale = make_sale(issuer)
    screen(sale)
    grant_approval(Approval.objects.get(), actor=approver(), reason="Fine")
    make_rule(issuer, {"fact": "lines", "operator": "at_least", "value": ["1"]}, name="Lines")
    assert [problem.values for problem in screen(sale).problems] == [{"rules": "Lines"}]  # type: ignore[attr-defined]
    assert [rule["name"] for rule in Approval.objects.open().get().rules] == ["Lines"]


def test_two_people_answer_above_the_amount_of_the_issuer() -> None:
    issuer = IssuerFactory.create(second_person_above=100)
    make_rule(issuer)
    screen(make_sale(issuer))
    assert Approval.objects.get().needed == 2


def test_a_block_needs_the_higher_right(issuer: Any) -> None:
    make_rule(issuer, action="block")
    (problem,) = screen(make_sale(issuer)).problems
    assert problem.code == "blocked_by_rule"
    assert Approval.objects.get().is_block
    assert [alert.kind for alert in Alert.objects.all()] == ["approval_of_block"]


def test_a_missing_fact_asks_a_person(issuer: Any) -> None:
    make_rule(issuer, {"fact": "risk_level", "operator": "one_of", "value": ["highest"]}, action="block")
    assert len(screen(make_sale(issuer)).problems) == 1
    (look,) = RuleDecision.objects.get().looks
    assert (look["verdict"], look["findings"][0]["answer"]) == ("asked", "unknown")


def test_terms_are_printed(issuer: Any) -> None:
    make_rule(issuer, action="terms", terms="Payable in 30 days")
    assert screen(make_sale(issuer)).draft.notes == "Payable in 30 days"


def test_a_rule_answers_the_open_question_for_the_kind_and_never_the_buyer(issuer: Any) -> None:
    make_rule(issuer, action="kind", chosen_kind="factura")
    asked = shapes.customer(metadata={"sv_nit": "06140101900018"})
    stated = shapes.customer(metadata={"sv_nit": "06140101900018", "document_kind": "ccf"})
    kinds = []
    for customer in (asked, stated):
        content = shapes.of_invoice(shapes.invoice([shapes.included(11300)], customer=customer))
        screened = screen(make_sale(issuer, content=content))
        kinds.append((screened.draft.kind, [each.code for each in screened.draft.held_because]))
    assert kinds == [("factura", []), ("ccf", [])]


def test_a_rule_that_only_tells_mails_each_manager_once(issuer: Any) -> None:
    person = make_staff(email="ines@acme.example")
    person.groups.add(Group.objects.create(name="Finance manager"))
    make_rule(issuer, action="notify", name="Big one")
    sale = make_sale(issuer)
    for _again in range(2):
        assert screen(sale).problems == ()
    mail = Message.objects.get()
    assert (mail.template, mail.recipient) == ("rule_notice", "ines@acme.example")
    assert mail.context["total"] == "113.00 USD"


def test_rules_count_on_their_days_only(issuer: Any) -> None:
    paid_on = now().fromtimestamp(shapes.PAID_AT, tz=issuer.zone).date()
    make_rule(issuer, valid_from=paid_on + timedelta(days=1))
    make_rule(issuer, valid_until=paid_on - timedelta(days=1))
    assert screen(make_sale(issuer)).problems == ()
    make_rule(issuer, valid_from=paid_on, valid_until=paid_on)
    assert len(screen(make_sale(issuer)).problems) == 1


def test_rules_of_another_issuer_say_nothing(issuer: Any) -> None:
    make_rule(IssuerFactory.create())
    assert screen(make_sale(issuer)).problems == ()


def test_the_past_is_read_only_where_a_rule_asks_for_it(issuer: Any, django_assert_max_num_queries: Any) -> None:
    sale = make_sale(issuer)
    for _number in range(30):
        make_sale(issuer, outcome="held", paid_at=now(), worth=Decimal(5), reasons=[{"message": "x"}])
    make_rule(issuer, {"fact": "sales_of_day", "operator": "above", "value": ["100"]})
    with django_assert_max_num_queries(8):
        assert screen(sale).problems == ()
    assert Sale.objects.count() == 31


def test_a_rule_about_the_kind_sees_the_kind_that_a_rule_chose(issuer: Any) -> None:
    make_rule(issuer, action="kind", chosen_kind="factura", name="Choose", position=1)
    make_rule(issuer, {"fact": "kind", "operator": "one_of", "value": ["factura"]}, action="block", position=2)
    buyer = shapes.customer(metadata={"sv_nit": "0614-280390-112-1"})
    sale = make_sale(issuer, content=shapes.of_invoice(shapes.invoice([shapes.included(11300)], customer=buyer)))
    screened = screen(sale)
    assert screened.draft.kind == "factura"
    assert [problem.code for problem in screened.problems] == ["blocked_by_rule"]
    assert RuleDecision.objects.get().looks[1]["findings"][0]["actual"] == ["factura"]


def test_the_same_words_in_other_places_are_another_buyer(issuer: Any) -> None:
    one = make_draft(issuer, party=Party(name="Ana", tax_id="06140000000014", tax_id_type="nit"))
    other = make_draft(issuer, party=Party(name="Ana · 06140000000014"))
    assert one.essence != other.essence
