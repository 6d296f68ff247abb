"""Objects in the shape of API 2026-08-26.dahlia, small and with figures that add up."""

import itertools
from typing import Any

PAID_AT = 1_795_300_000  # 2026-11-21 22:26:40 UTC
IVA = "txr_iva"
_numbers = itertools.count(1)


def tax(amount: int, *, taxable: int | None = None, inclusive: bool = False, **changes: Any) -> dict[str, Any]:
    return {
        "amount": amount,
        "tax_behavior": "inclusive" if inclusive else "exclusive",
        "tax_rate_details": {"tax_rate": IVA},
        "taxability_reason": "standard_rated",
        "taxable_amount": taxable,
        "type": "tax_rate_details",
    } | changes


def line(
    amount: int = 11300, *, taxes: list[dict[str, Any]] | None = None, discount: int = 0, **changes: Any
) -> dict[str, Any]:
    """A line of an invoice; without `taxes` there is no tax information at all."""
    return {
        "id": f"il_{next(_numbers)}",
        "object": "line_item",
        "amount": amount,
        "currency": "usd",
        "description": "Pro plan",
        "discount_amounts": [{"amount": discount, "discount": "di_1"}] if discount else [],
        "metadata": {},
        "parent": {"type": "invoice_item_details", "invoice_item_details": {"proration": False}},
        "pricing": {"type": "price_details", "price_details": {"price": "price_1", "product": "prod_1"}},
        "quantity": 1,
        "quantity_decimal": "1",
        "subtotal": amount,
        "taxes": taxes or [],
    } | changes


def included(gross: int, **changes: Any) -> dict[str, Any]:
    """A line whose price contains 13 %."""
    contained = round(gross * 13 / 113)
    return line(gross, taxes=[tax(contained, taxable=gross - contained, inclusive=True)], **changes)


def added(net: int, **changes: Any) -> dict[str, Any]:
    """A line to which 13 % are added."""
    return line(net, taxes=[tax(round(net * 13 / 100), taxable=net)], **changes)


def line_total(row: dict[str, Any]) -> int:
    discounts = sum(entry["amount"] for entry in row["discount_amounts"])
    return row["amount"] - discounts + sum(t["amount"] for t in row["taxes"] if t["tax_behavior"] == "exclusive")


def customer(**changes: Any) -> dict[str, Any]:
    return {
        "id": "cus_1",
        "object": "customer",
        "name": "Ana López",
        "email": "ana@example.com",
        "phone": None,
        "address": None,
        "metadata": {},
        "preferred_locales": [],
        "tax_ids": {"object": "list", "data": [], "has_more": False},
    } | changes


def charge(amount: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": "ch_1",
        "object": "charge",
        "amount": amount,
        "amount_captured": amount,
        "amount_refunded": 0,
        "billing_details": {"name": None, "email": None, "phone": None, "address": None, "tax_id": None},
        "created": PAID_AT,
        "payment_method_details": {"type": "card", "card": {"funding": "credit", "fingerprint": "x"}},
    } | changes


def intent(amount: int, **changes: Any) -> dict[str, Any]:
    stripe_id = changes.get("id", "pi_1")
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "amount": amount,
        "amount_received": amount,
        "client_secret": "pi_1_secret_x",
        "created": PAID_AT - 60,
        "currency": "usd",
        "customer": None,
        "description": None,
        "latest_charge": charge(amount, id=stripe_id.replace("pi_", "ch_")),
        "livemode": False,
        "metadata": {},
        "receipt_email": None,
        "status": "succeeded",
    } | changes


def payment(amount: int, *, kind: str = "payment_intent", reference: str = "pi_1", **changes: Any) -> dict[str, Any]:
    return {
        "id": reference.replace("pi_", "inpay_").replace("ch_", "inpay_ch"),
        "object": "invoice_payment",
        "amount_paid": amount,
        "amount_requested": amount,
        "invoice": "in_1",
        "is_default": True,
        "payment": {"type": kind, kind: reference},
        "status": "paid",
    } | changes


