"""The gate before every call: calls in flight, calls per period, pauses and the breaker, in one row for all hosts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from notifications.services.alert import raise_alert, resolve_alert
from smartbill import breaker
from smartbill.breaker import Breaker, Rules, State
from smartbill.errors import PreconditionFailed
from smartbill.models import Attempt, Channel, ChannelEvent, Issuer
from smartbill.permissions import require, require_reason

ALERT = "breaker_open"
AHEAD = 2
"""One call is claimed ahead for every so many places."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rules() -> Rules:
    """Return the breaker's figures of the settings."""
    return Rules(**settings.SMARTBILL_BREAKER)


def lock_channel(issuer_id: int) -> Channel:
    """Return the issuer's channel, locked until the end of the transaction; made on first use."""
    locked = Channel.objects.select_for_update()
    found = locked.filter(pk=issuer_id).first()
    if found is None:
        Channel.objects.get_or_create(issuer_id=issuer_id)
        found = locked.get(pk=issuer_id)
    return found


# Letting calls through


def places_for(channel: Channel, issuer: Issuer, at: datetime, *, worker: str) -> int:
    """Return how many calls of this worker may be on the wire at once; call under the channel's lock.

    What other workers have claimed is theirs, begun or not: so all of them together never exceed the account. While
    one call is tried, the worker's own count as well, for as long as their ends are not recorded.
    """
    if not issuer.active or (channel.paused_until and channel.paused_until > at):
        return 0
    under_way = Attempt.objects.open().filter(document__issuer=issuer)
    if channel.state == State.CLOSED:
        under_way = under_way.exclude(worker=worker)
    return breaker.allowed(channel.breaker, at, ceiling=issuer.in_flight, in_flight=under_way.count())


def new_calls(channel: Channel, issuer: Issuer, at: datetime, *, places: int, in_hand: int, ahead: bool) -> int:
    """Return how many calls a worker may claim that has so many places, and so many in hand already.

    `ahead` asks for a few more than there are places, so that one that ends is followed at once. They are granted at
    rest, and not where calls are counted by time or by series: one that waits leaves later than it was counted.
    """
    counted = bool(issuer.calls_per_period or issuer.one_per_series)
    spare = (places + AHEAD - 1) // AHEAD if ahead and channel.is_at_rest and not counted else 0
    free = places + spare - in_hand
    return min(free, _left_in_period(channel, issuer, at)) if issuer.calls_per_period else free


def note_calls(channel: Channel, issuer: Issuer, at: datetime, number: int) -> None:
    """Count calls that were let through; call under the channel's lock."""
    before = channel.state
    channel.set_breaker(breaker.probing(channel.breaker))
    changed = ["state"] if channel.state != before else []
    if issuer.calls_per_period:
        channel.calls = [*_in_period(channel, issuer, at), *[_milliseconds(at)] * number]
        changed.append("calls")
    if changed:
        channel.save(update_fields=changed)


def take_reading(issuer: Issuer) -> datetime | None:
    """Count a look-up against the account's rate; return None, or the moment from which it may be made.

    A look-up changes nothing, so the breaker lets it through: it is how the provider's recovery is seen.
    """
    if not issuer.calls_per_period:
        paused = Channel.objects.filter(pk=issuer.pk, paused_until__gt=now())
        return paused.values_list("paused_until", flat=True).first()
    with transaction.atomic(durable=True):
        channel, at = lock_channel(issuer.pk), now()
        if channel.paused_until and channel.paused_until > at:
            return channel.paused_until
        if not _left_in_period(channel, issuer, at):
            oldest = EPOCH + timedelta(milliseconds=_in_period(channel, issuer, at)[0])
            return oldest + timedelta(seconds=issuer.period_seconds)
        channel.calls = [*_in_period(channel, issuer, at), _milliseconds(at)]
        channel.save(update_fields=["calls"])
    return None


def _left_in_period(channel: Channel, issuer: Issuer, at: datetime) -> int:
    """Return how many calls any window of the period still has room for."""
    return max(0, issuer.calls_per_period - len(_in_period(channel, issuer, at)))


