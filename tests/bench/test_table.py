"""What the bench says of what it measured; the figures themselves are made by `make bench`."""

from pathlib import Path
from typing import Any

import pytest

from tests.bench.readme import BEGIN, END, write_table
from tests.bench.table import HEADINGS, Line, markdown, middle, number, percentile

README = Path(__file__).resolve().parents[2] / "README.md"


def line(**changes: Any) -> Line:
    values = {"what": "speed", "unit": " ×", "goal": 8, "value": 9, "bound": 8, "naive": 1, "naive_is": "row by row"}
    return Line(**values | {"conditions": "here"} | changes)


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({"value": 8}, True),
        ({"value": 7.99}, False),
        ({"value": 7, "bound": 5}, True),
        ({"value": 7, "bound": None}, True),
        ({"value": 8, "at_most": True}, True),
        ({"value": 8.01, "at_most": True}, False),
    ],
)
def test_a_goal_is_met_on_the_right_side_of_its_bound(changes: dict[str, Any], holds: bool) -> None:
    assert line(**changes).holds is holds
    assert ("MISSED" in line(**changes).cells()[2]) is not holds


@pytest.mark.parametrize(
    ("changes", "fails"),
    [
        ({"naive": 7.9}, True),
        ({"naive": 8}, False),
        ({"naive": 9, "at_most": True}, True),
        ({"naive": 4, "bound": 5}, True),
        ({"naive": 6, "bound": 5}, False),
        ({"naive": 6, "bound": None}, True),
        ({"naive": None}, True),
    ],
)
def test_a_naive_form_that_meets_the_goal_is_told(changes: dict[str, Any], fails: bool) -> None:
    assert line(**changes).naive_fails is fails
    assert ("NOT CAUGHT" in line(**changes).cells()[3]) is not fails


def test_a_ratio_to_the_naive_form_says_that_it_is_one() -> None:
    assert line(naive=None).cells()[3] == "row by row: what is measured is the ratio to it"


def test_the_slack_of_the_short_version_stands_in_the_table() -> None:
    assert line(bound=5).cells()[1] == "≥ 8 × (here ≥ 5 ×)"
    assert line(bound=None).cells()[1] == "≥ 8 × (printed only)"
    assert line().cells()[1] == "≥ 8 ×"


def test_figures_are_read_at_a_glance() -> None:
    assert [number(value) for value in (0.9512, 1, 1.0549, 31.46, 1234.5)] == ["0.951", "1", "1.05", "31.5", "1,234"]
    assert (middle([1, 9, 2]), percentile(range(1000), 0.99)) == (2, 990)


def test_the_table_replaces_what_stood_between_the_marks(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_table(readme, ["Two cores."], [line()])
    assert readme.read_text() == f"before\n{BEGIN}\n{markdown([line()])}\n\n- Two cores.\n{END}\nafter\n"
    readme.write_text("no marks")
    with pytest.raises(ValueError, match="no place for the table"):
        write_table(readme, [], [])


def test_the_readme_shows_a_table_of_these_columns_in_which_every_naive_form_failed() -> None:
    shown = README.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    if shown.strip() == "No full run yet.":
        return
    head, _rule, *rows = [row.strip("| ").split(" | ") for row in shown.splitlines() if row.startswith("|")]
    assert tuple(head) == HEADINGS
    assert len(rows) == 17
    assert "NOT CAUGHT" not in shown
