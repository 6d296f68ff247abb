"""The legal times of an outage, at the edges: nothing known, something known, met, missed, and across a month."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from smartbill.clock_texts import CERTAINTIES, CLOCK_NAMES, CLOCK_REMEDIES, CLOCK_RULES
from smartbill.clocks import Clock, Facts, Month, clocks_of, month_end, rules_for

ZONE = ZoneInfo("America/El_Salvador")
BEGAN = datetime(2026, 12, 10, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def facts(**known: object) -> Facts:
    base = {"provider": "el_salvador", "zone": ZONE, "began_at": BEGAN, "last_evidence_at": BEGAN + 2 * HOUR}
    months = [Month(first_day=date(2026, 12, 1), unsealed=3, last_seal_at=None)]
    return Facts(**{**base, "months": months, **known})


def clock(key: str, **known: object) -> Clock:
    return next(each for each in clocks_of(facts(**known)) if each.key == key)


def test_while_nothing_is_proved_the_time_counts_from_the_last_document_without_a_seal() -> None:
    event = clock("event")
    assert event.safe_until == BEGAN + 26 * HOUR
    assert event.last_possible is None
    assert event.is_running


def test_the_proof_of_the_end_gives_the_last_possible_moment() -> None:
    event = clock("event", ended_at=BEGAN + 5 * HOUR)
    assert (event.safe_until, event.last_possible) == (BEGAN + 26 * HOUR, BEGAN + 29 * HOUR)


def test_what_a_person_recorded_ends_the_first_clock_and_starts_the_second_exactly() -> None:
    filed = BEGAN + 20 * HOUR
    known = {"ended_at": BEGAN + 5 * HOUR, "filed_at": filed}
    event, documents = clock("event", **known), clock("documents", **known)
    assert (event.met_at, event.is_implied, event.is_missed) == (filed, False, False)
    assert documents.starts_at == filed
    assert documents.safe_until == documents.last_possible == filed + 72 * HOUR


def test_an_event_after_the_last_possible_moment_was_missed() -> None:
    event = clock("event", ended_at=BEGAN + 5 * HOUR, filed_at=BEGAN + 30 * HOUR)
    assert event.is_missed
    assert event.tone(BEGAN + 31 * HOUR) == "bad"


def test_a_late_seal_implies_an_event_without_saying_that_it_was_in_time() -> None:
    seal = BEGAN + 90 * HOUR
    event = clock("event", ended_at=seal, first_seal_at=seal)
    assert (event.met_at, event.is_implied, event.is_missed) == (seal, True, False)
    assert clock("documents", first_seal_at=seal).last_possible == seal + 72 * HOUR


def test_the_documents_are_in_time_until_72_hours_after_the_event_and_not_a_moment_longer() -> None:
    filed = BEGAN + 20 * HOUR
    limit = filed + 72 * HOUR
    assert not clock("documents", filed_at=filed, sealed_at=limit).is_missed
    assert clock("documents", filed_at=filed, sealed_at=limit + timedelta(seconds=1)).is_missed


@pytest.mark.parametrize(
    ("passed", "stage", "tone"),
    [
        (timedelta(hours=11, minutes=59), None, "wait"),
        (timedelta(hours=12), 50, "warn"),
        (timedelta(hours=21, minutes=35), 50, "warn"),
        (timedelta(hours=21, minutes=36), 10, "bad"),
        (timedelta(hours=24), 0, "bad"),
        (timedelta(hours=48), 0, "bad"),
    ],
)
def test_people_are_warned_at_half_of_the_time_at_a_tenth_and_when_it_is_over(
    passed: timedelta, stage: int | None, tone: str
) -> None:
    event = clock("event")
    at = event.starts_at + passed
    assert (event.stage(at), event.tone(at)) == (stage, tone)
    assert event.left(at) == timedelta(hours=24) - passed


def test_a_time_that_was_kept_warns_nobody() -> None:
    event = clock("event", ended_at=BEGAN + 5 * HOUR, filed_at=BEGAN + 6 * HOUR)
    assert event.stage(BEGAN + 1000 * HOUR) is None
    assert event.tone(BEGAN + 1000 * HOUR) == "good"


def test_a_report_is_needed_of_an_outage_longer_than_three_days() -> None:
    assert not clock("report", ended_at=BEGAN + 72 * HOUR).is_missed
    assert clock("report", ended_at=BEGAN + 73 * HOUR).is_missed
    assert clock("report").stage(BEGAN + 73 * HOUR) == 0


@pytest.mark.parametrize(
    ("day", "end"),
    [
        (date(2026, 12, 31), datetime(2027, 1, 1, 6, 0, tzinfo=UTC)),
        (date(2028, 2, 1), datetime(2028, 3, 1, 6, 0, tzinfo=UTC)),
        (date(2026, 11, 30), datetime(2026, 12, 1, 6, 0, tzinfo=UTC)),
    ],
)
def test_a_month_ends_at_midnight_in_el_salvador(day: date, end: datetime) -> None:
    assert month_end(day, ZONE) == end


def test_the_month_of_the_oldest_document_without_a_seal_counts() -> None:
    november, december = date(2026, 11, 1), date(2026, 12, 1)
    in_time = Month(first_day=november, unsealed=0, last_seal_at=datetime(2026, 11, 30, 12, tzinfo=UTC))
    waiting = Month(first_day=december, unsealed=1, last_seal_at=None)
    month = clock("month", began_at=datetime(2026, 11, 30, 5, tzinfo=UTC), months=[in_time, waiting])
    assert month.safe_until == datetime(2027, 1, 1, 6, 0, tzinfo=UTC)
    assert not month.is_missed


def test_a_seal_after_the_month_of_issue_was_late() -> None:
    seal = datetime(2027, 1, 1, 6, 0, tzinfo=UTC)
    late = Month(first_day=date(2026, 12, 1), unsealed=0, last_seal_at=seal)
    month = clock("month", sealed_at=seal, months=[late])
    assert month.is_missed


def test_an_outage_stands_under_the_rules_of_the_day_on_which_it_began() -> None:
    assert [rule.key for rule in rules_for("el_salvador", date(2026, 5, 25))] == [
        "event",
        "documents",
        "report",
        "month",
    ]
    assert rules_for("el_salvador", date(2026, 5, 24)) == []
    assert rules_for("elsewhere", date(2026, 12, 1)) == []


def test_every_rule_has_its_words_and_its_source() -> None:
    for rule in rules_for("el_salvador", date(2026, 12, 1)):
        assert {rule.key} <= CLOCK_NAMES.keys() & CLOCK_RULES.keys() & CLOCK_REMEDIES.keys()
        assert rule.certainty in CERTAINTIES
        assert rule.source
