"""What needs a person, told once: the desk counts these rows and the list's filter shows exactly the same ones."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Count, Min, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from config.admin.texts import Text

MOST_COUNTED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Rows of one model that wait for a person; with the tone "wait" they wait for a machine, and nobody need act.

    The lower the `urgency`, the earlier it stands on the desk. `since` is the column of the moment from which a row
    waits. `mine` narrows the rows to those that wait for this very person: nobody is sent to what they may not answer.
    """

    key: str
    label: Text
    hint: Text
    urgency: int
    rows: Callable[[QuerySet[Any]], QuerySet[Any]]
    tone: str = "warn"
    since: str = "created_at"
    mine: Callable[[QuerySet[Any], Any], QuerySet[Any]] | None = None

    def rows_for(self, person: Any, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows that the card counts for this person; its list shows the same."""
        found = self.rows(rows)
        return found if self.mine is None else self.mine(found, person)


@dataclass(frozen=True, slots=True)
class Card:
    """A problem with the number of its rows, the moment since which the oldest waits, and the list that shows them."""

    problem: Problem
    count: int
    oldest: datetime | None
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
                return problem.rows_for(self._person, queryset)
        return queryset

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        self._problems: tuple[Problem, ...] = model_admin.problems
        self._person = request.user
        super().__init__(request, params, model, model_admin)


def card_of(problem: Problem, person: Any, rows: QuerySet[Any], url: str) -> Card:
    """Look at the rows of a problem in one query, at most one more than is ever shown and the oldest of all first."""
    waiting = problem.rows_for(person, rows).order_by(problem.since).values(problem.since)[: MOST_COUNTED + 1]
    found = waiting.aggregate(count=Count("*"), oldest=Min(problem.since))
    return Card(problem, found["count"], found["oldest"], url)
