from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from billing.errors import InvalidRule, RuleRefused
from billing.models import Rule, RuleChange
from billing.rule_conditions import condition_from
from billing.services.save_rule import add_rule, change_rule, copy_rule, plain
from billing.services.switch_rule import switch_off, switch_on
from tests.factories.people import make_staff
from tests.factories.rules import make_rule
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db
RIGHTS = ("billing.add_rule", "billing.change_rule", "billing.switch_rule")
VALUES: dict[str, Any] = {
    "name": "Large",
    "position": 10,
    "valid_from": None,
    "valid_until": None,
    "if_unknown": "person",
    "action": "hold",
    "people": 1,
    "terms": "",
    "chosen_kind": "",
}


def values(**changes: Any) -> dict[str, Any]:
    return {**VALUES, "conditions": [condition_from("amount", "above", "500")], **changes}


def added(**changes: Any) -> Rule:
    return add_rule(issuer=IssuerFactory.create(), values=values(**changes), actor=make_staff(*RIGHTS))


def test_a_new_rule_is_a_draft_with_its_author_and_history() -> None:
    rule = added()
    assert (rule.state, rule.version, rule.simulated_version) == ("draft", 1, None)
    change = rule.changes.get()
    assert (change.actor, change.before) == (rule.author, {})
    assert change.after == {name: value for name, value in plain(rule).items() if value is not None}


def test_a_change_is_a_new_version_and_leaves_old_and_new_with_the_reason() -> None:
    rule, who = added(), make_staff(*RIGHTS)
    Rule.objects.update(simulated_version=1, state="simulated")
    changed = change_rule(rule, values=values(name="Very large"), version=1, actor=who, reason="Clearer")
    assert (changed.version, changed.state, changed.simulated_version) == (2, "draft", 1)
    change = rule.changes.last()
    assert (change.before, change.after) == ({"name": "Large"}, {"name": "Very large"})
    assert (change.actor, change.reason, change.version) == (who, "Clearer", 2)


def test_saying_the_same_again_changes_nothing() -> None:
    rule = added()
    change_rule(rule, values=values(), version=1, actor=make_staff(*RIGHTS), reason="No reason")
    assert (Rule.objects.get().version, RuleChange.objects.count()) == (1, 1)


def test_who_saw_an_older_version_is_told() -> None:
    rule, who = added(), make_staff(*RIGHTS)
    change_rule(rule, values=values(position=5), version=1, actor=who, reason="First")
    with pytest.raises(RuleRefused, match="a moment ago"):
        change_rule(rule, values=values(position=6), version=1, actor=who, reason="Second")
    assert Rule.objects.get().position == 5


def test_a_rule_that_is_on_is_copied_and_not_changed() -> None:
    rule, who = make_rule(IssuerFactory.create()), make_staff(*RIGHTS)
    with pytest.raises(RuleRefused, match="Copy it"):
        change_rule(rule, values=values(), version=1, actor=who, reason="Now")
    copy = copy_rule(rule, actor=who, reason="A higher limit")
    assert (copy.name, copy.state, copy.conditions) == ("Large sale (copy)", "draft", rule.conditions)
    for columns in ({"name": "x"}, {"conditions": [{}]}, {"version": 2, "simulated_version": 2}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Rule.objects.filter(pk=rule.pk).update(**columns)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"conditions": []}, "at least one condition"),
        ({"action": "block", "if_unknown": "skip"}, "lets nothing pass"),
        ({"action": "terms", "terms": "x", "if_unknown": "apply"}, "is not guessed"),
        ({"action": "terms"}, "Write the terms"),
        ({"action": "kind"}, "Choose the kind"),
        ({"people": 3}, "less than or equal to 2"),
        ({"valid_from": "2026-02-01", "valid_until": "2026-01-01"}, "rule_ends_after_it_begins"),
    ],
)
def test_what_does_not_fit_together_is_refused_in_words(changes: Any, words: str) -> None:
    with pytest.raises(InvalidRule) as refusal:
        added(**changes)
    assert words in str(refusal.value)
    assert Rule.objects.count() == 0


def test_only_a_simulated_version_is_switched_on() -> None:
    rule, who = added(), make_staff(*RIGHTS)
    with pytest.raises(RuleRefused, match="past 90 days"):
        switch_on(rule, actor=who, reason="Go", seen=rule.version)
    with pytest.raises(IntegrityError), transaction.atomic():
        Rule.objects.update(state="on")
    Rule.objects.update(simulated_version=1)
    switch_on(rule, actor=who, reason="Looked at it", seen=rule.version)
    assert rule.state == "on"
    assert rule.changes.last().after == {"state": "on"}
    switch_off(rule, actor=who, reason="Enough")
    assert (rule.state, rule.changes.last().reason) == ("off", "Enough")
    with pytest.raises(RuleRefused, match="not on"):
        switch_off(rule, actor=who, reason="Enough")


def test_only_the_version_that_was_shown_is_switched_on() -> None:
    rule, who = added(), make_staff(*RIGHTS)
    change_rule(rule, values=values(name="Very large"), version=1, actor=who, reason="Clearer")
    Rule.objects.update(simulated_version=2, state="simulated")
    with pytest.raises(RuleRefused, match="was changed since"):
        switch_on(Rule.objects.get(), actor=who, reason="Go", seen=1)
    assert Rule.objects.get().state == "simulated"


@pytest.mark.parametrize("right", RIGHTS)
def test_each_act_needs_its_right(right: str) -> None:
    rule = make_rule(IssuerFactory.create(), state="draft")
    who = make_staff(*(each for each in RIGHTS if each != right))
    with pytest.raises(PermissionDenied):
        {
            "billing.add_rule": lambda: add_rule(issuer=rule.issuer, values=values(), actor=who),
            "billing.change_rule": lambda: change_rule(rule, values=values(), version=1, actor=who, reason="x"),
            "billing.switch_rule": lambda: switch_on(rule, actor=who, reason="x", seen=rule.version),
        }[right]()
    assert RuleChange.objects.count() == 0


def test_a_change_of_a_rule_is_never_rewritten() -> None:
    added()
    with pytest.raises(IntegrityError), transaction.atomic():
        RuleChange.objects.update(reason="Otherwise")


@pytest.mark.parametrize("sign", ["\ue000", "\x07", "\ud800"])
def test_terms_that_no_document_can_print_are_refused(sign: str) -> None:
    with pytest.raises(InvalidRule, match="unprintable"):
        added(action="terms", if_unknown="skip", terms=f"Net 30{sign}")
    assert not Rule.objects.exists()
    assert added(action="terms", if_unknown="skip", terms="Net 30\r\nNo returns").terms == "Net 30\r\nNo returns"
