"""The table that a run prints, and its place in the README."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

BEGIN, END = "<!-- faults:begin -->", "<!-- faults:end -->"
HEADINGS = ("run", "size", "faults", "kills", "result", "verdict", "control, its guard removed")


@dataclass(frozen=True)
class Result:
    """What came of one run; `problems` name each goal that was missed."""

    size: str
    faults: str
    kills: str
    figures: str
    problems: Sequence[str] = ()


@dataclass(frozen=True)
class Control:
    """The same without its guard: `damage` is what the oracles then show, and there must be some."""

    guard: str
    damage: str
    damaged: bool


@dataclass
class Row:
    """One run and its control. Without a control that failed, a run proves nothing."""

    run: str
    result: Result
    control: Control | None = None
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.problems += self.result.problems
        if self.control and not self.control.damaged:
            self.problems.append(f"the control shows no damage ({self.control.guard})")

    @property
    def cells(self) -> tuple[str, ...]:
        control = f"{self.control.guard}: {self.control.damage}" if self.control else "not run"
        verdict = "FAILED: " + "; ".join(self.problems) if self.problems else "held"
        result = self.result
        return (self.run, result.size, result.faults, result.kills, result.figures, verdict, control)


def markdown(rows: Sequence[Row]) -> str:
    lines = [HEADINGS, tuple("---" for _heading in HEADINGS), *(row.cells for row in rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)


def write_into(readme: Path, rows: Sequence[Row], conditions: str) -> None:
    """Replace what stands between the markers."""
    text = readme.read_text(encoding="utf-8")
    place = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    if len(place.findall(text)) != 1:
        raise ValueError(f"{readme} has no single place between {BEGIN} and {END}")
    content = f"{BEGIN}\n{conditions}\n\n{markdown(rows)}\n{END}"
    readme.write_text(place.sub(lambda _match: content, text), encoding="utf-8")
