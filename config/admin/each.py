"""A service run on several rows: each row has its own outcome, and one that fails never stops the rest."""

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.admin.base import HouseAdmin
from config.admin.texts import Text

logger = logging.getLogger(__name__)

MOST_TOLD = 100
"""Rows whose outcomes are told one by one; of more rows, the outcomes are told with their numbers."""
MOST_NAMED = 10
"""Refused rows that such a summary names per reason."""


def run_on_each(
    modeladmin: HouseAdmin,
    request: HttpRequest,
    queryset: QuerySet[Any],
    service: Callable[..., object],
    *,
    done: Text | Callable[[Any], Text],
    **fields: Any,
) -> None:
    """Call `service(row, actor=request.user, **fields)` for each row and tell the outcome of each.

    `done` says what was done; where that depends, it is a function of what the service returned.
    What the model admin lists in `refusals` is a refusal and shown in its own words; anything else is a failure that
    is logged, told without details, and leaves the other rows alone.
    """
    for row in queryset:
        label = modeladmin.row_label(row)
        level, outcome = _outcome(modeladmin, row, service, actor=request.user, done=done, fields=fields)
        messages.add_message(request, level, _("%(row)s: %(outcome)s") % {"row": label, "outcome": outcome})


def _outcome(
    modeladmin: HouseAdmin,
    row: Model,
    service: Callable[..., object],
    *,
    actor: object,
    done: Text | Callable[[Any], Text],
    fields: dict[str, Any],
) -> tuple[int, str]:
    try:
        result = service(row, actor=actor, **fields)
    except PermissionDenied as error:
        return messages.WARNING, _refusal(str(error) or _("You lack the permission."))
    except ValidationError as error:
        return messages.WARNING, _refusal(" ".join(error.messages))
    except modeladmin.refusals as error:
        return messages.WARNING, _refusal(str(error))
    except Exception:
        logger.exception("%s failed on %s %s", service, row._meta.label, row.pk)
        return messages.ERROR, _("failed by a defect of ours, which was logged. The other rows were not affected.")
    return messages.SUCCESS, str(done(result) if callable(done) else done)


def run_on_set(
    modeladmin: HouseAdmin,
    request: HttpRequest,
    queryset: QuerySet[Any],
    service: Callable[..., Mapping[int, str]],
    *,
    keys: Sequence[int],
    done: Text,
    **fields: Any,
) -> None:
    """Call `service(keys, actor=request.user, **fields)` once for all rows, which returns why each refused row was.

    A few rows are told one by one, as `run_on_each` does; of many, how many had each outcome and which were refused.
    """
    try:
        refused = service(keys, actor=request.user, **fields)
    except PermissionDenied as error:
        why = str(error) or _("You lack the permission.")
        refused = dict.fromkeys(keys, why)
    if len(keys) <= MOST_TOLD:
        for row in queryset:
            _tell(request, modeladmin.row_label(row), refused.get(row.pk), done)
        return
    if accepted := len(keys) - len(refused):
        _tell(request, _number_of_rows(accepted), None, done)
    by_reason: dict[str, list[int]] = defaultdict(list)
    for key, why in refused.items():
        by_reason[why].append(key)
    for why, these in by_reason.items():
        _tell(request, _number_of_rows(len(these)), f"{why} {_named(modeladmin, queryset, these)}", done)


def _tell(request: HttpRequest, label: str, why: str | None, done: Text) -> None:
    level, outcome = (messages.SUCCESS, str(done)) if why is None else (messages.WARNING, _refusal(why))
    messages.add_message(request, level, _("%(row)s: %(outcome)s") % {"row": label, "outcome": outcome})


def _refusal(why: str) -> str:
    return _("refused. %(why)s") % {"why": why}


def _number_of_rows(number: int) -> str:
    return ngettext("%(number)s row", "%(number)s rows", number) % {"number": number_format(number)}


def _named(modeladmin: HouseAdmin, queryset: QuerySet[Any], keys: Sequence[int]) -> str:
    """Name the first of these rows, and how many more there are."""
    names = "; ".join(modeladmin.row_label(row) for row in queryset.filter(pk__in=keys[:MOST_NAMED]))
    more = len(keys) - MOST_NAMED
    return _("%(names)s and %(more)s more") % {"names": names, "more": number_format(more)} if more > 0 else names
