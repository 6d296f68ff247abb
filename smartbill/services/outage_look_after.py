"""Looking after open outages: their cause, their questions, their legal clocks, and their end."""

import logging
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.utils.timezone import now

from notifications.services.alert import raise_alert, resolve_alert
from smartbill.clock_texts import CLOCK_NAMES
from smartbill.clocks import STAGES, Clock
from smartbill.models import Outage, ReadingRecord
from smartbill.providers import provider_for
from smartbill.services.outage_facts import clocks_of_outage
from smartbill.services.outage_note import alert_context, alert_key, local_time
from smartbill.services.outage_probe import ask_about_all, choose_probe, is_wave_due
from smartbill.services.outage_prove import prove_pages

logger = logging.getLogger(__name__)

EACH, SOON = timedelta(minutes=1), timedelta(seconds=2)


def look_after_outages() -> None:
    """Take each outage that is due, once; one that fails holds up no other and is looked after again in a minute."""
    at = now()
    for outage in Outage.objects.due(at).select_related("issuer", "probe").order_by("check_at", "id"):
        if not Outage.objects.due(at).filter(pk=outage.pk, check_at=outage.check_at).update(check_at=at + EACH):
            continue
        try:
            look_after(outage)
        except (InterfaceError, OperationalError):
            raise
        except Exception:
            logger.exception("outage %s could not be looked after", outage.pk)


def look_after(outage: Outage) -> None:
    """Do what is due for one outage, and close it when nothing of it is owed any more."""
    at = now()
    if outage.cause is None:
        _learn_cause(outage)
    choose_probe(outage)
    if is_wave_due(outage, at):
        ask_about_all(outage)
    proved = prove_pages(outage)
    clocks = clocks_of_outage(outage)
    _warn(outage, clocks, at)
    if _close(outage, clocks):
        return
    is_nearly_over = not outage.entries.unsealed().exists()
    if proved or is_nearly_over:
        Outage.objects.due(at + EACH).filter(pk=outage.pk).update(check_at=now() + SOON)


def _learn_cause(outage: Outage) -> None:
    """Take the cause from the first data file of a document of the outage that states one."""
    files = ReadingRecord.objects.filter(document__outage_entry__outage=outage).exclude(content=None)
    newest = files.order_by("-id").first()
    stated = provider_for(outage.issuer).contingency_cause(bytes(newest.content or b"")) if newest else None
    if stated is not None:
        outage.cause, outage.cause_text = stated
        Outage.objects.filter(pk=outage.pk, cause=None).update(cause=outage.cause, cause_text=outage.cause_text)


def _warn(outage: Outage, clocks: list[Clock], at: datetime) -> None:
    """Warn of every clock by the stage it has reached; a warning ends when its stage no longer holds."""
    for clock in clocks:
        reached = clock.stage(at)
        for stage in STAGES:
            key = f"{alert_key(outage)}-{clock.key}-{stage}"
            if stage == reached:
                context = alert_context(
                    outage,
                    reason=str(CLOCK_NAMES[clock.key]),
                    deadline=local_time(clock.safe_until, outage.issuer),
                    hours_left=max(0, int(clock.left(at).total_seconds() // 3600)),
                    count=outage.entries.unsealed().count(),
                )
                raise_alert(kind="outage_clock", key=key, context=context)
            elif reached is None or stage < reached:
                resolve_alert(kind="outage_clock", key=key)
    running = [clock.reached_at(STAGES[0]) for clock in clocks if clock.is_running]
    Outage.objects.filter(pk=outage.pk).update(warn_at=min(running, default=None))


def _close(outage: Outage, clocks: list[Clock]) -> bool:
    """Close the outage when every document has its seal and every page shows it, under the lock that entries take."""
    if outage.entries.unseen().exists():
        return False
    with transaction.atomic():
        row = (
            Outage.objects.open().select_for_update(of=("self",)).select_related("issuer").filter(pk=outage.pk).first()
        )
        if row is None or row.entries.unseen().exists():
            return False
        row.closed_at = now()
        row.missed = ",".join(clock.key for clock in clocks if clock.is_missed)
        row.warn_at = None
        row.save(update_fields=["closed_at", "missed", "warn_at"])
        for clock in clocks:
            for stage in STAGES:
                resolve_alert(kind="outage_clock", key=f"{alert_key(row)}-{clock.key}-{stage}")
        resolve_alert(kind="outage_open", key=alert_key(row), context={"count": row.entries.count()})
    return True
