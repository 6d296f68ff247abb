"""What the bench says: a line per goal with what was measured, under which conditions, and what the naive form gave."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

HEADINGS = ("what", "goal", "measured", "the naive form", "conditions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One goal. `bound` is what holds here: in the short version a noisy machine is given the slack that it states.

    `naive` is what the naive form gave in the place of `value`; None where `value` is a ratio to it already.
    """

    what: str
    unit: str = ""
    goal: float
    at_most: bool = False
    value: float
    bound: float | None
    naive: float | None = None
    naive_is: str
    conditions: str
    detail: str = ""

    @property
    def holds(self) -> bool:
        return self.bound is None or self._within(self.value, self.bound)

    @property
    def naive_fails(self) -> bool:
        """Without this the goal, as it is held against here, would prove nothing."""
        return self.bound is None or self.naive is None or not self._within(self.naive, self.bound)

    def cells(self) -> tuple[str, ...]:
        sign = "≤" if self.at_most else "≥"
        goal = f"{sign} {number(self.goal)}{self.unit}"
        if self.bound is None:
            goal += " (printed only)"
        elif self.bound != self.goal:
            goal += f" (here {sign} {number(self.bound)}{self.unit})"
        value = f"**{number(self.value)}{self.unit}**" + (f" ({self.detail})" if self.detail else "")
        if not self.holds:
            value += " MISSED"
        naive = f"{self.naive_is}: what is measured is the ratio to it"
        if self.naive is not None:
            naive = f"{number(self.naive)}{self.unit}: {self.naive_is}" + ("" if self.naive_fails else " NOT CAUGHT")
        return self.what, goal, value, naive, self.conditions

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def _within(self, value: float, bound: float) -> bool:
        return value <= bound if self.at_most else value >= bound


def number(value: float) -> str:
    """Three digits that count."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def middle(values: Sequence[float]) -> float:
    return float(median(values))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def markdown(lines: Sequence[Line]) -> str:
    """Return the table as the README shows it."""
    rows = [HEADINGS, ("---",) * len(HEADINGS), *(line.cells() for line in lines)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
