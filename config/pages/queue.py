"""Background jobs as they are, to look at only.

django-q2's own pages unpickle what the database holds, let whoever may add a schedule run any code, and delete the
evidence of a failure when it is tried again. These never unpickle: arguments and results are not even read, and of a
failure only the texts inside the pickle are shown, taken out without executing it.
"""

import pickletools
from base64 import b64decode
from binascii import Error as NotBase64
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_q.models import Failure, OrmQ, Schedule, Success

from config.admin import ReadOnlyAdmin
from config.admin.display import preformatted

PICKLED = ("args", "kwargs", "result")

# django-q2 brings neither Spanish nor Romanian: what our pages show of its words is marked for our own catalogues.
DJANGO_Q_WORDS = (
    *(_("Task id"), _("Name"), _("Function"), _("Group"), _("Cluster"), _("Started at"), _("Stopped at"), _("Success")),
    *(_("Attempt count"), _("Schedule Type"), _("Minutes"), _("Cron"), _("Once"), _("Next Run"), _("Repeats")),
    *(_("Successful task"), _("Successful tasks"), _("Failed task"), _("Failed tasks"), _("Queued task")),
    *(_("Queued tasks"), _("Scheduled task"), _("Scheduled tasks"), _("Cluster key"), _("Lock until")),
    _("Last task id"),
)


def texts_in(pickled: str) -> str:
    """Return the texts inside a base64 pickle by reading its instructions, none of which is carried out."""
    try:
        instructions = list(pickletools.genops(b64decode(pickled, validate=True)))
    except (NotBase64, ValueError, UnicodeDecodeError, IndexError):
        return ""
    return "\n".join(str(value) for code, value, _at in instructions if "UNICODE" in code.name and value)


class TaskAdmin(ReadOnlyAdmin):
    """A finished task without its pickles."""

    section = "jobs"
    list_display = ["name", "func", "started", "stopped", "attempt_count"]
    search_fields = ["name", "func"]
    fields = ["id", "name", "func", "group", "cluster", "started", "stopped", "success", "attempt_count"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer(*PICKLED)


@admin.register(Success)
class SuccessAdmin(TaskAdmin):
    position = 40


@admin.register(Failure)
class FailureAdmin(TaskAdmin):
    position = 20
    fields = [*TaskAdmin.fields, "what_failed"]
    readonly_fields = ["what_failed"]

    @admin.display(description=_("What failed"))
    def what_failed(self, task: Failure) -> SafeString | str:
        stored = Failure.objects.filter(pk=task.pk).annotate(stored=Cast("result", TextField()))
        raw = stored.values_list("stored", flat=True).first()
        return preformatted(texts_in(raw)) if raw else "–"


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    section = "jobs"
    position = 30
    list_display = ["name", "func", "schedule_type", "minutes", "cron", "next_run", "repeats"]
    fields = ["name", "func", "schedule_type", "minutes", "cron", "next_run", "repeats", "cluster", "task"]


@admin.register(OrmQ)
class OrmQAdmin(ReadOnlyAdmin):
    """What waits in the queue: number and lock; the signed payload stays closed."""

    section = "jobs"
    position = 50
    list_display = ["id", "key", "lock"]
    fields = ["id", "key", "lock"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("payload")
