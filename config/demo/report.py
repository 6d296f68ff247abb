"""What the story prints: one line per step, its promises beneath, and at the end what was and was not kept."""

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median


@dataclass
class Report:
    """Collects promises. `say` prints a line."""

    say: Callable[[str], None]
    broken: list[str] = field(default_factory=list)
    kept: int = 0
    seconds: list[float] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)

    def step(self, title: str, *facts: str, link: str = "", seconds: float | None = None) -> None:
        """Print one step; `seconds` lie between payment and mail."""
        timing = f"payment to mail {seconds:4.1f} s" if seconds is not None else ""
        self.say(f"  {title:<49} {'  '.join(facts):<55} {timing}".rstrip())
        if seconds is not None:
            self.seconds.append(seconds)
        if link:
            self.links.append((title, link))

    def promise(self, text: str, held: bool) -> None:
        """Count a promise; a broken one is printed at once and makes the demonstration fail."""
        if held:
            self.kept += 1
        else:
            self.broken.append(text)
            self.say(f"  ✗ NOT KEPT: {text}")

    @property
    def median_seconds(self) -> float:
        return median(self.seconds) if self.seconds else 0.0
