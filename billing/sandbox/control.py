"""The surface beside the API, at `/_sandbox/`: what a story or a test does that no caller of Stripe can do. JSON."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from billing.sandbox.api import Request, Response
from billing.sandbox.completion import complete, settle_session
from billing.sandbox.deliveries import Letter, Plan, body_of
from billing.sandbox.emit import emit
from billing.sandbox.errors import Json, StripeFault, refused
from billing.sandbox.intents import fail, succeed
from billing.sandbox.render import render
from billing.sandbox.resources.customers import give_discount
from billing.sandbox.resources.refunds import close_dispute, fail_refund, open_dispute
from billing.sandbox.resources.subscriptions import cycle
from billing.sandbox.settlement import record_intent
from billing.sandbox.shapes import copy_of, copy_of_text
from billing.sandbox.world import World

Wanted = dict[str, Any]


def control(world: World, request: Request) -> Response:
    """Answer one call of the control surface."""
    path = request.path.removeprefix("/_sandbox/")
    try:
        wanted = (
            copy_of_text(request.body.decode() or "{}") if request.method == "POST" else dict(parse_qsl(request.query))
        )
        for method, pattern, answer in CONTROLS:
            found = re.fullmatch(pattern, path) if method == request.method else None
            if found:
                with world.store.lock, world.store.step():
                    body = copy_of(answer(world, wanted, *found.groups()))
                    world.announce()
                return Response(200, body)
        raise StripeFault(404, f"The sandbox has no control {request.method} {request.path}")
    except StripeFault as error:
        return Response(error.status, error.body)
    except (TypeError, ValueError, KeyError) as error:
        return Response(400, refused(f"The control was not understood: {error}").body)


def _faults(world: World, wanted: Wanted) -> Json:
    world.faults.plan(wanted)
    return world.faults.shown()


def _plan(world: World, wanted: Wanted) -> Json:
    world.deliveries.plan = Plan(**wanted)
    return vars(world.deliveries.plan)


def _webhook(world: World, wanted: Wanted) -> Json:
    world.deliveries.url, world.deliveries.secret = str(wanted["url"]), str(wanted["secret"])
    return {"url": world.deliveries.url}


def _clock(world: World, wanted: Wanted) -> Json:
    world.clock.offset = int(wanted.get("offset", world.clock.offset))
    world.clock.signature_offset = int(wanted.get("signature_offset", world.clock.signature_offset))
    return {"now": world.clock.now(), "signing_time": world.clock.signing_time()}


def _calls(world: World, wanted: Wanted) -> Json:
    rows = world.calls.found(method=wanted.get("method", ""), path=wanted.get("path", ""))
    return {"count": len(rows), "data": rows}


def _state(world: World, wanted: Wanted) -> Json:
    kind = wanted.get("kind")
    tables = world.store.tables
    if kind:
        return {"data": [render(world.store, row) for row in world.store.rows(kind)]}
    counts = {name: len(rows) for name, rows in tables.items()}
    waiting = len(world.deliveries.queue) + world.deliveries.in_flight
    webhook = {"url": world.deliveries.url, "waiting": waiting, "unconfirmed": len(world.store.webhooks_pending)}
    return {"objects": counts, "webhook": webhook, "calls": len(world.calls.rows), "faults": world.faults.shown()}


def _log(world: World, wanted: Wanted) -> Json:
    return {"data": [row for row in world.deliveries.log if wanted.get("event") in (None, row["event"])]}


def _deliver(world: World, wanted: Wanted) -> Json:
    """Send an event again, or sign and send any `body` at all, `times` times."""
    times, secret = int(wanted.get("times", 1)), str(wanted.get("secret", ""))
    if "body" in wanted:
        letter = Letter("", "raw", str(wanted["body"]).encode(), secret)
    else:
        event = world.store.get("event", wanted["event"])
        letter = Letter(event["id"], event["type"], body_of(event), secret)
    world.deliveries.send(letter, times=times)
    return {"queued": times}


def _emit(world: World, wanted: Wanted) -> Json:
    """Tell an event that time alone would cause (`invoice.overdue`), about an object as it is now."""
    event = emit(world.store, str(wanted["type"]), world.store.get(wanted["kind"], wanted["id"]))
    return render(world.store, event)


def _reset(world: World, wanted: Wanted) -> Json:
    world.reset()
    return {"reset": True}


def _settle(world: World, wanted: Wanted, intent: str) -> Json:
    """The slow payment arrives, or comes back when `outcome` is `failed`."""
    row = world.store.get("payment_intent", intent)
    if row["status"] != "processing":
        raise refused(f"This PaymentIntent is {row['status']}, not processing.")
    if wanted.get("outcome", "succeeded") == "succeeded":
        record_intent(world.store, succeed(world.store, row))
    else:
        fail(world.store, row)
    settle_session(world.store, row)
    return render(world.store, row)


def _complete(world: World, wanted: Wanted, session: str) -> Json:
    return render(world.store, complete(world.store, world.store.get("checkout.session", session), wanted))


def _cycle(world: World, wanted: Wanted, subscription: str) -> Json:
    return render(world.store, cycle(world.store, world.store.get("subscription", subscription)))


def _discount(world: World, wanted: Wanted, customer: str) -> Json:
    coupon = world.store.named("coupon", wanted["coupon"], "coupon")
    return render(world.store, give_discount(world.store, world.store.get("customer", customer), coupon))


def _fail_refund(world: World, wanted: Wanted, refund: str) -> Json:
    return render(world.store, fail_refund(world.store, world.store.get("refund", refund)))


def _dispute(world: World, wanted: Wanted, charge: str) -> Json:
    row = world.store.get("charge", charge)
    return render(world.store, open_dispute(world.store, row, wanted.get("amount"), wanted.get("reason", "general")))


def _close_dispute(world: World, wanted: Wanted, dispute: str) -> Json:
    return render(world.store, close_dispute(world.store, world.store.get("dispute", dispute), wanted["status"]))


CONTROLS: tuple[tuple[str, str, Callable[..., Json]], ...] = (
    ("POST", "faults", _faults),
    ("POST", "plan", _plan),
    ("POST", "webhook", _webhook),
    ("POST", "clock", _clock),
    ("GET", "calls", _calls),
    ("GET", "state", _state),
    ("GET", "deliveries", _log),
    ("POST", "deliver", _deliver),
    ("POST", "emit", _emit),
    ("POST", "reset", _reset),
    ("POST", r"checkout/sessions/([^/]+)/complete", _complete),
    ("POST", r"payment_intents/([^/]+)/settle", _settle),
    ("POST", r"subscriptions/([^/]+)/cycle", _cycle),
    ("POST", r"customers/([^/]+)/discount", _discount),
    ("POST", r"refunds/([^/]+)/fail", _fail_refund),
    ("POST", r"charges/([^/]+)/dispute", _dispute),
    ("POST", r"disputes/([^/]+)/close", _close_dispute),
)
