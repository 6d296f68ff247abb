"""The table of the last full run in the README, between two marks."""

from collections.abc import Sequence
from pathlib import Path

from tests.bench.table import Line, markdown

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"


def write_table(readme: Path, told: Sequence[str], lines: Sequence[Line]) -> None:
    """Replace what stands between the marks."""
    text = readme.read_text(encoding="utf-8")
    before, _begin, rest = text.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{readme} has no place for the table: {BEGIN} … {END}")
    told_lines = "\n".join(f"- {each}" for each in told)
    readme.write_text(f"{before}{BEGIN}\n{markdown(lines)}\n\n{told_lines}\n{END}{after}", encoding="utf-8")
