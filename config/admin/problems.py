"""What needs a person, told once: the desk counts these rows and the list's filter shows exactly the same ones."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from config.admin.texts import Text

MOST_COUNTED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Rows of one model that wait for a person; with the tone "wait" they wait for a machine, and nobody need act.

    The lower the `urgency`, the earlier it stands on the desk.
    """

    key: str
    label: Text
    hint: Text
    urgency: int
    rows: Callable[[QuerySet[Any]], QuerySet[Any]]
    tone: str = "warn"


@dataclass(frozen=True, slots=True)
class Card:
    """A problem with the number of its rows and the list that shows them."""

    problem: Problem
    count: int
    url: str

    @property
    def is_bounded(self) -> bool:
        return self.count > MOST_COUNTED

    @property
    def shown(self) -> int:
        return min(self.count, MOST_COUNTED)


class ProblemFilter(admin.SimpleListFilter):
    """The rows of each problem that the model admin declares in `problems`."""

    title = _("needs a person")
    parameter_name = "problem"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Text]]:
        return [(problem.key, problem.label) for problem in model_admin.problems]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for problem in self._problems:
            if problem.key == self.value():
                return problem.rows(queryset)
        return queryset

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        self._problems: tuple[Problem, ...] = model_admin.problems
        super().__init__(request, params, model, model_admin)


def count_rows(problem: Problem, rows: QuerySet[Any]) -> int:
    """Count the rows of a problem, at most one more than is ever shown."""
    return problem.rows(rows).order_by()[: MOST_COUNTED + 1].count()
