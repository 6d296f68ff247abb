"""Money in: payment intents, the charges that settle them, and what a refused card leaves behind."""

import secrets
from typing import Any

from billing.sandbox.emit import emit
from billing.sandbox.errors import Json, declined, missing, refused
from billing.sandbox.render import render
from billing.sandbox.store import Store

PAYABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
SUCCEEDING = {"pm_card_visa": "visa", "pm_card_mastercard": "mastercard", "pm_card_amex": "amex", "tok_visa": "visa"}
RISKY = {"pm_card_riskLevelElevated": "elevated", "pm_card_riskLevelHighest": "highest"}
"""Cards that succeed with this judgement of Radar: `highest` where the account's own rules do not block it."""
DECLINING = {
    "pm_card_chargeDeclined": "generic_decline",
    "pm_card_visa_chargeDeclined": "generic_decline",
    "pm_card_chargeDeclinedInsufficientFunds": "insufficient_funds",
    "pm_card_chargeDeclinedExpiredCard": "expired_card",
}
SLOW = {"pm_usBankAccount_success", "pm_sepaDebit_success"}


def new_intent(store: Store, *, amount: int, currency: str, customer: str | None, **fields: Any) -> Json:
    """Make an intent that waits for a payment method."""
    intent = store.create("payment_intent", amount=amount, currency=currency, customer=customer, **fields)
    intent["client_secret"] = f"{intent['id']}_secret_{secrets.token_hex(12)}"
    intent["_invoice_payments"] = []
    emit(store, "payment_intent.created", intent)
    return intent


def method_named(store: Store, name: str, customer: str | None) -> Json:
    """The payment method: a kept one, or a new one for Stripe's test names (`pm_card_visa`)."""
    kept = store.find("payment_method", name)
    if kept is not None:
        return kept
    if not any(name in known for known in (SUCCEEDING, RISKY, DECLINING, SLOW)):
        raise missing("PaymentMethod", name, param="payment_method", status=400)
    method = store.create("payment_method", customer=customer, _behaves=name)
    if name in SLOW:
        kind = "us_bank_account" if "us" in name else "sepa_debit"
        del method["card"]
        method |= {"type": kind, kind: {"last4": "6789"}}
    else:
        brand = SUCCEEDING.get(name, "visa")
        method["card"] |= {
            "brand": brand,
            "display_brand": brand,
            "networks": {"available": [brand], "preferred": None},
        }
    return method


def pay_intent(store: Store, intent: Json, method: Json, *, billing: Json | None = None) -> Json:
    """Charge the method: the intent succeeds, or keeps processing for a slow method, or 402 is raised."""
    if intent["status"] not in PAYABLE:
        message = f"This PaymentIntent's status is {intent['status']} and it can no longer be paid."
        raise refused(message, code="payment_intent_unexpected_state", param="payment_intent")
    intent["payment_method"] = method["id"]
    intent["payment_method_types"] = [method["type"]]
    code = DECLINING.get(method["_behaves"])
    if code:
        raise _refuse_card(store, intent, method, code)
    if method["_behaves"] in SLOW:
        intent["status"] = "processing"
        emit(store, "payment_intent.processing", intent)
        return intent
    return succeed(store, intent, billing=billing)


def succeed(store: Store, intent: Json, *, billing: Json | None = None) -> Json:
    """The money has arrived."""
    method = store.past("payment_method", intent["payment_method"])
    charge = _charge(store, intent, method)
    charge["billing_details"] |= billing or {}
    keep_balance(store, charge, charge["amount"], "charge")
    intent |= {"status": "succeeded", "amount_received": intent["amount"], "latest_charge": charge["id"]}
    intent["last_payment_error"] = None
    emit(store, "charge.succeeded", charge)
    emit(store, "payment_intent.succeeded", intent)
    return intent


def fail(store: Store, intent: Json) -> None:
    """A slow payment came back."""
    method = store.past("payment_method", intent["payment_method"])
    _refuse_card(store, intent, method, "generic_decline")


def _refuse_card(store: Store, intent: Json, method: Json, code: str) -> Exception:
    charge = _charge(store, intent, method)
    charge |= {"status": "failed", "paid": False, "captured": False, "amount_captured": 0}
    charge |= {"failure_code": "card_declined", "failure_message": "Your card was declined."}
    charge["outcome"] |= {"network_status": "declined_by_network", "reason": code, "type": "issuer_declined"}
    intent |= {"status": "requires_payment_method", "latest_charge": charge["id"], "payment_method": None}
    intent["last_payment_error"] = {
        "charge": charge["id"],
        "code": "card_declined",
        "decline_code": code,
        "message": "Your card was declined.",
        "payment_method": render(store, method),
        "type": "card_error",
    }
    emit(store, "charge.failed", charge)
    emit(store, "payment_intent.payment_failed", intent)
    return declined(code, charge=charge["id"], payment_intent=render(store, intent))


def _charge(store: Store, intent: Json, method: Json) -> Json:
    kind = method["type"]
    details = {
        key: method[kind][key]
        for key in ("brand", "country", "exp_month", "exp_year", "funding", "last4")
        if key in method[kind]
    }
    charge = store.create(
        "charge",
        amount=intent["amount"],
        amount_captured=intent["amount"],
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        metadata=dict(intent["metadata"]),
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details={"type": kind, kind: details},
        receipt_email=intent["receipt_email"],
    )
    charge["outcome"]["risk_level"] = RISKY.get(method["_behaves"], charge["outcome"]["risk_level"])
    return charge


def cancel(store: Store, intent: Json, reason: str | None = None) -> None:
    """Give the intent up."""
    intent |= {"status": "canceled", "canceled_at": store.clock.now(), "cancellation_reason": reason}
    emit(store, "payment_intent.canceled", intent)


def keep_balance(store: Store, source: Json, amount: int, kind: str) -> None:
    """Write the balance transaction of a charge (with Stripe's usual fee) or of a refund (without)."""
    fee = amount * 29 // 1000 + 30 if amount > 0 else 0
    details: Json = {"amount": fee, "application": None, "currency": source["currency"], "description": "Stripe fees"}
    row = store.create(
        "balance_transaction",
        amount=amount,
        available_on=store.clock.now(),
        currency=source["currency"],
        fee=fee,
        fee_details=[{**details, "type": "stripe_fee"}] if fee else [],
        net=amount - fee,
        reporting_category=kind,
        source=source["id"],
        type=kind,
    )
    source["balance_transaction"] = row["id"]
