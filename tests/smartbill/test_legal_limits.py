"""The amounts of the law: which row holds on which day, and what a warning and a block do."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from smartbill.drafts import Party
from smartbill.legal_limits import BLOCK, EMAIL, IDENTITY, WARN, Limit, in_force, limit_problems, limit_warnings
from tests.smartbill.providers.el_salvador.builders import CONSUMER, line, sale


def limit(
    amount: str | None, valid_from: str, *, effect: str = BLOCK, demand: str = IDENTITY, **changes: object
) -> Limit:
    row = Limit(
        kind="factura",
        demand=demand,
        effect=effect,
        amount=None if amount is None else Decimal(amount),
        currency="USD",
        valid_from=date.fromisoformat(valid_from),
        source="Decree 1",
    )
    return replace(row, **changes)


ROWS = [
    limit("25000.00", "2021-08-01"),
    limit("1000.00", "2026-12-01"),
    limit("1095.00", "2021-08-01", effect=WARN),
    limit("1226.40", "2025-06-01", effect=WARN),
]


def codes(problems: list) -> list[str]:
    return [problem.code for problem in problems]


@pytest.mark.parametrize(
    ("day", "block", "warn"),
    [
        ("2021-07-31", None, None),
        ("2025-05-31", "25000.00", "1095.00"),
        ("2025-06-01", "25000.00", "1226.40"),
        ("2026-11-30", "25000.00", "1226.40"),
        ("2026-12-01", "1000.00", "1226.40"),
    ],
)
def test_the_row_in_force_is_the_latest_that_has_begun(day, block, warn):
    found = {row.effect: str(row.amount) for row in in_force(ROWS, date.fromisoformat(day))}
    assert (found.get(BLOCK), found.get(WARN)) == (block, warn)


def test_what_a_person_entered_for_the_same_day_wins_whatever_the_order():
    ours = limit("900.00", "2026-12-01", by_person=True, number=1)
    released = limit("1000.00", "2026-12-01", number=2)
    assert in_force([ours, released], date(2026, 12, 1)) == in_force([released, ours], date(2026, 12, 1)) == (ours,)


def test_of_two_rows_of_a_person_the_newest_wins():
    first, second = (limit(amount, "2026-12-01", by_person=True, number=n) for n, amount in enumerate(("900", "950")))
    assert in_force([second, first], date(2026, 12, 1)) == (second,)


def test_an_empty_amount_ends_the_limit():
    rows = in_force([*ROWS, limit(None, "2027-01-01")], date(2027, 1, 1))
    assert limit_problems(sale(line("99999.00"), party=Party()), rows) == []


def test_a_block_holds_from_the_amount_on_and_says_what_to_enter():
    rows = in_force(ROWS, date(2026, 11, 30))
    assert limit_problems(sale(line("24999.99"), party=Party()), rows) == []
    found = limit_problems(sale(line("25000.00"), party=Party()), rows)
    assert [(problem.field, problem.code) for problem in found] == [
        ("party.tax_id", "identity_required"),
        ("party.name", "missing"),
    ]
    assert "25000.00 USD" in found[0].message
    assert "Decree 1" in found[0].message
    assert limit_problems(sale(line("25000.00"), party=replace(CONSUMER, tax_id="1", tax_id_type="dui")), rows) == []


def test_a_warning_is_said_once_and_not_beside_the_block():
    rows = in_force(ROWS, date(2026, 11, 30))
    assert codes(limit_warnings(sale(line("1226.39"), party=Party()), rows)) == []
    assert codes(limit_warnings(sale(line("1226.40"), party=Party()), rows)) == ["identity_asked"]
    assert codes(limit_warnings(sale(line("25000.00"), party=Party()), rows)) == []


def test_another_kind_and_another_currency_are_left_alone():
    rows = in_force(ROWS, date(2026, 12, 1))
    assert limit_problems(sale(line("25000.00"), kind="export", party=Party()), rows) == []
    assert limit_problems(sale(line("25000.00"), currency="EUR", party=Party()), rows) == []


def test_an_email_can_be_asked_for_and_demanded():
    party = replace(CONSUMER, email="")
    rows = (limit("10.00", "2021-01-01", demand=EMAIL),)
    assert codes(limit_problems(sale(line("10.00"), party=party), rows)) == ["email_required"]
    rows = (limit("10.00", "2021-01-01", demand=EMAIL, effect=WARN),)
    assert codes(limit_warnings(sale(line("10.00"), party=party), rows)) == ["email_asked"]
