"""The tax authority's catalogues as the strict side reads them; the data are the provider's, the reading is ours."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "data"


@cache
def _catalogues() -> Mapping[str, Mapping[str, Any]]:
    loaded: Mapping[str, Mapping[str, Any]] = json.loads((DATA / "catalogues.json").read_text(encoding="utf-8"))
    return loaded


def has(catalogue: str, code: object) -> bool:
    """Tell whether a code is in a catalogue ("CAT-017", "03")."""
    return isinstance(code, str) and code in _catalogues()[catalogue]


def has_in_department(catalogue: str, department: str, code: object) -> bool:
    """Tell whether a municipality (CAT-013) or a district (CAT-008) exists inside a department."""
    return isinstance(code, str) and code in _catalogues()[catalogue].get(department, {})


def country_name(code: str) -> str:
    """Return the Spanish name of a country of CAT-020."""
    return str(_catalogues()["CAT-020"][code])


def incoterms_name(code: str) -> str:
    """Return the text of a CAT-031 code."""
    return str(_catalogues()["CAT-031"][code])
