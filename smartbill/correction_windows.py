"""Until when an issued document may be corrected: rules with dates and sources from a data file, no database."""

import json
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

INVALIDATE, CREDIT = "invalidate", "credit"


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRule:
    """One row of the data file: an act on these kinds ends with the day so many days or months after the seal."""

    act: str
    kinds: tuple[str, ...]
    days: int
    months: int
    valid_from: date
    valid_to: date | None
    certainty: str
    source: str

    def ends_on(self, sealed_on: date) -> date:
        """Return the last day."""
        return add_months(sealed_on, self.months) + timedelta(days=self.days)

    def is_in_force(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


def safe_until(
    act: str, *, provider: str, kind: str, sealed_at: datetime, zone: ZoneInfo, at: datetime
) -> datetime | None:
    """Return the last moment at which this act is safe by every rule in force at `at`; None where no rule allows it."""
    today, sealed_on = at.astimezone(zone).date(), sealed_at.astimezone(zone).date()
    found = [rule for rule in rules(provider) if rule.act == act and kind in rule.kinds and rule.is_in_force(today)]
    if not found:
        return None
    return datetime.combine(min(rule.ends_on(sealed_on) for rule in found), time.max, tzinfo=zone)


def add_months(day: date, months: int) -> date:
    """Return the same day so many months later, or the last of a shorter month."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


@cache
def rules(provider: str) -> tuple[WindowRule, ...]:
    """Return the rules of a provider's country."""
    path = Path(__file__).parent / "data" / "correction_windows.json"
    rows = json.loads(path.read_text("utf-8")).get(provider, [])
    return tuple(
        WindowRule(
            act=row["act"],
            kinds=tuple(row["kinds"]),
            days=row.get("days", 0),
            months=row.get("months", 0),
            valid_from=date.fromisoformat(row["from"]),
            valid_to=date.fromisoformat(row["to"]) if row["to"] else None,
            certainty=row["certainty"],
            source=row["source"],
        )
        for row in rows
    )
