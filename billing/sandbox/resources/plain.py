"""The addresses that are alike for every resource: retrieve, list, delete, and the fields that are simply kept."""

from collections.abc import Iterable

from billing.sandbox.errors import Json, refused
from billing.sandbox.lists import PAGING, Page, created_within, matching, page_of
from billing.sandbox.params import Params
from billing.sandbox.router import Answer, Call, Route

ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


def retrieve(kind: str) -> Answer:
    """Answer with the object the address names."""
    return lambda call: call.store.get(kind, call.ids["id"])


def listing(kind: str, url: str, *filters: str) -> Answer:
    """Answer with a page of the objects whose fields equal the parameters of the same name."""

    def answer(call: Call) -> Page:
        rows = matching(call.store.rows(kind), call.params, *filters)
        rows = created_within(rows, call.params) if call.params.has("created") else rows
        return page_of(rows, call.params, url)

    return answer


def reading(kind: str, url: str, *filters: str, created: bool = True) -> tuple[Route, Route]:
    """The two addresses that read a resource."""
    takes = (*PAGING, *filters, *(("created",) if created else ()))
    return (
        Route("GET", f"{url}/{{id}}", retrieve(kind)),
        Route("GET", url, listing(kind, url, *filters), takes),
    )


def keep_texts(params: Params, row: Json, fields: Iterable[str]) -> None:
    """Copy the plain text fields that were sent; an empty one is unset."""
    for name in fields:
        if params.has(name):
            row[name] = params.text(name)


def keep_metadata(params: Params, row: Json) -> None:
    """Merge `metadata`: an empty value removes its key, an empty hash removes all."""
    if not params.has("metadata"):
        return
    sent = params.raw["metadata"]
    if not isinstance(sent, dict):
        row["metadata"] = {}
        return
    if not all(isinstance(value, str) for value in sent.values()):
        raise refused("Invalid metadata: values must be strings", param="metadata")
    merged = {**row["metadata"], **sent}
    row["metadata"] = {key: value for key, value in merged.items() if value != ""}


def address_of(params: Params) -> Json | None:
    """The address hash with its six fields, or None when it was sent empty."""
    params.refuse_others(ADDRESS)
    return {name: params.text(name) for name in ADDRESS} if params.raw else None


def currency_of(params: Params, key: str = "currency") -> str:
    """The currency in lower case."""
    value = params.needed(key).lower()
    if len(value) != 3 or not value.isalpha():
        raise refused(f"Invalid currency: {value}", param=params.name(key))
    return value


def percentage_of(params: Params, key: str) -> str:
    """A percentage between 0 and 100, as plain text so that no digit is lost."""
    params.needed(key)
    value = params.decimal(key)
    if value is None or not 0 <= value <= 100:
        raise refused(f"Invalid {key}: must be between 0 and 100", param=params.name(key))
    return format(value, "f")


def json_number(text: str) -> int | float:
    """A percentage as JSON shows it."""
    return int(text) if "." not in text else float(text)
