"""What the rules say about a sale: pure, total, in one order whatever the order given, and explained rule by rule.

| conditions | what the rule does |
|---|---|
| all met | it applies |
| one not met | nothing |
| none unmet, but one not known | what the rule says of that: a person decides, it applies, or it does not |
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Self

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from billing.rule_conditions import FACTS, Answer, Condition, Facts, Value


class Action(TextChoices):
    HOLD = "hold", _("Hold for approval")
    BLOCK = "block", _("Block")
    TERMS = "terms", _("Print terms on the document")
    KIND = "kind", _("Choose the kind of document")
    NOTIFY = "notify", _("Tell the finance managers")


class IfUnknown(TextChoices):
    PERSON = "person", _("A person decides")
    APPLY = "apply", _("The rule applies all the same")
    SKIP = "skip", _("The rule does not apply")


class Verdict(TextChoices):
    APPLIES = "applies", _("applies")
    ASKED = "asked", _("not known: a person decides")
    SKIPPED = "skipped", _("not known: does not apply")
    UNMET = "unmet", _("does not apply")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleText:
    """A rule as it stands in one version: all that a decision rests on."""

    id: int
    version: int
    name: str
    position: int
    action: str
    conditions: tuple[Condition, ...]
    if_unknown: str
    people: int = 1
    terms: str = ""
    chosen_kind: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"conditions": [each.as_json() for each in self.conditions]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**{**stored, "conditions": tuple(Condition.from_json(row) for row in stored["conditions"])})


@dataclass(frozen=True, slots=True)
class Finding:
    """One condition, what was found, and the answer."""

    condition: Condition
    actual: Value
    answer: Answer

    def as_json(self) -> dict[str, Any]:
        actual = list(self.actual) if isinstance(self.actual, tuple) else self.actual
        return {
            **self.condition.as_json(),
            "actual": f"{actual:f}" if isinstance(actual, Decimal) else actual,
            "answer": self.answer.value,
        }


@dataclass(frozen=True, slots=True)
class Look:
    """One rule that was looked at, and why it said what it said."""

    rule: RuleText
    verdict: Verdict
    findings: tuple[Finding, ...]

    @property
    def is_asking(self) -> bool:
        """Whether a person has to answer before a document may be made."""
        holding = self.rule.action in (Action.HOLD, Action.BLOCK) and self.verdict == Verdict.APPLIES
        return holding or self.verdict == Verdict.ASKED

    @property
    def is_blocking(self) -> bool:
        return self.rule.action == Action.BLOCK and self.is_asking

    def as_json(self) -> dict[str, Any]:
        findings = [each.as_json() for each in self.findings]
        return {"rule": self.rule.as_json(), "verdict": self.verdict.value, "findings": findings}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Every rule that was looked at, in their order."""

    looks: tuple[Look, ...] = ()

    @property
    def asking(self) -> Sequence[Look]:
        return [look for look in self.looks if look.is_asking]

    @property
    def terms(self) -> str:
        """The terms of all rules that apply, each text once."""
        return "\n".join(dict.fromkeys(look.rule.terms for look in self.applying(Action.TERMS)))

    @property
    def chosen_kind(self) -> str:
        """What the first rule that chooses says; the later ones come too late."""
        return next((look.rule.chosen_kind for look in self.applying(Action.KIND)), "")

    def applying(self, action: str) -> Sequence[Look]:
        return [look for look in self.looks if look.rule.action == action and look.verdict == Verdict.APPLIES]


def evaluate(rules: Iterable[RuleText], facts: Facts) -> Evaluation:
    """Look at every rule; the order of the argument does not matter."""
    ordered = sorted(rules, key=lambda rule: (rule.position, rule.id))
    return Evaluation(tuple(look_at(rule, facts) for rule in ordered))


def look_at(rule: RuleText, facts: Facts) -> Look:
    """Return what one rule says, with an answer to each of its conditions."""
    findings = tuple(Finding(each, facts.get(each.fact), each.answer(facts)) for each in rule.conditions)
    return Look(rule, _verdict(rule, {finding.answer for finding in findings}), findings)


def _verdict(rule: RuleText, answers: set[Answer]) -> Verdict:
    if Answer.UNMET in answers:
        return Verdict.UNMET
    if Answer.UNKNOWN not in answers or rule.if_unknown == IfUnknown.APPLY:
        return Verdict.APPLIES
    return Verdict.SKIPPED if rule.if_unknown == IfUnknown.SKIP else Verdict.ASKED


def asked_facts(rules: Iterable[RuleText]) -> set[str]:
    """Return the names of the facts that these rules ask about."""
    return {condition.fact for rule in rules for condition in rule.conditions} & set(FACTS)
