"""Money back: refunds and disputes of charges."""

from billing.sandbox.emit import emit
from billing.sandbox.errors import Json, refused
from billing.sandbox.intents import keep_balance
from billing.sandbox.resources.plain import keep_metadata, reading
from billing.sandbox.router import Call, Route
from billing.sandbox.store import Store

REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def create_refund(call: Call) -> Json:
    """Refund a charge, or the charge of an intent, wholly or in part."""
    params, store = call.params, call.store
    if params.has("payment_intent"):
        intent = store.named("payment_intent", params.needed("payment_intent"), "payment_intent")
        if intent["status"] != "succeeded":
            raise refused(f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.")
        charge = store.get("charge", intent["latest_charge"])
    else:
        charge = store.named("charge", params.needed("charge"), "charge")
    reason = params.choice("reason", REASONS, "requested_by_customer") if params.has("reason") else None
    refund = new_refund(store, charge, params.integer("amount"), reason)
    keep_metadata(params, refund)
    return refund


def new_refund(store: Store, charge: Json, amount: int | None, reason: str | None) -> Json:
    """Give back `amount` of the charge, or all that is left of it."""
    left = charge["amount_captured"] - charge["amount_refunded"]
    wanted = left if amount is None else amount
    if left == 0:
        raise refused(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if not 0 < wanted <= left:
        raise refused(f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({left})", param="amount")
    refund = store.create("refund", amount=wanted, charge=charge["id"], currency=charge["currency"], reason=reason)
    refund |= {"customer": charge["customer"], "payment_intent": charge["payment_intent"]}
    refund["payment_method"] = charge["payment_method"]
    keep_balance(store, refund, -wanted, "refund")
    charge["amount_refunded"] += wanted
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    emit(store, "refund.created", refund)
    emit(store, "charge.refunded", charge)
    return refund


def update_refund(call: Call) -> Json:
    """Change the metadata of a refund."""
    refund = call.store.get("refund", call.ids["id"])
    keep_metadata(call.params, refund)
    emit(call.store, "refund.updated", refund)
    return refund


def fail_refund(store: Store, refund: Json) -> Json:
    """The buyer's bank sent the money back to us."""
    if refund["status"] != "succeeded":
        raise refused("Only a succeeded refund can fail.")
    charge = store.get("charge", refund["charge"])
    refund |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    emit(store, "refund.updated", refund)
    emit(store, "refund.failed", refund)
    emit(store, "charge.refund.updated", refund)
    return refund


def open_dispute(store: Store, charge: Json, amount: int | None, reason: str) -> Json:
    """The buyer contests the charge; the money is taken back at once."""
    if charge["disputed"]:
        raise refused(f"Charge {charge['id']} is already disputed.")
    dispute = store.create("dispute", amount=amount or charge["amount"], charge=charge["id"], reason=reason)
    dispute |= {"currency": charge["currency"], "payment_intent": charge["payment_intent"]}
    charge["disputed"] = True
    emit(store, "charge.dispute.created", dispute)
    emit(store, "charge.dispute.funds_withdrawn", dispute)
    return dispute


def close_dispute(store: Store, dispute: Json, status: str) -> Json:
    """The bank decided: `won` or `lost`."""
    if dispute["status"] in ("won", "lost") or status not in ("won", "lost"):
        raise refused("A dispute is closed once, as won or lost.")
    dispute["status"] = status
    emit(store, "charge.dispute.closed", dispute)
    if status == "won":
        emit(store, "charge.dispute.funds_reinstated", dispute)
    return dispute


ROUTES = (
    Route("POST", "/v1/refunds", create_refund, ("amount", "charge", "metadata", "payment_intent", "reason")),
    *reading("refund", "/v1/refunds", "charge", "payment_intent"),
    Route("POST", "/v1/refunds/{id}", update_refund, ("metadata",)),
    *reading("dispute", "/v1/disputes", "charge", "payment_intent"),
)
