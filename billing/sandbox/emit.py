"""Events: the snapshot of an object at the moment it changed, kept for the event list and put out for delivery."""

from billing.sandbox.errors import Json
from billing.sandbox.render import render
from billing.sandbox.shapes import API_VERSION, copy_of
from billing.sandbox.store import Store


def emit(store: Store, kind: str, row: Json, *, before: Json | None = None) -> Json:
    """Record that `row` changed. `before` is its snapshot from before, for `previous_attributes`."""
    shown = copy_of(render(store, row))
    data: Json = {"object": shown}
    if before is not None:
        data["previous_attributes"] = {key: before.get(key) for key in shown if shown[key] != before.get(key)}
    event = store.create("event", type=kind, data=data, api_version=API_VERSION, request=dict(store.origin))
    store.outbox.append(event)
    return event


def snapshot(store: Store, row: Json) -> Json:
    """What the object looks like now, for `before`."""
    return copy_of(render(store, row))
