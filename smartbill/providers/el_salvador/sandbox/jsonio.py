"""JSON at the edge of the stand-in: numbers stay Decimal in both directions, and sloppy bodies are refused."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any


class BadJson(ValueError):
    """The text is not strict JSON."""


def loads(text: bytes | str) -> Any:
    """Parse strictly: every fraction a Decimal, no NaN, no repeated key."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_no_repeats)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadJson(str(error)) from error


def dumps(value: Any) -> str:
    """Write compact JSON; a Decimal becomes a number in plain notation, never text and never an exponent."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(str(key))}:{dumps(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ",".join(dumps(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _refuse(constant: str) -> None:
    raise BadJson(f"{constant} is not JSON")


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadJson("a key is repeated")
    return found
