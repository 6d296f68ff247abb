"""The tax authority's catalogues, read once from the data beside this file."""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"

ACTIVITIES = "CAT-019"
COUNTRIES = "CAT-020"
DEPARTMENTS = "CAT-012"
_DISTRICTS = "CAT-008"
_MUNICIPALITIES = "CAT-013"


@lru_cache(maxsize=1)
def _catalogues() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = json.loads((DATA / "catalogues.json").read_text("utf-8"))
    return loaded


def catalogue(name: str) -> Mapping[str, str]:
    """Return code → text of a catalogue such as "CAT-019"."""
    rows: Mapping[str, str] = _catalogues()[name]
    return rows


def municipalities(department: str) -> Mapping[str, str]:
    """Return code → name of a department's municipalities; empty for an unknown department."""
    rows: Mapping[str, str] = _catalogues()[_MUNICIPALITIES].get(department, {})
    return rows


def districts(department: str) -> Mapping[str, str]:
    """Return code → name of a department's districts; empty for an unknown department."""
    rows: Mapping[str, str] = _catalogues()[_DISTRICTS].get(department, {})
    return rows
