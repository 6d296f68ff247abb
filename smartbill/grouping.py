"""Equal lines joined into one: the same thing at the same price, so that the sums stay what they were, to the cent.

A document has a limit of lines; where a sale has more, a person may have the equal ones joined.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from django.utils.translation import gettext_noop

from smartbill.drafts import Draft, Line, Provenance

JOINED = gettext_noop("equal lines joined")


def grouped(draft: Draft) -> Draft:
    """Return the draft with equal lines joined in the place of the first; the others keep their order."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for number, line in enumerate(draft.lines):
        groups.setdefault(_likeness(line, number), []).append(number)
    lines = tuple(_joined([draft.lines[number] for number in group]) for group in groups.values())
    moved = {group[0]: place for place, group in enumerate(groups.values())}
    provenance = _moved(draft, moved) | {
        f"lines.{moved[group[0]]}": Provenance(
            source=", ".join(f"lines.{number}" for number in group[:20]), raw=str(len(group)), rule=JOINED
        )
        for group in groups.values()
        if len(group) > 1
    }
    place_of = {number: moved[group[0]] for group in groups.values() for number in group}
    residuals = tuple(replace(row, line=place_of[row.line]) for row in draft.residuals)
    return replace(draft, lines=lines, provenance=provenance, residuals=residuals)


def _likeness(line: Line, number: int) -> tuple[object, ...]:
    """Return what lines must have in common; one that is negative or of no quantity stays alone."""
    if line.quantity <= 0 or line.subtotal < 0:
        return (number,)
    price = line.unit_price if line.unit_price is not None else line.subtotal / line.quantity
    return (
        line.description, line.code, line.unit, price, line.tax_class, line.tax_inclusive, line.tax_rate,
        line.discount / line.quantity, line.charged is None,
    )  # fmt: skip


def _joined(lines: Sequence[Line]) -> Line:
    if len(lines) == 1:
        return lines[0]

    def total(name: str) -> Decimal:
        return sum((getattr(line, name) for line in lines), Decimal(0))

    charged = None if lines[0].charged is None else total("charged")
    return replace(
        lines[0],
        quantity=total("quantity"),
        subtotal=total("subtotal"),
        discount=total("discount"),
        tax=total("tax"),
        charged=charged,
    )


def _moved(draft: Draft, moved: dict[int, int]) -> dict[str, Provenance]:
    """Return the provenance under the new numbers of the lines; what stood for a joined line goes with it."""
    found = {}
    for path, origin in draft.provenance.items():
        head, _dot, rest = path.partition(".")
        number, _dot, name = rest.partition(".")
        if head != "lines":
            found[path] = origin
        elif int(number) in moved:
            found[f"lines.{moved[int(number)]}.{name}".rstrip(".")] = origin
    return found
