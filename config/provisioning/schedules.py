"""The schedules of `settings.SCHEDULES` as rows of Django-Q, each with the heartbeat by which its job is missed."""

from django.conf import settings
from django.db import transaction
from django_q.models import Schedule

from config.heartbeat import expect, forget
from config.models import Heartbeat
from config.provisioning.report import Line
from notifications.services.alert import resolve_alert

PREFIX = "sello."


@transaction.atomic
def set_schedules() -> list[Line]:
    """Make the rows agree with the settings; remove ours that the settings no longer name, and doubles."""
    lines = [_set(name, task, minutes) for name, (task, minutes) in settings.SCHEDULES.items()]
    for schedule in Schedule.objects.filter(name__startswith=PREFIX).exclude(name__in=settings.SCHEDULES):
        schedule.delete()
        forget(schedule.name)
        resolve_alert(kind="worker_stuck", key=schedule.name)
        lines.append(Line("schedule", schedule.name, "removed"))
    return lines


def _set(name: str, task: str, minutes: int) -> Line:
    wanted = {
        "func": task,
        "schedule_type": Schedule.MINUTES,
        "minutes": minutes,
        "repeats": -1,
        "args": None,
        "kwargs": None,
        "hook": None,
        "cluster": None,
    }
    # The name is not unique in Django-Q's table. The heartbeat's is, and its lock lets hosts that start together look
    # one after the other; doubles of an earlier day are removed.
    expect(name)
    Heartbeat.objects.select_for_update().get(name=name)
    rows = list(Schedule.objects.select_for_update().filter(name=name).order_by("pk"))
    if not rows:
        Schedule.objects.create(name=name, **wanted)
        return Line("schedule", name, "created")
    Schedule.objects.filter(pk__in=[row.pk for row in rows[1:]]).delete()
    changed = [field for field, value in wanted.items() if getattr(rows[0], field) != value]
    if changed:
        Schedule.objects.filter(pk=rows[0].pk).update(**wanted)
    return Line.of("schedule", name, changed)
