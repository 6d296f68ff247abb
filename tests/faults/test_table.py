from pathlib import Path

import pytest

from tests.faults.lab import ROOT
from tests.faults.table import BEGIN, END, Control, Result, Row, markdown, write_into

HELD = Result(size="10 documents", faults="3 of 10", kills="2 pool", figures="0 lost")
BITES = Control("no guard", "4 twice", damaged=True)


def test_a_run_holds_when_it_met_its_goals_and_its_control_did_not():
    row = Row("documents", HELD, BITES)
    assert row.problems == []
    assert row.cells[-2:] == ("held", "no guard: 4 twice")


def test_a_control_without_damage_fails_the_run():
    row = Row("documents", HELD, Control("no guard", "0 twice", damaged=False))
    assert row.problems == ["the control shows no damage (no guard)"]
    assert row.cells[-2] == "FAILED: the control shows no damage (no guard)"


def test_a_missed_goal_is_named():
    row = Row("documents", Result("", "", "", "", problems=["1 lost"]), BITES)
    assert row.problems == ["1 lost"]


def test_a_cell_cannot_break_the_table():
    assert "a/b" in markdown([Row("a|b", HELD, BITES)])


def test_the_place_in_a_text_is_replaced_and_nothing_else(tmp_path: Path):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_into(readme, [Row("documents", HELD, BITES)], "Last run: today.")
    text = readme.read_text()
    assert text.startswith(f"before\n{BEGIN}\nLast run: today.\n\n| run |")
    assert text.endswith(f"| 10 documents | 3 of 10 | 2 pool | 0 lost | held | no guard: 4 twice |\n{END}\nafter\n")
    assert "old" not in text


def test_a_text_without_a_place_is_refused(tmp_path: Path):
    (tmp_path / "README.md").write_text("nothing")
    with pytest.raises(ValueError, match="no single place"):
        write_into(tmp_path / "README.md", [], "")


def test_the_readme_has_the_place_and_no_run_in_it_failed():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count(BEGIN) == text.count(END) == 1
    assert "FAILED" not in text.partition(BEGIN)[2].partition(END)[0]
