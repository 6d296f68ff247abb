"""What a rule can ask about a sale: the facts, how each is compared, and the three answers met, unmet and unknown.

A fact that is not known answers no comparison: nothing is assumed of it, in either direction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Self

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.errors import InvalidRule

Value = Decimal | tuple[str, ...] | None
"""A number, words, or None: not known."""
Facts = Mapping[str, Value]
MOST_WORDS, LONGEST_WORD = 50, 100
LARGEST = Decimal(10) ** 12


class Answer(TextChoices):
    MET = "met", gettext_lazy("yes")
    UNMET = "unmet", gettext_lazy("no")
    UNKNOWN = "unknown", gettext_lazy("not known")


class Operator(TextChoices):
    ABOVE = "above", gettext_lazy("is above")
    AT_LEAST = "at_least", gettext_lazy("is at least")
    BELOW = "below", gettext_lazy("is below")
    AT_MOST = "at_most", gettext_lazy("is at most")
    ONE_OF = "one_of", gettext_lazy("is one of")
    NONE_OF = "none_of", gettext_lazy("is none of")


NUMERIC = (Operator.ABOVE, Operator.AT_LEAST, Operator.BELOW, Operator.AT_MOST)
VERBAL = (Operator.ONE_OF, Operator.NONE_OF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that is known of a sale, or not. `words` are all it can be; empty where any word can be.

    `is_money`: an amount in the issuer's currency.
    """

    label: Promise
    is_number: bool = False
    is_money: bool = False
    words: Mapping[str, Promise] = field(default_factory=dict)

    @property
    def operators(self) -> Sequence[Operator]:
        return NUMERIC if self.is_number else VERBAL


def _number(label: Promise) -> Fact:
    return Fact(label=label, is_number=True)


def _money(label: Promise) -> Fact:
    return Fact(label=label, is_number=True, is_money=True)


FACTS: Mapping[str, Fact] = {
    "amount": _money(gettext_lazy("Total in the issuer's currency")),
    "currency": Fact(label=gettext_lazy("Currency charged")),
    "country": Fact(label=gettext_lazy("Country of the buyer")),
    "kind": Fact(
        label=gettext_lazy("Kind of document"),
        words={
            "factura": gettext_lazy("Factura"),
            "ccf": gettext_lazy("Comprobante de crédito fiscal"),
            "export": gettext_lazy("Factura de exportación"),
        },
    ),
    "segment": Fact(label=gettext_lazy("Segment of the customer")),
    "overdue": Fact(
        label=gettext_lazy("Customer has an overdue invoice at Stripe"),
        words={"yes": gettext_lazy("yes"), "no": gettext_lazy("no")},
    ),
    "customer_days": _number(gettext_lazy("Days since the customer was made at Stripe")),
    "sales_before": _number(gettext_lazy("Earlier sales of the customer")),
    "amount_before": _money(gettext_lazy("Sum of the customer's earlier sales")),
    "reversals_before": _number(gettext_lazy("Refunds and lost disputes of the customer")),
    "sales_of_day": _number(gettext_lazy("Sales of the customer on that day, this one included")),
    "amount_of_day": _money(gettext_lazy("Sum of the customer's sales on that day, this one included")),
    "products": Fact(label=gettext_lazy("Products, by Stripe id or code")),
    "lines": _number(gettext_lazy("Number of lines")),
    "largest_quantity": _number(gettext_lazy("Largest quantity of a line")),
    "payment_method": Fact(
        label=gettext_lazy("Payment method"),
        words={
            "card_credit": gettext_lazy("Credit card"),
            "card_debit": gettext_lazy("Debit card"),
            "transfer": gettext_lazy("Transfer"),
            "wallet": gettext_lazy("Electronic wallet"),
            "cash": gettext_lazy("Cash"),
            "crypto": gettext_lazy("Cryptocurrency"),
            "other": gettext_lazy("Other"),
        },
    ),
    "risk_level": Fact(
        label=gettext_lazy("Risk by Stripe Radar"),
        words={
            "normal": gettext_lazy("normal"),
            "elevated": gettext_lazy("elevated"),
            "highest": gettext_lazy("highest"),
        },
    ),
    "risk_score": _number(gettext_lazy("Risk score by Stripe Radar (0 to 99)")),
}
HISTORY = frozenset({"sales_before", "amount_before", "reversals_before", "sales_of_day", "amount_of_day"})
"""The facts for which the customer's past is read."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`value` holds one number as text, or the words in small letters."""

    fact: str
    operator: str
    value: tuple[str, ...]

    def answer(self, facts: Facts) -> Answer:
        """Compare; a fact that is missing, of the wrong type, or taken away by a release is not known."""
        actual, asked = facts.get(self.fact), FACTS.get(self.fact)
        if asked is None:
            return Answer.UNKNOWN
        if asked.is_number:
            return Answer.UNKNOWN if not isinstance(actual, Decimal) else self._number(actual)
        if not isinstance(actual, tuple) or not actual:
            return Answer.UNKNOWN
        hit = any(word.casefold() in self.value for word in actual)
        return Answer.MET if hit == (self.operator == Operator.ONE_OF) else Answer.UNMET

    def _number(self, actual: Decimal) -> Answer:
        limit = Decimal(self.value[0])
        held = {
            Operator.ABOVE: actual > limit,
            Operator.AT_LEAST: actual >= limit,
            Operator.BELOW: actual < limit,
            Operator.AT_MOST: actual <= limit,
        }[Operator(self.operator)]
        return Answer.MET if held else Answer.UNMET

    def as_json(self) -> dict[str, Any]:
        return {"fact": self.fact, "operator": self.operator, "value": list(self.value)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(stored["fact"], stored["operator"], tuple(stored["value"]))


def condition_from(fact: str, operator: str, text: str) -> Condition:
    """Read what a person entered, or raise InvalidRule with a sentence that says what to write."""
    if fact not in FACTS:
        raise InvalidRule(_("Choose what the condition is about."))
    asked = FACTS[fact]
    if operator not in asked.operators:
        offered = ", ".join(str(each.label) for each in asked.operators)
        raise InvalidRule(_("“%(fact)s” can be compared by: %(offered)s.") % {"fact": asked.label, "offered": offered})
    value = (_read_number(text, asked),) if asked.is_number else _read_words(text, asked)
    return Condition(fact, operator, value)


def _read_number(text: str, asked: Fact) -> str:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not 0 <= number <= LARGEST or number != round(number, 3):
        message = _("“%(fact)s” is compared with a number such as 5000 or 99.50, without separators of thousands.")
        raise InvalidRule(message % {"fact": asked.label})
    return f"{number.normalize():f}"


def _read_words(text: str, asked: Fact) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(word.strip().casefold() for word in text.split(",") if word.strip()))
    if not words or len(words) > MOST_WORDS or any(len(word) > LONGEST_WORD for word in words):
        message = _("“%(fact)s” is compared with words, separated by commas.")
        raise InvalidRule(message % {"fact": asked.label})
    wrong = [word for word in words if asked.words and word not in asked.words]
    if wrong:
        message = _("“%(word)s” is not possible for “%(fact)s”. Possible: %(offered)s.")
        shown = {"word": wrong[0], "fact": asked.label, "offered": ", ".join(asked.words)}
        raise InvalidRule(message % shown)
    return words
