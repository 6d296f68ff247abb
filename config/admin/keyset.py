"""Pages of a list by position: the next page begins after the last row of this one, wherever that row lies by now.

A page by number reads and throws away every row before it, and shows a row twice when a new one comes in between. Here
each page is one step into the index of the order, so the last page costs what the first one does.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import F, Field, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.http import HttpRequest
from django.utils.timezone import is_naive

AFTER, BEFORE, END = "after", "before", "end"
POSITIONS = (AFTER, BEFORE, END)


@dataclass(frozen=True, slots=True)
class Order:
    """The columns of an order, all in the same direction, of which the last is unique."""

    fields: Sequence["Field[Any, Any]"]
    is_descending: bool

    def position_of(self, row: Any) -> str:
        """Return the place of a row as it stands in an address: the values of the columns, nothing of a person."""
        values = [getattr(row, field.attname) for field in self.fields]
        text = json.dumps(values, cls=_Exact, separators=(",", ":"))
        return urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def beyond(self, position: str, *, backward: bool) -> TupleGreaterThan | TupleLessThan:
        """Return the condition of the rows after a place, or before it. Raises IncorrectLookupParameters."""
        values = self._values(position)
        compare = TupleLessThan if self.is_descending != backward else TupleGreaterThan
        return compare(Tuple(*(F(field.attname) for field in self.fields)), values)

    def _values(self, position: str) -> tuple[Any, ...]:
        try:
            found = json.loads(urlsafe_b64decode(position + "=" * (-len(position) % 4)))
            if not isinstance(found, list) or len(found) != len(self.fields):
                raise IncorrectLookupParameters("a position of another order")
            return tuple(_checked(field, value) for field, value in zip(self.fields, found, strict=True))
        except (ValueError, RecursionError, ArithmeticError, TypeError, ValidationError) as error:
            raise IncorrectLookupParameters(str(error)) from error


class _Exact(DjangoJSONEncoder):
    """Times keep their microseconds: a row between two milliseconds would otherwise be shown twice or never."""

    def default(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, datetime) else super().default(value)


def _checked(field: "Field[Any, Any]", value: Any) -> Any:
    if not isinstance(value, str | int) or isinstance(value, str) and "\x00" in value:
        raise IncorrectLookupParameters("a value that no column has")
    found = field.to_python(value)
    field.run_validators(found)
    if found is None or (isinstance(found, datetime) and is_naive(found)):
        raise IncorrectLookupParameters("a value that no column has")
    return found


@dataclass(frozen=True, slots=True)
class Steps:
    """The addresses of the other pages; an empty one is not offered, because this is that page."""

    first: str
    previous: str
    next: str
    last: str


class KeysetChangeList(ChangeList):
    """The list of the house. Small tables ordered by something that no index holds keep numbered pages."""

    steps: Steps | None = None

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Any, Any]:
        """Keep the place out of what filters and links are made of: a list that is narrowed begins at its start."""
        for name in POSITIONS:
            self.params.pop(name, None)
            self.filter_params.pop(name, None)
        return super().get_queryset(request, exclude_parameters)

    def _get_deterministic_ordering(self, ordering: Any) -> list[Any]:
        """End in the key, in the direction of the first column: an index runs one way."""
        found = super()._get_deterministic_ordering(ordering)  # type: ignore[misc]
        if len(found) > len(ordering) and ordering and not str(ordering[0]).startswith("-"):
            found[-1] = "pk"
        return list(found)

    def order(self) -> Order | None:
        """Return the order of the list, or None where its columns cannot be compared as a row."""
        names = [str(name) for name in self.queryset.query.order_by if isinstance(name, str)]
        if not names or len(names) != len(self.queryset.query.order_by):
            return None
        directions = {name.startswith("-") for name in names}
        fields = [self._column(name.lstrip("-")) for name in names]
        if len(directions) > 1 or not all(fields):
            return None
        return Order([field for field in fields if field is not None], directions.pop())

    def get_results(self, request: HttpRequest) -> None:
        order = self.order()
        if order is None:
            super().get_results(request)
            return
        self.paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
        self.result_count = self.paginator.count
        self.full_result_count = None
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = self.multi_page = False
        self.page_num = 1
        asked = {name: request.GET[name] for name in POSITIONS if request.GET.get(name)}
        self.result_list = self._page(order, asked)

    def _page(self, order: Order, asked: Mapping[str, str]) -> list[Any]:
        """Return the rows of the page that was asked for, and set the addresses of the others."""
        if END in asked or BEFORE in asked:
            rows = self.queryset.reverse()
            if BEFORE in asked:
                rows = rows.filter(order.beyond(asked[BEFORE], backward=True))
            found, has_previous = self._some(rows)
            # Close to the start the first page is shown whole, not its first few rows alone.
            if has_previous or END in asked:
                found.reverse()
                return self._stepped(order, found, has_previous, BEFORE in asked)
        elif AFTER in asked:
            found, has_next = self._some(self.queryset.filter(order.beyond(asked[AFTER], backward=False)))
            # The rows that followed are gone: the end of what is left.
            return self._stepped(order, found, True, has_next) if found else self._page(order, {END: "1"})
        found, has_next = self._some(self.queryset)
        return self._stepped(order, found, False, has_next)

    def _some(self, rows: QuerySet[Any, Any]) -> tuple[list[Any], bool]:
        """Return the rows of one page, and whether there is one more."""
        found = list(rows[: self.list_per_page + 1])
        return found[: self.list_per_page], len(found) > self.list_per_page

    def _stepped(self, order: Order, rows: list[Any], has_previous: bool, has_next: bool) -> list[Any]:
        self.steps = Steps(
            first=self._address({}) if has_previous else "",
            previous=self._address({BEFORE: order.position_of(rows[0])}) if has_previous and rows else "",
            next=self._address({AFTER: order.position_of(rows[-1])}) if has_next and rows else "",
            last=self._address({END: "1"}) if has_next else "",
        )
        return rows

    def _address(self, place: Mapping[str, str]) -> str:
        return self.get_query_string(dict(place))

    def _column(self, name: str) -> "Field[Any, Any] | None":
        """Return a column of the table that is never empty; only those have one place in every database's order."""
        if name == "pk":
            return self.lookup_opts.pk
        try:
            field = self.lookup_opts.get_field(name)
        except FieldDoesNotExist:
            return None
        if not isinstance(field, Field) or not field.concrete or field.null:
            return None
        return field if field.remote_field is None or name == field.attname else None
