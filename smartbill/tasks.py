"""The queue's door: every task works off a table and may be lost or run twice at will."""

from datetime import datetime

from config.queue import drain_task
from smartbill.models import Attempt, Document, Outage
from smartbill.services import tally_days as days
from smartbill.services.alarm_doubts import alarm_doubts, alarms_due
from smartbill.services.alarm_windows import alarm_windows
from smartbill.services.claim import issuers_with_work
from smartbill.services.outage_look_after import look_after_outages
from smartbill.services.read import READABLE, read_due_documents
from smartbill.services.render import render_due_documents
from smartbill.services.submit import submit_due_documents
from smartbill.services.sweep import sweep_attempts as give_up_overdue_attempts


@drain_task(due=issuers_with_work)
def drain_submissions(issuer_id: int) -> None:
    submit_due_documents(issuer_id)


def _readings_due(at: datetime) -> bool:
    return Document.objects.due(at).filter(status__in=READABLE).exists()


@drain_task(due=_readings_due)
def drain_readings() -> None:
    read_due_documents()


def _renditions_due(at: datetime) -> bool:
    return Document.objects.filter(render_at__lte=at).exists()


@drain_task(due=_renditions_due)
def drain_renditions() -> None:
    render_due_documents()


def _outages_due(at: datetime) -> bool:
    return Outage.objects.due(at).exists()


@drain_task(due=_outages_due)
def drain_outages() -> None:
    look_after_outages()


@drain_task(due=alarms_due)
def drain_doubt_alarms() -> None:
    alarm_doubts()


def _attempts_overdue(at: datetime) -> bool:
    return Attempt.objects.overdue(at).exists()


@drain_task(due=_attempts_overdue)
def drain_overdue_attempts() -> None:
    give_up_overdue_attempts()


def tally_days() -> None:
    days.tally_days()


def watch_windows() -> None:
    alarm_windows()


def sweep_attempts() -> None:
    give_up_overdue_attempts()