def _in_period(channel: Channel, issuer: Issuer, at: datetime) -> list[int]:
    since = _milliseconds(at - timedelta(seconds=issuer.period_seconds))
    return [each for each in channel.calls if each > since]


def _milliseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


# What the ends of calls teach; each is called inside the transaction that records the end


def note_answer(issuer: Issuer, *, number: int = 1) -> None:
    """Note explicit verdicts: the provider works."""
    channel = Channel.objects.filter(pk=issuer.pk).first()
    for _verdict in range(number if channel is not None and not channel.is_at_rest else 0):
        _change(issuer, lambda before: breaker.after_answer(before, ceiling=issuer.in_flight))


def note_unknown(issuer: Issuer, why: str) -> None:
    """Note a lost answer."""
    at = now()
    _change(issuer, lambda before: breaker.after_unknown(before, at, ceiling=issuer.in_flight, rules=rules()), why=why)


def note_unreachable(issuer: Issuer, why: str) -> None:
    """Note a call that found nobody."""
    at = now()
    _change(issuer, lambda before: breaker.after_unreachable(before, at, rules=rules()), why=why)


def pause_channel(issuer_id: int, *, until: datetime, why: str) -> None:
    """Let nothing through until then. A longer pause that is running stays: a short one must not end it early."""
    Channel.objects.get_or_create(issuer_id=issuer_id)
    shorter = Channel.objects.filter(pk=issuer_id).exclude(paused_until__gt=until)
    shorter.update(paused_until=until, pause_reason=why[:300])


def _change(issuer: Issuer, decide: Callable[[Breaker], Breaker], *, why: str = "") -> None:
    channel = lock_channel(issuer.pk)
    before, after = channel.breaker, decide(channel.breaker)
    if after == before:
        return
    channel.set_breaker(after)
    stops, closes = after.state == State.OPEN != before.state, after.state == State.CLOSED != before.state
    if stops:
        channel.opened_at, channel.why = channel.opened_at or now(), why[:300]
    if closes:
        channel.opened_at, channel.why = None, ""
    channel.save()
    if stops or closes:
        ChannelEvent.objects.create(issuer=issuer, before=before.state, after=after.state, reason=why[:300])
    if stops:
        raise_alert(kind=ALERT, key=issuer.slug, context={"issuer": issuer.slug, "why": why[:300]})
    if closes:
        resolve_alert(kind=ALERT, key=issuer.slug)


# People


def stop_channel(issuer: Issuer, *, actor: Any, reason: str) -> None:
    """Stop sending until a person lets it go on; calls under way end as they end."""
    require(actor, "smartbill.control_channel")
    reason = require_reason(reason)
    with transaction.atomic():
        row = lock_channel(issuer.pk)
        if row.state == State.OPEN and row.probe_at is None:
            raise PreconditionFailed(_("Sending is stopped already."))
        _set_by_person(row, Breaker(state=State.OPEN, limit=1), actor, reason)
        row.opened_at, row.why = row.opened_at or now(), reason[:300]
        row.save()


def release_channel(issuer: Issuer, *, actor: Any, reason: str) -> None:
    """End a stop or a pause: one call first, then more with every answer."""
    require(actor, "smartbill.control_channel")
    reason = require_reason(reason)
    with transaction.atomic():
        row = lock_channel(issuer.pk)
        if row.state == State.CLOSED and not row.is_paused:
            raise PreconditionFailed(_("Sending is not stopped."))
        if row.state != State.CLOSED:
            # Not closed by decree: the next call is the probe, and its answer closes it.
            _set_by_person(row, Breaker(state=State.OPEN, limit=1, probe_at=now()), actor, reason)
        row.paused_until, row.pause_reason = None, ""
        row.save()


def _set_by_person(channel: Channel, to: Breaker, actor: Any, reason: str) -> None:
    ChannelEvent.objects.create(
        issuer_id=channel.pk, before=channel.state, after=to.state, actor=actor, reason=reason[:300]
    )
    channel.set_breaker(to)
