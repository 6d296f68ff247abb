from decimal import Decimal

import pytest

from billing.errors import InvalidRule
from billing.rule_conditions import FACTS, HISTORY, Answer, Condition, Operator, condition_from
from billing.rule_texts import condition_words


@pytest.mark.parametrize(
    ("operator", "limit", "answer"),
    [
        ("above", "100", "unmet"),
        ("above", "99.99", "met"),
        ("at_least", "100", "met"),
        ("at_least", "100.01", "unmet"),
        ("below", "100", "unmet"),
        ("below", "100.01", "met"),
        ("at_most", "100", "met"),
        ("at_most", "99.99", "unmet"),
    ],
)
def test_numbers_are_compared_to_the_cent(operator: str, limit: str, answer: str) -> None:
    assert condition_from("amount", operator, limit).answer({"amount": Decimal("100.00")}) == answer


@pytest.mark.parametrize(
    ("operator", "value", "answer"),
    [
        ("one_of", "SV, us", "met"),
        ("one_of", "KP", "unmet"),
        ("none_of", "KP, IR", "met"),
        ("none_of", "sv", "unmet"),
    ],
)
def test_words_are_compared_without_regard_to_capitals(operator: str, value: str, answer: str) -> None:
    assert condition_from("country", operator, value).answer({"country": ("sv",)}) == answer


def test_of_several_products_one_is_enough() -> None:
    facts = {"products": ("prod_1", "prod_2")}
    assert condition_from("products", "one_of", "prod_2,prod_9").answer(facts) == Answer.MET
    assert condition_from("products", "none_of", "prod_2").answer(facts) == Answer.UNMET


@pytest.mark.parametrize("name", sorted(FACTS))
def test_what_is_not_known_answers_no_comparison(name: str) -> None:
    asked = FACTS[name]
    value = ("1",) if asked.is_number else (next(iter(asked.words), "x"),)
    for operator in asked.operators:
        for nothing in ({}, {name: None}, {name: ()}):
            assert Condition(name, operator, value).answer(nothing) == Answer.UNKNOWN


@pytest.mark.parametrize(
    ("fact", "operator", "value", "words"),
    [
        ("weather", "above", "1", "Choose what the condition is about."),
        ("amount", "one_of", "100", "is above, is at least, is below, is at most"),
        ("country", "above", "SV", "is one of, is none of"),
        ("amount", "above", "1,000", "without separators of thousands"),
        ("amount", "above", "-1", "a number such as"),
        ("amount", "above", "NaN", "a number such as"),
        ("amount", "above", "1e400", "a number such as"),
        ("amount", "above", "0.0001", "a number such as"),
        ("country", "one_of", " , ", "separated by commas"),
        ("risk_level", "one_of", "awful", "Possible: normal, elevated, highest."),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_write(fact: str, operator: str, value: str, words: str) -> None:
    with pytest.raises(InvalidRule) as refusal:
        condition_from(fact, operator, value)
    assert words in str(refusal.value)


def test_a_condition_is_stored_and_read_back() -> None:
    asked = condition_from("segment", Operator.ONE_OF, "Gold, silver, gold")
    assert asked.value == ("gold", "silver")
    assert Condition.from_json(asked.as_json()) == asked


def test_a_fact_that_a_release_took_away_is_not_known() -> None:
    asked = Condition("weather", "one_of", ("rain",))
    assert asked.answer({"weather": ("rain",)}) == Answer.UNKNOWN
    assert condition_words(asked, "USD") == "weather is one of rain"


def test_the_facts_of_the_past_are_facts() -> None:
    assert set(FACTS) >= HISTORY
