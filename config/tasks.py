"""The queue's doors to the glue."""

from datetime import datetime

from config.alarms import raise_alarm_of_backups, raise_alarms_of_events, raise_alarms_of_mail
from config.jobs.run import run_due_jobs
from config.models import Job
from config.queue import drain_task


def beat() -> None:
    """Do nothing: that it came back is the sign of life, and `config/heartbeat.py` writes it down."""


def raise_alarms() -> None:
    """Warn of what the tables show and no service notices by itself."""
    raise_alarms_of_events()
    raise_alarms_of_mail()
    raise_alarm_of_backups()


def _jobs_due(at: datetime) -> bool:
    return Job.objects.due(at).exists()


@drain_task(due=_jobs_due)
def drain_jobs() -> None:
    """Carry out what people asked for many rows at once."""
    run_due_jobs()
