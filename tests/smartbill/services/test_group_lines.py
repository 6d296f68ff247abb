"""Too many lines are caught before sending, and the equal ones are joined without a cent's difference."""

from dataclasses import replace
from decimal import Decimal

import pytest

from smartbill.drafts import Line, Provenance, Residual
from smartbill.errors import PreconditionFailed
from smartbill.grouping import grouped
from smartbill.services.create import create_document
from smartbill.services.group_lines import group_lines, has_too_many_lines
from tests.factories.people import make_staff
from tests.factories.smartbill import IssuerFactory, make_draft

pytestmark = pytest.mark.django_db
RIGHT = "smartbill.correct_document"


def seats(count: int, *, distinct: bool = False) -> tuple[Line, ...]:
    return tuple(
        Line(
            description=f"Seat {number}" if distinct else "Seat", quantity=Decimal(1), subtotal=Decimal("1.13"),
            tax=Decimal("0.13"), tax_rate=Decimal(13),
        )
        for number in range(count)
    )  # fmt: skip


def document_of(lines):
    total = str(sum(line.total for line in lines))
    return create_document(draft=make_draft(IssuerFactory(), total=total, lines=lines))


def test_equal_lines_become_one_and_the_total_stays():
    document = document_of(seats(2001))
    assert (document.status, has_too_many_lines(document)) == ("held", True)
    group_lines(document, actor=make_staff(RIGHT), reason="Same seat")
    (line,) = document.revisions.get(number=2).draft.lines
    assert (line.quantity, line.total, line.tax) == (Decimal(2001), Decimal("2261.13"), Decimal("260.13"))
    assert (document.status, document.total) == ("ready", Decimal("2261.13"))
    assert not has_too_many_lines(document)


def test_where_no_lines_are_equal_nothing_changes():
    document = document_of(seats(2001, distinct=True))
    with pytest.raises(PreconditionFailed):
        group_lines(document, actor=make_staff(RIGHT), reason="x")
    document.refresh_from_db()
    assert (document.status, document.revision) == ("held", 1)


@pytest.mark.parametrize(
    "change",
    [
        {"description": "Other"}, {"code": "A"}, {"unit": "unit"}, {"tax_class": "exempt"}, {"tax_inclusive": False},
        {"subtotal": Decimal("2.26")}, {"discount": Decimal("0.10")}, {"quantity": Decimal(-1)},
    ],
)  # fmt: skip
def test_only_what_is_equal_is_joined(change):
    first, second = seats(2)
    draft = make_draft(IssuerFactory(), lines=(first, replace(second, **change)))
    assert len(grouped(draft).lines) == 2


def test_where_each_value_came_from_moves_with_its_line():
    one, two, three = seats(3)
    draft = make_draft(
        IssuerFactory(),
        lines=(one, replace(two, description="Other"), three),
        provenance={f"lines.{n}.tax": Provenance(source=f"il_{n}", raw="13") for n in range(3)},
        residuals=(Residual(line=2, part="tax", amount=Decimal("0.01"), cause="invoice_tax"),),
    )
    found = grouped(draft)
    assert [line.description for line in found.lines] == ["Seat", "Other"]
    assert {path: origin.source for path, origin in found.provenance.items()} == {
        "lines.0.tax": "il_0", "lines.1.tax": "il_1", "lines.0": "lines.0, lines.2",
    }  # fmt: skip
    assert [row.line for row in found.residuals] == [0]
