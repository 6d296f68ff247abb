"""Until when a stamped document may be invalidated or credited: both ends, each with the rule that says so.

The official texts contradict each other, so no single date is right. On a day, whatever rule in force then still allows
it makes it possible; whatever rule in force then forbids it makes it unsafe. `safe_until` is the end of the last day
up to which no rule forbids it, `last_possible` the end of the last day on which any rule allows it. The authority
decides; nothing here blocks anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from smartbill.business_days import Calendar, add_months
from smartbill.legal_rules import CREDIT_NOTE, INVALIDATION, Rule, rules_about

END_OF_DAY = time(23, 59, 59)
LONGEST = timedelta(days=2 * 366)
"""No rule reaches further back than this from today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One remedy and its time, at the issuer. `safe_rule` and `last_rule` are those that set the two ends."""

    about: str
    safe_until: datetime
    last_possible: datetime
    safe_rule: Rule
    last_rule: Rule

    def is_safe(self, at: datetime) -> bool:
        return at <= self.safe_until

    def is_possible(self, at: datetime) -> bool:
        """Whether any of the texts still allows it."""
        return at <= self.last_possible

    def tone(self, at: datetime) -> str:
        """Return the colour: good while safe, warn while only some text allows it, off when it is over."""
        return "good" if self.is_safe(at) else "warn" if self.is_possible(at) else "off"


def windows_of(
    kind: str, stamped_at: datetime, *, provider: str, zone: ZoneInfo, calendar: Calendar, activity: str = ""
) -> Mapping[str, Window]:
    """Return the windows of a document of this kind that was stamped then, by `legal_rules.INVALIDATION` and
    `CREDIT_NOTE`; a remedy that the law does not know for the kind has none.

    `activity` is the issuer's code: some rows count for certain activities only. Days are those of the issuer's zone.
    """
    day = stamped_at.astimezone(zone).date()
    found = {}
    for about in (INVALIDATION, CREDIT_NOTE):
        rules = [
            rule
            for rule in rules_about(about, provider)
            if kind in rule.kinds and (not rule.activities or activity in rule.activities)
        ]
        window = _window(about, day, rules, zone, calendar)
        if window is not None:
            found[about] = window
    return found


def _window(about: str, day: date, rules: list[Rule], zone: ZoneInfo, calendar: Calendar) -> Window | None:
    forbids = {rule: found for rule in rules if (found := _first_forbidden(rule, day, calendar)) is not None}
    allows = {rule: found for rule in rules if (found := _last_allowed(rule, day, calendar)) is not None}
    if not allows:
        return None
    last_rule = max(allows, key=lambda rule: allows[rule])
    last = allows[last_rule]
    safe_rule = min(forbids, key=lambda rule: forbids[rule], default=last_rule)
    safe = min(forbids[safe_rule] - timedelta(days=1), last) if safe_rule in forbids else last
    return Window(
        about=about,
        safe_until=datetime.combine(safe, END_OF_DAY, zone),
        last_possible=datetime.combine(last, END_OF_DAY, zone),
        safe_rule=safe_rule,
        last_rule=last_rule,
    )


def _last_day(rule: Rule, day: date, calendar: Calendar, *, offices: bool) -> date:
    """Return the last day that a rule gives a document stamped on this day, were it in force for ever."""
    match dict(rule.within):
        case {"days": int(count)}:
            return day + timedelta(days=count)
        case {"months": int(count)}:
            return add_months(day, count)
        case {"business_days": int(count), "from": "seal"}:
            return calendar.business_day(day + timedelta(days=1), count, offices=offices)
        case {"business_days": int(count), "from": "next_month"}:
            return calendar.business_day(add_months(day.replace(day=1), 1), count, offices=offices)
    raise ValueError(f"{rule.key}: {rule.within!r}")


def _first_forbidden(rule: Rule, day: date, calendar: Calendar) -> date | None:
    """Return the first day on which this rule is in force and says that it is too late."""
    first = max(_last_day(rule, day, calendar, offices=False) + timedelta(days=1), rule.valid_from)
    return first if rule.is_in_force(first) else None


def _last_allowed(rule: Rule, day: date, calendar: Calendar) -> date | None:
    """Return the last day on which this rule is in force and says that it is not too late."""
    last = _last_day(rule, day, calendar, offices=True)
    last = last if rule.valid_to is None else min(last, rule.valid_to)
    return last if last >= max(day, rule.valid_from) else None
