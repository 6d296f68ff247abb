from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from billing.rule_conditions import FACTS, Answer, Condition
from billing.rule_evaluation import Action, Evaluation, IfUnknown, RuleText, Verdict, asked_facts, evaluate
from billing.rule_texts import finding_words, rule_words, verdict_words


def a_rule(number: int = 1, **changes: Any) -> RuleText:
    values: dict[str, Any] = {
        "id": number,
        "version": 1,
        "name": f"Rule {number}",
        "position": 100,
        "action": "hold",
        "conditions": (Condition("amount", "above", ("100",)),),
        "if_unknown": "person",
    }
    return RuleText(**{**values, **changes})


LARGE, SMALL = {"amount": Decimal(200)}, {"amount": Decimal(1)}


def verdicts(evaluation: Evaluation) -> list[str]:
    return [look.verdict.value for look in evaluation.looks]


def test_all_conditions_have_to_be_met() -> None:
    both = (Condition("amount", "above", ("100",)), Condition("country", "one_of", ("us",)))
    rule = a_rule(conditions=both)
    assert verdicts(evaluate([rule], {**LARGE, "country": ("us",)})) == ["applies"]
    assert verdicts(evaluate([rule], {**LARGE, "country": ("sv",)})) == ["unmet"]


def test_one_unmet_condition_settles_it_whatever_is_unknown() -> None:
    both = (Condition("amount", "above", ("100",)), Condition("country", "one_of", ("us",)))
    assert verdicts(evaluate([a_rule(conditions=both)], SMALL)) == ["unmet"]


def test_the_rule_says_what_holds_when_something_is_unknown() -> None:
    rules = [a_rule(n, if_unknown=each.value) for n, each in enumerate(IfUnknown)]
    evaluation = evaluate(rules, {})
    assert verdicts(evaluation) == ["asked", "applies", "skipped"]
    assert [look.rule.id for look in evaluation.asking] == [0, 1]


def test_a_blocking_rule_that_cannot_be_answered_asks_for_the_higher_right() -> None:
    evaluation = evaluate([a_rule(action="block")], {})
    assert [look.is_blocking for look in evaluation.asking] == [True]


def test_what_is_unknown_prints_nothing_and_chooses_nothing() -> None:
    rules = [a_rule(1, action="terms", terms="30 days"), a_rule(2, action="kind", chosen_kind="ccf")]
    evaluation = evaluate(rules, {})
    assert (evaluation.terms, evaluation.chosen_kind) == ("", "")
    assert len(evaluation.asking) == 2


def test_terms_are_joined_in_order_and_each_is_said_once() -> None:
    rules = [
        a_rule(3, action="terms", terms="30 days", position=2),
        a_rule(1, action="terms", terms="No returns", position=3),
        a_rule(2, action="terms", terms="30 days", position=1),
    ]
    assert evaluate(rules, LARGE).terms == "30 days\nNo returns"


def test_the_first_rule_that_chooses_a_kind_wins() -> None:
    rules = [
        a_rule(2, action="kind", chosen_kind="ccf", position=5),
        a_rule(1, action="kind", chosen_kind="factura", position=7),
    ]
    assert evaluate(rules, LARGE).chosen_kind == "ccf"


def test_a_rule_is_stored_and_read_back() -> None:
    rule = a_rule(terms="x", people=2)
    assert RuleText.from_json(rule.as_json()) == rule
    assert asked_facts([rule]) == {"amount"}


# Any rules over any facts ---------------------------------------------------------------------------------------------
NUMBERS = st.decimals(min_value=0, max_value=10**9, places=2)


def conditions() -> st.SearchStrategy[Condition]:
    def of(name: str) -> st.SearchStrategy[Condition]:
        asked = FACTS[name]
        words = st.sampled_from(sorted(asked.words) or ["sv", "us", "prod_1"])
        value = (
            NUMBERS.map(lambda n: (str(n),)) if asked.is_number else st.lists(words, min_size=1, max_size=3).map(tuple)
        )
        return st.builds(Condition, st.just(name), st.sampled_from([o.value for o in asked.operators]), value)

    return st.sampled_from(sorted(FACTS)).flatmap(of)


def any_facts() -> st.SearchStrategy[dict[str, Any]]:
    def of(name: str) -> st.SearchStrategy[Any]:
        asked = FACTS[name]
        words = st.sampled_from(sorted(asked.words) or ["sv", "us", "prod_1"])
        return st.none() | (NUMBERS if asked.is_number else st.lists(words, max_size=3).map(tuple))

    return st.fixed_dictionaries({}, optional={name: of(name) for name in FACTS})


@st.composite
def any_rules(draw: st.DrawFn) -> list[RuleText]:
    rows = draw(
        st.lists(
            st.tuples(
                st.lists(conditions(), min_size=1, max_size=4),
                st.sampled_from(Action.values),
                st.sampled_from(IfUnknown.values),
                st.integers(0, 5),
            ),
            max_size=6,
        )
    )
    return [
        a_rule(
            n,
            conditions=tuple(asked),
            action=action,
            if_unknown=unknown,
            position=position,
            terms="terms" if action == "terms" else "",
            chosen_kind="ccf" if action == "kind" else "",
        )
        for n, (asked, action, unknown, position) in enumerate(rows)
    ]


@given(any_rules(), any_facts(), st.randoms())
def test_every_rule_is_judged_once_in_one_order_and_explained(rules: list[RuleText], facts: Any, random: Any) -> None:
    evaluation = evaluate(rules, facts)
    shuffled = list(rules)
    random.shuffle(shuffled)
    assert evaluate(shuffled, facts) == evaluation
    assert [look.rule.id for look in evaluation.looks] == [
        rule.id for rule in sorted(rules, key=lambda rule: (rule.position, rule.id))
    ]
    for look in evaluation.looks:
        assert [each.condition for each in look.findings] == list(look.rule.conditions)
        answers = {each.answer for each in look.findings}
        assert (look.verdict == Verdict.UNMET) == (Answer.UNMET in answers)
        stored = look.as_json()
        assert rule_words(stored["rule"])
        assert verdict_words(stored)
        assert all(finding_words(each, "USD") for each in stored["findings"])


@given(any_rules(), any_facts())
def test_nothing_unknown_passes_a_rule_that_holds_or_blocks_unless_it_says_so(
    rules: list[RuleText], facts: Any
) -> None:
    for look in evaluate(rules, facts).looks:
        unknown = any(each.answer == Answer.UNKNOWN for each in look.findings)
        if unknown and look.rule.action in ("hold", "block") and look.verdict != Verdict.UNMET:
            assert look.is_asking == (look.rule.if_unknown != IfUnknown.SKIP)
