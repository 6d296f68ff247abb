"""The legal times as dated rows with their sources: one data file for outages, invalidations and credit notes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

OUTAGE, INVALIDATION, CREDIT_NOTE = "outage", "invalidation", "credit_note"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """One row of the data file, which says what its fields mean. `valid_to` is None while no end is known.

    Each row exists once, so it is itself and equals no other.
    """

    key: str
    about: str
    valid_from: date
    valid_to: date | None
    certainty: str
    source: str
    starts: str = ""
    hours: int | None = None
    kinds: frozenset[str] = frozenset()
    within: Mapping[str, Any] = field(default_factory=dict)
    activities: frozenset[str] = frozenset()

    def is_in_force(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@cache
def rules_about(about: str, provider: str) -> tuple[Rule, ...]:
    """Return the rows of a provider's law about one matter, in the order of the data file."""
    rows = json.loads((Path(__file__).parent / "data" / "legal_times.json").read_text("utf-8"))
    return tuple(_rule(row) for row in rows.get(provider, []) if row["about"] == about)


def _rule(row: Mapping[str, Any]) -> Rule:
    return Rule(
        key=row["key"],
        about=row["about"],
        valid_from=date.fromisoformat(row["from"]),
        valid_to=date.fromisoformat(row["to"]) if row["to"] else None,
        certainty=row["certainty"],
        source=row["source"],
        starts=row.get("starts", ""),
        hours=row.get("hours"),
        kinds=frozenset(row.get("kinds", ())),
        within=row.get("within", {}),
        activities=frozenset(row.get("activities", ())),
    )
