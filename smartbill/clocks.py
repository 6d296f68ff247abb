"""The legal times of an outage: the dated rules of `legal_rules`, and arithmetic without a database.

Where the law counts from a moment that nobody can know exactly, a clock says both ends: `safe_until` counts from the
earliest that moment can have been, `last_possible` from the latest. People are warned by the first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from smartbill.legal_rules import OUTAGE, Rule, rules_about

STAGES = (50, 10, 0)
"""Per cent of the time left at which people are warned; at 0 it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """The documents of the outage that were issued in one month, by the issuer's calendar."""

    first_day: date
    unsealed: int
    last_seal_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is proved about an outage. `ended_at`: seals are given again; `sealed_at`: the last document has its own.

    `filed_at` is what a person recorded about the contingency event. `first_seal_at` is the first late seal; the
    authority seals no document of a contingency without an event (code 012), so the event was there by then.
    """

    provider: str
    zone: ZoneInfo
    began_at: datetime
    last_evidence_at: datetime
    ended_at: datetime | None = None
    filed_at: datetime | None = None
    first_seal_at: datetime | None = None
    sealed_at: datetime | None = None
    months: Sequence[Month] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One legal time. `last_possible` is None while the moment it counts from is not proved."""

    rule: Rule
    starts_at: datetime
    safe_until: datetime
    last_possible: datetime | None
    met_at: datetime | None = None
    is_implied: bool = False
    is_missed: bool = False

    @property
    def key(self) -> str:
        return self.rule.key

    @property
    def is_running(self) -> bool:
        return self.met_at is None

    def left(self, at: datetime) -> timedelta:
        """Return the time left to be safe; negative when it is over."""
        return self.safe_until - at

    def reached_at(self, stage: int) -> datetime:
        """Return when only this many per cent of the time are left."""
        return self.safe_until - (self.safe_until - self.starts_at) * stage / 100

    def stage(self, at: datetime) -> int | None:
        """Return the lowest stage of STAGES that is reached, or None; a time that was kept has none."""
        reached = [stage for stage in STAGES if at >= self.reached_at(stage)]
        return min(reached) if reached and self.is_running else None

    def tone(self, at: datetime) -> str:
        """Return the colour: good when kept, wait with more than half left, then warn, and bad from the last tenth."""
        if not self.is_running:
            return "bad" if self.is_missed else "good"
        return {None: "wait", 50: "warn"}.get(self.stage(at), "bad")


def rules_for(provider: str, day: date) -> list[Rule]:
    """Return the rules under which an outage stands that began on this day, in the order of the data file."""
    return [rule for rule in rules_about(OUTAGE, provider) if rule.is_in_force(day)]


def clocks_of(facts: Facts) -> list[Clock]:
    """Return every legal time of an outage with what is known of it."""
    day = facts.began_at.astimezone(facts.zone).date()
    return [_KINDS[rule.starts](rule, facts) for rule in rules_for(facts.provider, day)]


def month_end(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant after the month of this day, by the calendar of the zone."""
    first_of_next = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return datetime.combine(first_of_next, time.min, tzinfo=zone)


def _since_end(rule: Rule, facts: Facts) -> Clock:
    """The contingency event: within its hours of the end, which lies between the last evidence and the first seal."""
    hours = timedelta(hours=rule.hours or 0)
    last = facts.ended_at + hours if facts.ended_at else None
    return Clock(
        rule=rule,
        starts_at=facts.last_evidence_at,
        safe_until=facts.last_evidence_at + hours,
        last_possible=last,
        met_at=facts.filed_at or facts.first_seal_at,
        is_implied=facts.filed_at is None and facts.first_seal_at is not None,
        is_missed=bool(facts.filed_at and last and facts.filed_at > last),
    )


def _since_event(rule: Rule, facts: Facts) -> Clock:
    """The documents: within their hours of the event's seal."""
    hours = timedelta(hours=rule.hours or 0)
    start = facts.filed_at or facts.last_evidence_at
    latest = facts.filed_at or facts.first_seal_at
    last = latest + hours if latest else None
    return Clock(
        rule=rule,
        starts_at=start,
        safe_until=start + hours,
        last_possible=last,
        met_at=facts.sealed_at,
        is_missed=bool(facts.sealed_at and last and facts.sealed_at > last),
    )


def _since_beginning(rule: Rule, facts: Facts) -> Clock:
    """What is needed of an outage that lasts too long: kept when it ended before."""
    limit = facts.began_at + timedelta(hours=rule.hours or 0)
    return Clock(
        rule=rule,
        starts_at=facts.began_at,
        safe_until=limit,
        last_possible=limit,
        met_at=facts.ended_at,
        is_missed=bool(facts.ended_at and facts.ended_at > limit),
    )


def _since_issue(rule: Rule, facts: Facts) -> Clock:
    """The month of issue: its end, for the oldest month of which a document lacks its seal."""
    ends = [(month, month_end(month.first_day, facts.zone)) for month in facts.months]
    waiting = [end for month, end in ends if month.unsealed]
    limit = min(waiting, default=month_end(facts.began_at.astimezone(facts.zone).date(), facts.zone))
    return Clock(
        rule=rule,
        starts_at=min(facts.began_at, limit),
        safe_until=limit,
        last_possible=limit,
        met_at=facts.sealed_at,
        is_missed=any(month.last_seal_at and month.last_seal_at >= end for month, end in ends),
    )


_KINDS = {
    "outage_began": _since_beginning,
    "outage_ended": _since_end,
    "event_sealed": _since_event,
    "issued": _since_issue,
}
