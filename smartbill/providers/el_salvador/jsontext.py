"""JSON without floats: amounts are written from Decimal as they are meant, and read back the same way.

What comes from outside is read with suspicion: repeated keys, NaN, absurd numbers and endless nesting are not JSON.
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

LONGEST_NUMBER = 40


class Unreadable(ValueError):
    """These bytes are not JSON that can be trusted."""


def to_bytes(value: Any, *, keep_zeros: bool = False) -> bytes:
    """Return compact JSON in UTF-8; trailing zeros of a Decimal are dropped unless they are part of a record."""
    return _text(value, keep_zeros).encode()


def from_bytes(body: bytes) -> Any:
    """Parse JSON with every number as Decimal, or raise Unreadable."""
    try:
        return json.loads(
            body.decode("utf-8-sig"),
            parse_float=_number,
            parse_int=_number,
            parse_constant=_refuse,
            object_pairs_hook=_object,
        )
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise Unreadable(f"{type(error).__name__}: {str(error)[:200]}") from error


def _text(value: Any, keep_zeros: bool) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, Decimal):
        return _decimal(value, keep_zeros)
    if value is None:
        return "null"
    if isinstance(value, int):
        return json.dumps(value)
    if isinstance(value, Mapping):
        pairs = [f"{encode_basestring(str(key))}:{_text(item, keep_zeros)}" for key, item in value.items()]
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, Sequence):
        return "[" + ",".join([_text(item, keep_zeros) for item in value]) + "]"
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _decimal(value: Decimal, keep_zeros: bool) -> str:
    if not value.is_finite():
        raise TypeError(f"{value} cannot be written as JSON")
    text = format(value, "f")
    if "." in text and not keep_zeros:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _number(text: str) -> Decimal:
    number = Decimal(text) if len(text) <= LONGEST_NUMBER else Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > LONGEST_NUMBER:
        raise ValueError("absurd number")
    return number


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a key is repeated")
    return values
