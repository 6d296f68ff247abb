"""What the templates of the house need beyond Django's own tags."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

register = template.Library()
CELLS = ("<td", "<th")


@register.filter
def labelled(cells: Iterable[str], headers: Iterable[Mapping[str, Any]]) -> list[SafeString]:
    """Return the cells of a row, each with the heading of its column: a narrow screen shows a card without a head.

    Django makes each cell as finished HTML that begins with its tag; the heading is escaped as an attribute.
    """
    return [_labelled(cell, str(header["text"])) for cell, header in zip(cells, headers, strict=True)]


def _labelled(cell: str, heading: str) -> SafeString:
    tag = cell[: len(CELLS[0])]
    if tag not in CELLS or not heading.strip() or heading.lstrip().startswith("<"):
        return mark_safe(cell)  # noqa: S308 - Django's own cell, as it is
    # Both parts are safe by now: the label is escaped, and the rest is the cell that Django made.
    label = format_html(' data-label="{}"', capfirst(heading))
    return mark_safe(tag + label + cell[len(tag) :])  # noqa: S308
