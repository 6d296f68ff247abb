"""A service run on several rows: each row has its own outcome, and one that fails never stops the rest."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import InterfaceError, OperationalError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from config.admin.base import HouseAdmin
from config.admin.texts import Text

logger = logging.getLogger(__name__)

DONE, REFUSED, FAILED = "done", "refused", "failed"
LEVELS = {DONE: messages.SUCCESS, REFUSED: messages.WARNING, FAILED: messages.ERROR}

Service = Callable[..., object]
Together = Callable[..., Mapping[int, str]]


class Outcome(NamedTuple):
    """What became of one row: done, refused or failed, and that in words."""

    kind: str
    words: str


@dataclass(slots=True)
class Plan:
    """Takes the place of the request when an action is asked what it calls for each row, and not to call it.

    That way a worker does by the row exactly what the action does in the request.
    """

    user: Any
    service: Service | None = None
    together: Together | None = None
    done: Text | Callable[[Any], Text] = ""
    fields: dict[str, Any] = field(default_factory=dict)


def run_on_each(
    modeladmin: HouseAdmin,
    request: HttpRequest | Plan,
    queryset: QuerySet[Any],
    service: Service,
    *,
    done: Text | Callable[[Any], Text],
    together: Together | None = None,
    **fields: Any,
) -> None:
    """Call `service(row, actor=request.user, **fields)` for each row and tell the outcome of each.

    `done` says what was done; where that depends, it is a function of what the service returned.
    What the model admin lists in `refusals` is a refusal and shown in its own words; anything else is a failure that
    is logged, told without details, and leaves the other rows alone.
    `together(keys, actor=..., **fields)` does the same to many rows with a few statements and returns by key why each
    refused row was; a worker uses it for a batch.
    """
    if isinstance(request, Plan):
        request.service, request.together, request.done, request.fields = service, together, done, fields
        return
    plan = Plan(request.user, service, together, done, fields)
    for row in queryset:
        label = modeladmin.row_label(row)
        outcome = outcome_of(modeladmin, row, plan)
        words = _("refused. %(why)s") % {"why": outcome.words} if outcome.kind == REFUSED else outcome.words
        messages.add_message(
            request, LEVELS[outcome.kind], _("%(row)s: %(outcome)s") % {"row": label, "outcome": words}
        )


def outcome_of(modeladmin: HouseAdmin, row: Model, plan: Plan, *, lets_pass: Sequence[type[Exception]] = ()) -> Outcome:
    """Call the service of a plan for one row. Errors of the database's connection pass where the caller asks for it."""
    assert plan.service is not None  # noqa: S101 - told to the type checker
    try:
        result = plan.service(row, actor=plan.user, **plan.fields)
    except PermissionDenied as error:
        return Outcome(REFUSED, str(error) or _("You lack the permission."))
    except ValidationError as error:
        return Outcome(REFUSED, " ".join(error.messages))
    except modeladmin.refusals as error:
        return Outcome(REFUSED, str(error))
    except Exception as error:
        if isinstance(error, tuple(lets_pass)):
            raise
        logger.exception("%s failed on %s %s", plan.service, row._meta.label, row.pk)
        return Outcome(FAILED, _("failed by a defect of ours, which was logged. The other rows were not affected."))
    return Outcome(DONE, str(plan.done(result) if callable(plan.done) else plan.done))


BROKEN = (InterfaceError, OperationalError)
"""The database is away, or a lock was not to be had: the row is tried again, and nobody is told that it failed."""
