"""A snapshot read as one purchase, whether an invoice, a checkout without invoice or a bare payment founded it.

A sale that a person entered has a content of its own (`billing/manual.py`) and is read in the same place.

A snapshot is the plain JSON that `billing.services.snapshot_sale` freezes: `invoice`, `lines`, `payments`, `session`,
`session_lines`, `intents`, `charges`, `customer`, `products`, `tax_rates`, each exactly as Stripe gave it.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.manual import ORIGIN, purchase_parts
from billing.purchases import ChargedLine, Paid, Purchase
from billing.stripe_shapes import (
    Shape,
    UnreadableShape,
    awaits_invoice,
    dig,
    id_of,
    instant,
    invoice_is_paid,
    invoice_is_void,
    invoice_line,
    rows,
    session_is_settled,
    session_line,
    shipping_line,
    whole,
)

SUCCEEDED = "succeeded"


def founding_object(content: Shape) -> tuple[str, Shape]:
    """Return what the sale is about: what a person entered, else its invoice, else its checkout, else its payment."""
    if content.get(ORIGIN):
        return ORIGIN, content[ORIGIN]
    if content.get("invoice"):
        return "invoice", content["invoice"]
    if content.get("session"):
        return "checkout_session", content["session"]
    if content.get("intents"):
        return "payment_intent", next(iter(content["intents"].values()))
    raise UnreadableShape("neither invoice nor checkout nor payment")


def settlement(content: Shape) -> str:
    """Say whether the sale is `paid`, `void`, `awaiting_invoice` or (still) `unpaid`."""
    origin, founder = founding_object(content)
    if origin == ORIGIN:
        return "paid"
    if origin == "invoice":
        if invoice_is_void(founder):
            return "void"
        return "paid" if invoice_is_paid(founder) else "unpaid"
    if awaits_invoice(content.get("session")):
        return "awaiting_invoice"
    if origin == "checkout_session":
        return "paid" if session_is_settled(founder) else "unpaid"
    return "paid" if founder.get("status") == SUCCEEDED else "unpaid"


def purchase_from(content: Shape, *, shipping: str) -> Purchase:
    """Read a paid snapshot; `shipping` is the wording of a shipping line to which Stripe gives no name."""
    origin, founder = founding_object(content)
    read = {
        "invoice": _of_invoice,
        "checkout_session": _of_session,
        "payment_intent": _of_intent,
        ORIGIN: purchase_parts,
    }[origin]
    return Purchase(
        origin=origin,
        reference=id_of(founder),
        currency=str(founder.get("currency") or "").upper(),
        paid_at=_paid_at(founder, content),
        customer_id=id_of(founder.get("customer")) or id_of(content.get("customer")),
        livemode=founder.get("livemode") is True,
        **read(founder, content, shipping),
    )


def _of_invoice(invoice: Shape, content: Shape, shipping: str) -> dict[str, Any]:
    lines = [invoice_line(line, content) for line in rows(content.get("lines"))]
    total = whole(invoice.get("total"), "invoice.total")
    payments = _invoice_payments(invoice, content, total)
    return {
        "total": total,
        "lines": tuple(lines + shipping_line(invoice, shipping, content.get("tax_rates"))),
        "payments": tuple(payments),
        "exclusive_tax": _exclusive_tax(invoice),
        "number": invoice.get("number") or "",
        "differences": _differences(invoice, content),
    }


def _of_session(session: Shape, content: Shape, shipping: str) -> dict[str, Any]:
    lines = [session_line(item, content) for item in rows(content.get("session_lines"))]
    return {
        "total": whole(session.get("amount_total"), "session.amount_total"),
        "lines": tuple(lines + shipping_line(session, shipping)),
        "payments": tuple(intent_payment(intent) for intent in content.get("intents", {}).values()),
        "differences": _tips(content),
    }


def _of_intent(intent: Shape, content: Shape, shipping: str) -> dict[str, Any]:
    """A payment that nothing itemises is one line of quantity 1: its description, else `metadata.description`."""
    paid = intent_payment(intent)
    metadata = intent.get("metadata") or {}
    source = "payment_intent.description" if intent.get("description") else "payment_intent.metadata.description"
    stated = str(metadata.get("tax_class") or "")
    line = ChargedLine(
        source="payment_intent",
        description=intent.get("description") or metadata.get("description") or "",
        description_source=source,
        quantity=Decimal(1),
        subtotal=paid.amount,
        tax_class=stated,
        tax_class_source="payment_intent.metadata.tax_class" if stated else "",
    )
    return {"total": paid.amount, "lines": (line,), "payments": (paid,), "differences": _tips(content)}


def _paid_at(founder: Shape, content: Shape) -> datetime:
    found = _first_time(founder, content)
    if found is None:
        raise UnreadableShape("created")
    return found


def _first_time(founder: Shape, content: Shape) -> datetime | None:
    """Return when it was paid: the invoice says so; else its date in force, the charge's or the object's own."""
    charge = next((dig(intent, "latest_charge") for intent in content.get("intents", {}).values()), None)
    candidates = (
        dig(founder, "status_transitions", "paid_at"),
        founder.get("effective_at"),
        dig(founder, "status_transitions", "finalized_at"),
        dig(charge, "created"),
        founder.get("created"),
    )
    return next((at for value in candidates if (at := instant(value))), None)


def _exclusive_tax(invoice: Shape) -> int | None:
    if invoice.get("total_taxes") is not None:
        added = [row for row in rows(invoice["total_taxes"]) if row.get("tax_behavior") != "inclusive"]
    elif invoice.get("total_tax_amounts") is not None:
        added = [row for row in rows(invoice["total_tax_amounts"]) if row.get("inclusive") is not True]
    else:
        return None
    return sum(whole(row.get("amount"), "total_taxes.amount") for row in added)


def headline(content: Shape) -> dict[str, Any]:
    """Return what lists show of a sale, as far as it can be read: column name to value."""
    origin, founder = founding_object(content)
    amount = founder.get(
        {"invoice": "total", "checkout_session": "amount_total", ORIGIN: "total"}.get(origin, "amount_received")
    )
    details = founder.get("customer_details") or {}
    name = founder.get("customer_name") or details.get("name") or dig(content, "customer", "name") or ""
    paid_at = _first_time(founder, content)
    return {
        "customer_id": id_of(founder.get("customer")) or id_of(content.get("customer")),
        "customer_name": str(name)[:250],
        "number": str(founder.get("number") or "")[:120],
        "currency": str(founder.get("currency") or "").upper()[:3],
        "amount_minor": amount if isinstance(amount, int) else None,
        "paid_at": paid_at if settlement(content) == "paid" else None,
    }


# Payments -------------------------------------------------------------------------------------------------------------
def intent_payment(intent: Shape, amount: int | None = None) -> Paid:
    """Read a payment by intent; `amount` is what it paid of an invoice, when it may have paid more than that one."""
    received = whole(intent.get("amount_received"), "payment_intent.amount_received")
    charge = intent.get("latest_charge")
    return _charge_payment(
        charge if isinstance(charge, dict) else {}, id_of(intent), received if amount is None else amount
    )


def _charge_payment(charge: Shape, reference: str, amount: int) -> Paid:
    details = charge.get("payment_method_details") or {}
    method = details.get("type") or ""
    return Paid(
        reference=reference,
        amount=amount,
        method=method,
        funding=dig(details, method, "funding") or "",
        refunded=charge.get("amount_refunded") or 0,
        charged=charge.get("amount_captured") or charge.get("amount") or 0,
    )


def _invoice_payments(invoice: Shape, content: Shape, total: int) -> list[Paid]:
    listed = [payment for payment in rows(content.get("payments")) if payment.get("status") == "paid"]
    found = [_invoice_payment(payment, content) for payment in listed]
    if not listed:
        found = _payments_before_basil(invoice, content)
    recorded = sum(paid.amount for paid in found if paid.method == "off_stripe")
    outside = invoice.get("amount_paid_off_stripe")
    if outside is None and invoice.get("paid_out_of_band") is True and not found:
        outside = total
    if outside and outside > recorded:
        found.append(Paid(reference=id_of(invoice), amount=outside - recorded, method="off_stripe"))
    return found


def _invoice_payment(payment: Shape, content: Shape) -> Paid:
    kind = dig(payment, "payment", "type")
    reference = id_of(dig(payment, "payment", kind)) if kind else ""
    amount = whole(payment.get("amount_paid"), "invoice_payment.amount_paid")
    if kind == "payment_intent":
        return intent_payment(content["intents"][reference], amount)
    if kind == "charge":
        return _charge_payment(content["charges"][reference], reference, amount)
    return Paid(reference=reference or id_of(payment), amount=amount, method="off_stripe")


def _payments_before_basil(invoice: Shape, content: Shape) -> list[Paid]:
    intent, charge = id_of(invoice.get("payment_intent")), id_of(invoice.get("charge"))
    if intent in content.get("intents", {}):
        return [intent_payment(content["intents"][intent])]
    if charge in content.get("charges", {}):
        found = content["charges"][charge]
        return [_charge_payment(found, charge, whole(found.get("amount"), "charge.amount"))]
    return []


# What makes the sum paid differ from the total ------------------------------------------------------------------------
def _differences(invoice: Shape, content: Shape) -> dict[str, int]:
    ending = invoice.get("ending_balance")
    credits = rows(invoice.get("total_pretax_credit_amounts"))
    amounts = {
        "customer_balance": 0 if ending is None else ending - (invoice.get("starting_balance") or 0),
        "credit_note_before_payment": invoice.get("pre_payment_credit_notes_amount") or 0,
        "credit_note_after_payment": invoice.get("post_payment_credit_notes_amount") or 0,
        "overpaid": invoice.get("amount_overpaid") or 0,
        "billing_credits": sum(row.get("amount") or 0 for row in credits if row.get("type") != "discount"),
        **_tips(content),
    }
    return {name: amount for name, amount in amounts.items() if amount}


def _tips(content: Shape) -> dict[str, int]:
    tip = sum(dig(intent, "amount_details", "tip", "amount") or 0 for intent in content.get("intents", {}).values())
    return {"tip": tip} if tip else {}