def invoice(lines: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    total = changes.get("total", sum(line_total(row) for row in lines))
    taxes = [entry for row in lines for entry in row["taxes"]]
    return {
        "id": "in_1",
        "object": "invoice",
        "amount_paid": total,
        "amount_paid_off_stripe": 0,
        "billing_reason": "manual",
        "created": PAID_AT - 3600,
        "currency": "usd",
        "customer": customer(),
        "customer_address": None,
        "customer_email": None,
        "customer_name": None,
        "customer_phone": None,
        "customer_tax_ids": [],
        "ending_balance": 0,
        "hosted_invoice_url": "https://invoice.stripe.com/i/secret",
        "lines": {"object": "list", "data": lines[:10], "has_more": len(lines) > 10},
        "livemode": False,
        "metadata": {},
        "number": "ACME-0001",
        "parent": None,
        "payments": {"object": "list", "data": [payment(total)] if total else [], "has_more": False},
        "shipping_cost": None,
        "starting_balance": 0,
        "status": "paid",
        "status_transitions": {"finalized_at": PAID_AT - 1800, "paid_at": PAID_AT},
        "total": total,
        "total_taxes": taxes,
    } | changes


def session(amount: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": "cs_1",
        "object": "checkout.session",
        "amount_total": amount,
        "created": PAID_AT - 120,
        "currency": "usd",
        "custom_fields": [],
        "customer": None,
        "customer_details": {"name": "Ana López", "email": "ana@example.com", "address": None, "tax_ids": []},
        "invoice": None,
        "invoice_creation": {"enabled": False},
        "livemode": False,
        "locale": None,
        "metadata": {},
        "mode": "payment",
        "payment_intent": "pi_1",
        "payment_status": "paid",
        "shipping_cost": None,
        "status": "complete",
        "subscription": None,
        "url": None,
    } | changes


def item(
    subtotal: int, *, discount: int = 0, tax_amount: int = 0, inclusive: bool = True, **changes: Any
) -> dict[str, Any]:
    rate = {"id": IVA, "object": "tax_rate", "percentage": "13.0", "inclusive": inclusive}
    detail = {"amount": tax_amount, "rate": rate, "taxability_reason": "standard_rated", "taxable_amount": None}
    return {
        "id": f"li_{next(_numbers)}",
        "object": "item",
        "amount_discount": discount,
        "amount_subtotal": subtotal,
        "amount_tax": tax_amount,
        "amount_total": subtotal - discount + (0 if inclusive else tax_amount),
        "description": "T-shirt",
        "price": {"id": "price_1", "metadata": {}, "product": {"id": "prod_1", "name": "T-shirt", "metadata": {}}},
        "quantity": 1,
        "taxes": [detail] if tax_amount else [],
    } | changes


def custom_field(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "type": "text", "text": {"value": value}}


def of_invoice(found: dict[str, Any], lines: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    """The content of a snapshot of an invoice."""
    payments = found["payments"]["data"]
    paid_by = [p["payment"]["payment_intent"] for p in payments if p["payment"]["type"] == "payment_intent"]
    amounts = {p["payment"].get("payment_intent"): p["amount_paid"] for p in payments}
    return {
        "schema": 1,
        "invoice": found,
        "lines": found["lines"]["data"] if lines is None else lines,
        "payments": payments,
        "session": None,
        "intents": {pi: intent(amounts[pi], id=pi) for pi in paid_by},
        "charges": {},
        "customer": found["customer"],
        "products": {"prod_1": {"id": "prod_1", "name": "Pro", "metadata": {}}},
        "tax_rates": {IVA: {"id": IVA, "percentage": "13.0"}},
    } | changes


def of_session(found: dict[str, Any], items: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    paid = [intent(found["amount_total"], id=found["payment_intent"])] if found["payment_intent"] else []
    return {
        "schema": 1,
        "session": found,
        "session_lines": items,
        "intents": {row["id"]: row for row in paid},
        "customer": None,
        "products": {},
        "tax_rates": {},
    } | changes


def of_intent(found: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"schema": 1, "session": None, "intents": {found["id"]: found}, "customer": None} | changes
