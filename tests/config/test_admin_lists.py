from datetime import UTC, datetime

import pytest

from config.admin.lists import MOST_COUNTED, BoundedPaginator, _limits
from notifications.models import Message
from tests.factories.notifications import MessageFactory


@pytest.mark.parametrize(
    ("rows", "count", "is_bounded"), [(0, 0, False), (MOST_COUNTED, 10_000, False), (MOST_COUNTED + 5, 10_000, True)]
)
def test_at_most_ten_thousand_rows_are_counted(rows: int, count: int, is_bounded: bool) -> None:
    paginator = BoundedPaginator(range(rows), 100)
    assert (paginator.count, paginator.is_bounded) == (count, is_bounded)


@pytest.mark.django_db
def test_the_count_of_a_table_is_bounded_in_the_database(django_assert_num_queries: object) -> None:
    MessageFactory.create_batch(3)
    with django_assert_num_queries(1) as seen:  # type: ignore[operator]
        assert BoundedPaginator(Message.objects.order_by("-id"), 2).num_pages == 2
    assert "LIMIT 10001" in seen[0]["sql"]


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("today", (2026, 3, 1), (2026, 3, 2)),
        ("week", (2026, 2, 23), (2026, 3, 2)),
        ("month", (2026, 3, 1), (2026, 3, 2)),
        ("last_month", (2026, 2, 1), (2026, 3, 1)),
        ("year", (2026, 1, 1), (2026, 3, 2)),
    ],
)
def test_a_period_is_half_open_from_its_first_day(
    period: str, start: tuple[int, int, int], end: tuple[int, int, int]
) -> None:
    at = datetime(2026, 3, 1, 15, 30, tzinfo=UTC)
    assert _limits(period, at) == (datetime(*start, tzinfo=UTC), datetime(*end, tzinfo=UTC))


@pytest.mark.parametrize("period", [None, "", "for ever"])
def test_an_unknown_period_filters_nothing(period: str | None) -> None:
    assert _limits(period, datetime(2026, 3, 1, tzinfo=UTC)) is None
