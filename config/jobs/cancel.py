"""Stopping a job in the middle: what is done stays done, and what is left is left alone."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.timezone import now
from django.utils.translation import gettext as _

from config.jobs.models import Job

RIGHT = "config.cancel_job"


def may_cancel(job: Job, actor: Any) -> bool:
    """Whether this person may stop the job: their own, or any with the right."""
    return bool(actor is not None and actor.is_active and (job.actor_id == actor.pk or actor.has_perm(RIGHT)))


def cancel_job(job: Job, *, actor: Any, reason: str) -> None:
    """Have the worker stop before its next row. Raises PermissionDenied, or ValidationError when it has ended."""
    if not may_cancel(job, actor):
        raise PermissionDenied(_("You lack the permission %(permission)s.") % {"permission": RIGHT})
    if not reason.strip():
        raise ValidationError(_("Say why."))
    if not stop_job(job, actor=actor, why=reason.strip()):
        raise ValidationError(_("The job has ended already."))


def stop_job(job: Job, *, actor: Any, why: str) -> bool:
    """End a running job; False when it was not running. Nobody as `actor` is the program itself."""
    running = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING)
    state = Job.State.CANCELLED
    return bool(running.update(state=state, ended_at=now(), next_at=None, cancelled_by=actor, cancel_reason=why))
