"""How rules, their conditions and what they found are told: in the words of the reader, never stored rendered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from billing.rule_conditions import FACTS, Answer, Condition, Operator
from billing.rule_evaluation import Action, IfUnknown, Look, Verdict
from smartbill.errors import APPROVAL, Problem

HELD = gettext_noop("Held by the rule: %(rules)s. It waits for an approval; its page says why and who may answer.")
BLOCKED = gettext_noop("Blocked by the rule: %(rules)s. No document is made before somebody with that right lifts it.")
REFUSED = gettext_noop("The approval was refused by %(who)s: %(why)s. Rule: %(rules)s. Refund it, or ask again.")


@dataclass(frozen=True, slots=True)
class SpokenProblem(Problem):
    """A problem that is told in each reader's language: `text` is the sentence, `values` fill it."""

    text: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {**Problem.as_json(self), "text": self.text, "values": dict(self.values)}


def spoken(code: str, text: str, **values: str) -> SpokenProblem:
    """Return a problem that only an approval ends."""
    return SpokenProblem(APPROVAL, code, _(text) % values, text, values)


def in_words(reason: Mapping[str, Any]) -> str:
    """Return a stored reason in the reader's language where it was stored so, else as it was written."""
    text = str(reason.get("text", ""))
    return _(text) % reason["values"] if text else str(reason.get("message", ""))


def names_of(looks: Iterable[Look]) -> str:
    return ", ".join(look.rule.name for look in looks)


def condition_words(condition: Condition, currency: str) -> str:
    """Return a condition as a sentence without its end: “Total in the issuer's currency is above 5000 USD”."""
    fact = FACTS.get(condition.fact)
    label = fact.label if fact else condition.fact
    return f"{label} {Operator(condition.operator).label} {_values(condition.fact, condition.value, currency)}"


def finding_words(finding: Mapping[str, Any], currency: str) -> str:
    """Return a stored finding: the condition, what was found, and the answer."""
    asked = condition_words(Condition.from_json(finding), currency)
    actual = finding["actual"]
    if actual is None:
        return _("%(condition)s? That is not known.") % {"condition": asked}
    found = _values(finding["fact"], [actual] if isinstance(actual, str) else actual, currency)
    values = {"condition": asked, "found": found, "answer": Answer(finding["answer"]).label}
    return _("%(condition)s? Here: %(found)s – %(answer)s.") % values


def _values(name: str, values: Iterable[str], currency: str) -> str:
    fact = FACTS.get(name)
    if fact is None:
        return ", ".join(values)
    if fact.is_number:
        (number,) = values
        return f"{Decimal(number):,f}" + (f" {currency}" if fact.is_money else "")
    upper = name in ("currency", "country")
    return ", ".join(str(fact.words.get(word, word.upper() if upper else word)) for word in values)


def rule_words(rule: Mapping[str, Any]) -> str:
    """Return what a stored rule does."""
    said = str(Action(rule["action"]).label)
    if rule["action"] == Action.TERMS:
        return f"{said}: “{rule['terms']}”"
    if rule["action"] == Action.KIND:
        word = FACTS["kind"].words[rule["chosen_kind"]]
        return f"{said}: {word}"
    return said


def unknown_words(rule: Mapping[str, Any]) -> str:
    """Return what a rule says of what is not known."""
    return str(IfUnknown(rule["if_unknown"]).label)


def verdict_words(look: Mapping[str, Any]) -> str:
    return str(Verdict(look["verdict"]).label)
