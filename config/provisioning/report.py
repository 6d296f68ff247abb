"""What provisioning did: one line per thing."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """`done` is created, changed, unchanged or removed; `fields` names what changed and never shows a value."""

    kind: str
    name: str
    done: str
    fields: tuple[str, ...] = ()

    @classmethod
    def of(cls, kind: str, name: str, changed: Sequence[str]) -> "Line":
        """Return the line of a thing that existed already."""
        return cls(kind, name, "changed" if changed else "unchanged", tuple(changed))

    def __str__(self) -> str:
        fields = f" ({', '.join(self.fields)})" if self.fields else ""
        return f"{self.done:<10} {self.kind} {self.name}{fields}"
