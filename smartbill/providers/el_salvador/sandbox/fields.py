"""Declarative checks of JSON objects: what is required, which type, how long, how many decimals, nothing unknown."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

# A check returns what is wrong with a value, or nothing.
Check = Callable[[Any], str | None]

_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$")
_LIMIT = Decimal(10) ** 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One reason for a refusal, as the answer's `details` carry it."""

    field: str
    message: str
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of an object. A field that is not required may also be null."""

    check: Check
    required: bool = False


def check_object(value: Any, fields: Mapping[str, Field], where: str) -> list[Complaint]:
    """Return every complaint about an object: its type, unknown and missing fields, each value."""
    if not isinstance(value, dict):
        return [Complaint(field=where, message="must be an object")]
    found = [Complaint(field=_join(where, name), message="unknown field") for name in value if name not in fields]
    for name, rule in fields.items():
        message = _complaint(value.get(name), rule, missing=name not in value)
        if message:
            found.append(Complaint(field=_join(where, name), message=message))
    return found


def _complaint(value: Any, rule: Field, *, missing: bool) -> str | None:
    if value is None:
        if not rule.required:
            return None
        return "is required" if missing else "must not be null"
    return rule.check(value)


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def text(low: int, high: int) -> Check:
    """A string of so many characters that is not only spaces."""

    def check(value: Any) -> str | None:
        if not isinstance(value, str):
            return "must be a string"
        if not low <= len(value) <= high or (low and not value.strip()):
            return f"must have {low} to {high} characters"
        return None

    return check


def digits(*lengths: int) -> Check:
    """A string of digits of one of these lengths, without hyphens."""

    def check(value: Any) -> str | None:
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) in lengths:
            return None
        return f"must be a string of {' or '.join(str(length) for length in lengths)} digits"

    return check


def one_of(values: Iterable[str]) -> Check:
    """A string out of a closed list."""
    allowed = sorted(values)

    def check(value: Any) -> str | None:
        return None if isinstance(value, str) and value in allowed else f"must be one of {', '.join(allowed)}"

    return check


def matching(accepts: Callable[[Any], bool], message: str) -> Check:
    """A value that a predicate accepts."""

    def check(value: Any) -> str | None:
        return None if accepts(value) else message

    return check


def email(value: Any) -> str | None:
    """An address of 6 to 100 characters with a top-level domain."""
    if isinstance(value, str) and 6 <= len(value) <= 100 and _EMAIL.match(value):
        return None
    return "must be an e-mail address of 6 to 100 characters"


def number(*, decimals: int, above: int | None = None, at_least: int | None = None) -> Check:
    """A JSON number (never text, never a boolean) with at most so many decimals, below the schema's limit."""

    def check(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return "must be a number"
        amount = Decimal(value)
        if abs(amount) >= _LIMIT or decimals_of(amount) > decimals:
            return f"must have at most {decimals} decimals and be below {_LIMIT:f}"
        if (above is not None and amount <= above) or (at_least is not None and amount < at_least):
            return f"must be greater than {above}" if above is not None else f"must be at least {at_least}"
        return None

    return check


def decimals_of(amount: Decimal) -> int:
    """Count the decimals that say something (1.500 has one)."""
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def array(low: int, high: int) -> Check:
    """A list of so many entries; what they are is checked one by one."""

    def check(value: Any) -> str | None:
        if not isinstance(value, list):
            return "must be an array"
        return None if low <= len(value) <= high else f"must have {low} to {high} entries"

    return check


def anything(_: Any) -> str | None:
    """A value whose own check is elsewhere."""
    return None
