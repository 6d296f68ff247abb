"""Lists: filters by creation time, pages by cursor, newest first."""

from collections.abc import Iterable
from dataclasses import dataclass

from billing.sandbox.errors import Json, missing, refused
from billing.sandbox.params import Params

PAGING = ("limit", "starting_after", "ending_before")
BOUNDS = ("gt", "gte", "lt", "lte")


@dataclass(frozen=True)
class Page:
    """One page of stored rows, not yet rendered."""

    rows: list[Json]
    has_more: bool
    url: str


def page_of(rows: Iterable[Json], params: Params, url: str) -> Page:
    """Cut the page that `limit`, `starting_after` and `ending_before` ask for."""
    everything = list(rows)
    limit = 10 if (asked := params.integer("limit")) is None else asked
    if not 1 <= limit <= 100:
        raise refused(
            "Invalid integer: limit must be between 1 and 100", code="parameter_invalid_integer", param="limit"
        )
    after, before = params.text("starting_after"), params.text("ending_before")
    if after and before:
        raise refused("You can only specify one of `starting_after` and `ending_before`")
    if before:
        earlier = everything[: _position(everything, before, "ending_before")]
        return Page(earlier[-limit:], len(earlier) > limit, url)
    start = _position(everything, after, "starting_after") + 1 if after else 0
    return Page(everything[start : start + limit], len(everything) > start + limit, url)


def _position(rows: list[Json], identifier: str, param: str) -> int:
    for index, row in enumerate(rows):
        if row["id"] == identifier:
            return index
    raise missing("object", identifier, param=param, status=400)


def created_within(rows: Iterable[Json], params: Params) -> list[Json]:
    """Keep what was created at the exact second, or within the bounds, that `created` names."""
    if not isinstance(params.raw.get("created"), dict):
        exact = params.integer("created")
        return [row for row in rows if exact is None or row["created"] == exact]
    window = params.child("created")
    window.refuse_others(BOUNDS)
    above = max([v for v in (window.integer("gte"), _next(window.integer("gt"), 1)) if v is not None], default=None)
    below = min([v for v in (window.integer("lte"), _next(window.integer("lt"), -1)) if v is not None], default=None)
    return [
        row for row in rows if (above is None or row["created"] >= above) and (below is None or row["created"] <= below)
    ]


def _next(value: int | None, step: int) -> int | None:
    return None if value is None else value + step


def matching(rows: Iterable[Json], params: Params, *fields: str) -> list[Json]:
    """Keep the rows whose fields equal the parameters of the same name."""
    wanted = {field: params.text(field) for field in fields if params.text(field) is not None}
    return [row for row in rows if all(_plain(row.get(field)) == value for field, value in wanted.items())]


def _plain(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
