"""The contract in force: the table of `contract_table.py` with the changes of `settings.SMARTBILL_SV_CONTRACT`.

`current()["route.factura"]` is how payload, answers, client and the stand-in read it. The version says which table and
which changes were in force, and every attempt records it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.conf import settings

from smartbill.providers.el_salvador.contract_table import ROWS, Row

CONTRACT_VERSION = "sv-2026-11-22"
KNOWN_ROWS: Mapping[str, Row] = {row.path: row for row in ROWS}


@dataclass(frozen=True, slots=True)
class Contract:
    """The values in force by path, and the version that names them."""

    version: str
    values: Mapping[str, Any]

    def __getitem__(self, path: str) -> Any:
        return self.values[path]


def current() -> Contract:
    """Return the contract in force now. Unknown paths are left to the system check."""
    return _contract(json.dumps(settings.SMARTBILL_SV_CONTRACT, sort_keys=True))


@lru_cache(maxsize=8)
def _contract(overrides: str) -> Contract:
    changes = {path: value for path, value in json.loads(overrides).items() if path in KNOWN_ROWS}
    suffix = hashlib.sha256(overrides.encode()).hexdigest()[:8]
    version = f"{CONTRACT_VERSION}+{suffix}" if changes else CONTRACT_VERSION
    return Contract(version, {path: row.value for path, row in KNOWN_ROWS.items()} | changes)


def dated(rows: Sequence[Sequence[str]], on: date) -> Decimal:
    """Return the figure in force on a day, from rows of (first day or empty, figure) in the order of time."""
    return Decimal([figure for start, figure in rows if start <= on.isoformat()][-1])


def override_errors(overrides: Mapping[str, Any]) -> dict[str, str]:
    """Return path → what is wrong with it, for every entry that cannot change the contract."""
    errors = {}
    for path, value in overrides.items():
        row = KNOWN_ROWS.get(path)
        if row is None:
            errors[path] = "There is no such row."
        elif type(value) is not type(row.value):
            errors[path] = f"Give a value of type {type(row.value).__name__}."
    return errors
