"""The event list, which forgets after 30 days, and the account."""

from billing.sandbox.errors import Json, missing, refused
from billing.sandbox.lists import PAGING, Page, created_within, page_of
from billing.sandbox.router import Call, Route
from billing.sandbox.shapes import blank

KEPT = 30 * 24 * 60 * 60
MOST_TYPES = 20


def list_events(call: Call) -> Page:
    """Events of the last 30 days, newest first."""
    params, store = call.params, call.store
    types = params.texts("types")
    if len(types) > MOST_TYPES or (types and params.has("type")):
        raise refused(f"You may pass `type`, or up to {MOST_TYPES} `types`.", param="types")
    wanted = types or [kind for kind in (params.text("type"),) if kind]
    oldest = store.clock.now() - KEPT
    rows = [row for row in store.rows("event") if row["created"] >= oldest]
    if wanted:
        rows = [row for row in rows if any(_is(row["type"], kind) for kind in wanted)]
    if params.has("delivery_success"):
        arrived = params.flag("delivery_success")
        rows = [row for row in rows if (row["id"] not in store.webhooks_pending) == arrived]
    return page_of(created_within(rows, params), params, "/v1/events")


def _is(kind: str, wanted: str) -> bool:
    return kind == wanted or (wanted.endswith("*") and kind.startswith(wanted[:-1]))


def retrieve_event(call: Call) -> Json:
    """One event, while it is kept."""
    event = call.store.get("event", call.ids["id"])
    if event["created"] < call.store.clock.now() - KEPT:
        raise missing("event", event["id"])
    return event


def retrieve_account(call: Call) -> Json:
    """The one account there is."""
    account = blank("account")
    if call.ids.get("id", account["id"]) != account["id"]:
        raise missing("account", call.ids["id"])
    return account


ROUTES = (
    Route("GET", "/v1/events", list_events, (*PAGING, "created", "delivery_success", "type", "types")),
    Route("GET", "/v1/events/{id}", retrieve_event),
    Route("GET", "/v1/account", retrieve_account),
    Route("GET", "/v1/accounts/{id}", retrieve_account),
)
