"""JSON of the wire, indented for people and else as it was sent: 10.00 stays 10.00, and a doubled key stays two."""

import json
from typing import Any

STEP = "  "


class _Number(str):
    """A number as it stands in the text."""

    __slots__ = ()


class _Members(list[tuple[str, Any]]):
    """The members of an object in their order."""


def indented(raw: bytes) -> str:
    """Return these bytes as indented JSON, or nothing where they are no JSON."""
    try:
        tree = json.loads(
            raw, parse_float=_Number, parse_int=_Number, parse_constant=_Number, object_pairs_hook=_Members
        )
        return _shown(tree, "")
    except (ValueError, RecursionError):
        return ""


def _shown(value: Any, margin: str) -> str:
    inner = margin + STEP
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, _Members):
        return _block("{}", [f"{_quoted(name)}: {_shown(each, inner)}" for name, each in value], margin)
    if isinstance(value, list):
        return _block("[]", [_shown(each, inner) for each in value], margin)
    return _quoted(value)


def _block(brackets: str, parts: list[str], margin: str) -> str:
    if not parts:
        return brackets
    lines = f",\n{margin}{STEP}".join(parts)
    return f"{brackets[0]}\n{margin}{STEP}{lines}\n{margin}{brackets[1]}"


def _quoted(value: Any) -> str:
    # Half of a surrogate pair is legal in JSON and in no page.
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
