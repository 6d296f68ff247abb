"""Departments, municipalities and districts of El Salvador: a code or an exact name becomes the catalogue's code.

The catalogues are CAT-012, CAT-013 (44 municipalities since 2024) and CAT-008; codes of the last two are unique only
within a department. Nothing is matched by likeness: San Salvador is a department and a district, not a municipality.
"""

import json
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop

from billing.texts import folded

_TABLE: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "el_salvador_places.json").read_text("utf-8"))
BY_NAME = gettext_noop("the catalogue's code for this name")
PADDED = gettext_noop("two digits")


def department(raw: str) -> tuple[str, str]:
    """Return the code and the rule for a department given as code, name or ISO letters (06, San Salvador, SV-SS)."""
    letters = raw.strip().upper().removeprefix("SV-")
    if letters in _TABLE["iso"]:
        return _TABLE["iso"][letters], BY_NAME
    return _code(raw, _TABLE["departments"])


def municipality(raw: str, *, within: str) -> tuple[str, str]:
    return _code(raw, _TABLE["municipalities"].get(within, {}))


def district(raw: str, *, within: str) -> tuple[str, str]:
    return _code(raw, _TABLE["districts"].get(within, {}))


def within_departments(kind: str) -> list[tuple[str, str, dict[str, str]]]:
    """Return code and name of each department with its `municipalities` or `districts`."""
    return [(code, name, _TABLE[kind].get(code, {})) for code, name in _TABLE["departments"].items()]


def _code(raw: str, names: dict[str, str]) -> tuple[str, str]:
    text = raw.strip()
    if text.isascii() and text.isdigit():
        code = text.zfill(2)
        return (code, PADDED if code != raw else "") if code in names else ("", "")
    wanted = folded(text)
    return next(((code, BY_NAME) for code, name in names.items() if folded(name) == wanted), ("", ""))
