"""The table of addresses: which function answers which call, and which parameters it understands."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from billing.sandbox.errors import Json, StripeFault
from billing.sandbox.lists import Page
from billing.sandbox.params import Params
from billing.sandbox.store import Store


@dataclass(frozen=True)
class Call:
    """One request, ready for the function that answers it."""

    store: Store
    params: Params
    ids: dict[str, str] = field(default_factory=dict)


Answer = Callable[[Call], Json | Page]


@dataclass(frozen=True)
class Route:
    """One address of the API. `takes` names every parameter it implements; others are refused."""

    method: str
    path: str
    answer: Answer
    takes: tuple[str, ...] = ()

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The address as a regular expression."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))


class Router:
    """Finds the route of a call."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route and the ids in its address, or Stripe's 404 for an address it does not know."""
        for route in self.routes:
            found = route.pattern.fullmatch(path) if route.method == method else None
            if found:
                return route, found.groupdict()
        raise StripeFault(404, f"Unrecognized request URL ({method}: {path}).")
