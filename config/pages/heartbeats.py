"""Signs of life of background work, of its hosts and of its jobs; a silent worker is the first thing the desk says."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from config.admin import Problem, ReadOnlyAdmin, badge
from config.heartbeat import HOST, WORKER, patience
from config.models import Heartbeat


def late_jobs(rows: QuerySet[Any], at: datetime) -> QuerySet[Any]:
    """Narrow heartbeats to periodic jobs that are missed."""
    missed = Q(pk__in=[])
    for name in settings.SCHEDULES:
        missed |= Q(name=name, beat_at__lt=at - patience(name))
    return rows.filter(missed)


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    section = "jobs"
    position = 10
    problems = (
        Problem(
            key="silent",
            label=_("Background work is silent"),
            hint=_("Nothing is sent, read or mailed until a worker runs again."),
            urgency=1,
            tone="bad",
            since="beat_at",
            rows=lambda rows: rows.filter(name=WORKER, beat_at__lt=now() - patience(WORKER)),
        ),
        Problem(
            key="late",
            label=_("Periodic jobs that do not run"),
            hint=_("Look at the failed tasks for the reason."),
            urgency=4,
            tone="bad",
            since="beat_at",
            rows=lambda rows: late_jobs(rows, now()),
        ),
        Problem(
            key="hosts",
            label=_("Hosts whose worker is silent"),
            hint=_("It was not stopped on purpose. Look at its log; a day later it is no longer expected."),
            urgency=5,
            tone="warn",
            since="beat_at",
            rows=lambda rows: rows.filter(name__startswith=HOST, beat_at__lt=now() - patience(HOST)),
        ),
    )
    list_display = ["name", "state", "beat_at", "since", "detail"]

    @admin.display(description=_("State"))
    def state(self, heartbeat: Heartbeat) -> SafeString:
        if now() - heartbeat.beat_at <= patience(heartbeat.name):
            return badge(_("alive"), "good")
        return badge(_("silent"), "bad")

    @admin.display(description=_("Since"))
    def since(self, heartbeat: Heartbeat) -> str:
        return timesince(heartbeat.beat_at)
