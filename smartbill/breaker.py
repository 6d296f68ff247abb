"""The circuit breaker of a channel: how many calls may be in flight, decided from how the last ones ended.

Without it, as many calls as fit hang in a provider that hangs, and each of them becomes a question for a person. The
functions are pure; `services/channel.py` keeps the result in the channel's row, which all hosts share.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class State(TextChoices):
    """The electrician's words in the database, the clerk's on the page: an open breaker lets nothing through."""

    CLOSED = "closed", _("sending")
    OPEN = "open", _("stopped")
    PROBING = "probing", _("trying one")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """`most` unknowns within `window` seconds stop the channel, or `refusals` unreachable calls in a row. The first
    probe comes after `first_probe` seconds, each later one after twice the time, `longest_probe` at most."""

    window: int = 60
    most: int = 3
    refusals: int = 3
    first_probe: int = 30
    longest_probe: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """`limit` is the number of calls in flight while it recovers; None stands for all that the account allows.

    An open breaker without `probe_at` was opened by a person and waits for one.
    """

    state: str = State.CLOSED
    limit: int | None = None
    unknowns: tuple[datetime, ...] = ()
    refusals: int = 0
    probe_at: datetime | None = None
    probe_wait: int = 0


def allowed(breaker: Breaker, at: datetime, *, ceiling: int, in_flight: int) -> int:
    """Return how many more calls may be under way. `ceiling` is what the account allows, `in_flight` what is now."""
    if breaker.state == State.CLOSED:
        return max(0, min(ceiling, breaker.limit or ceiling) - in_flight)
    if breaker.state == State.OPEN and (breaker.probe_at is None or at < breaker.probe_at):
        return 0
    # One at a time. A probe whose worker died is no longer in flight, and the next one may go.
    return 0 if in_flight else 1


def probing(breaker: Breaker) -> Breaker:
    """Return the breaker after a call was let through: an open one is now trying."""
    return replace(breaker, state=State.PROBING) if breaker.state == State.OPEN else breaker


def after_answer(breaker: Breaker, *, ceiling: int) -> Breaker:
    """Return the breaker after an explicit verdict: it closes after a probe, and grows by one call."""
    if breaker.state == State.OPEN:
        return breaker  # an answer to a call from before the stop proves nothing about now
    if breaker.state == State.PROBING:
        return Breaker(limit=1) if ceiling > 1 else Breaker()
    if breaker.limit is None:
        return replace(breaker, refusals=0)
    limit = breaker.limit + 1
    return replace(breaker, refusals=0, limit=limit if limit < ceiling else None)


def after_unknown(breaker: Breaker, at: datetime, *, ceiling: int, rules: Rules) -> Breaker:
    """Return the breaker after an answer was lost: half the calls, none after too many or when it was a probe."""
    recent = (*(each for each in breaker.unknowns if each > at - timedelta(seconds=rules.window)), at)[-rules.most :]
    limit = max(1, min(ceiling, breaker.limit or ceiling) // 2)
    counted = replace(breaker, unknowns=recent, limit=limit, refusals=0)
    if breaker.state == State.PROBING or (breaker.state == State.CLOSED and len(recent) >= rules.most):
        return _opened(counted, at, rules)
    return counted


def after_unreachable(breaker: Breaker, at: datetime, *, rules: Rules) -> Breaker:
    """Return the breaker after a call found nobody: nothing is in doubt, but the next ones would find nobody either."""
    counted = replace(breaker, refusals=breaker.refusals + 1)
    if breaker.state == State.PROBING or (breaker.state == State.CLOSED and counted.refusals >= rules.refusals):
        return _opened(counted, at, rules)
    return counted


def _opened(breaker: Breaker, at: datetime, rules: Rules) -> Breaker:
    wait = min(rules.longest_probe, breaker.probe_wait * 2 if breaker.probe_wait else rules.first_probe)
    return replace(
        breaker, state=State.OPEN, limit=1, refusals=0, probe_wait=wait, probe_at=at + timedelta(seconds=wait)
    )
