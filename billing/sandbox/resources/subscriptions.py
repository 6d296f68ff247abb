"""Subscriptions, as much as a paid period needs: each period is one invoice, paid by the kept payment method.

No trials, prorations or schedules. Time does not pass by itself: the control `subscriptions/<id>/cycle` turns the page.
"""

from decimal import Decimal

from billing.sandbox.arithmetic import rounded
from billing.sandbox.coupons import discounts_from, named_rates
from billing.sandbox.emit import emit, snapshot
from billing.sandbox.errors import Json, StripeFault, refused
from billing.sandbox.intents import method_named, pay_intent
from billing.sandbox.params import Params
from billing.sandbox.render import render
from billing.sandbox.resources.invoice_actions import finalize
from billing.sandbox.resources.invoices import DAY, new_invoice
from billing.sandbox.resources.plain import keep_metadata, keep_texts, reading
from billing.sandbox.router import Call, Route
from billing.sandbox.settlement import default_intent, record_intent
from billing.sandbox.store import Store
from billing.sandbox.totals import recompute

LENGTHS = {"day": DAY, "week": 7 * DAY, "month": 30 * DAY, "year": 365 * DAY}
FIELDS = ("customer", "default_payment_method", "default_tax_rates", "description", "discounts", "items", "metadata")


def create_subscription(call: Call) -> Json:
    """Subscribe the customer and bill the first period at once."""
    params, store = call.params, call.store
    customer = store.named("customer", params.needed("customer"), "customer")
    wanted = [_wanted(store, entry) for entry in params.children("items")]
    if not wanted:
        raise refused("Missing required param: items.", code="parameter_missing", param="items")
    name = params.text("default_payment_method") or customer["invoice_settings"]["default_payment_method"]
    if not name:
        raise refused("This customer has no attached payment source or default payment method.")
    rates = named_rates(store, params, "default_tax_rates")
    now = store.clock.now()
    subscription = store.create("subscription", customer=customer["id"], currency=wanted[0]["price"]["currency"])
    subscription |= {"_rates": rates, "billing_cycle_anchor": now, "start_date": now}
    subscription["default_payment_method"] = method_named(store, name, customer["id"])["id"]
    subscription["default_tax_rates"] = [render(store, store.get("tax_rate", rate)) for rate in rates]
    subscription["discounts"] = discounts_from(store, params, customer=customer["id"], subscription=subscription["id"])
    subscription["_items"] = [_new_item(store, subscription, item)["id"] for item in wanted]
    keep_texts(params, subscription, ("description",))
    keep_metadata(params, subscription)
    emit(store, "customer.subscription.created", subscription)
    bill(store, subscription, "subscription_create")
    return subscription


def _wanted(store: Store, entry: Params) -> Json:
    entry.refuse_others(("price", "quantity", "tax_rates", "metadata"))
    price = store.named("price", entry.needed("price"), entry.name("price"))
    if price["type"] != "recurring":
        raise refused("The price specified is set to `type=one_time`.", param=entry.name("price"))
    quantity = entry.integer("quantity")
    return {"price": price, "quantity": 1 if quantity is None else quantity, "rates": named_rates(store, entry)}


def _new_item(store: Store, subscription: Json, wanted: Json) -> Json:
    price, now = wanted["price"], store.clock.now()
    item = store.create("subscription_item", subscription=subscription["id"], quantity=wanted["quantity"])
    item |= {"price": render(store, price), "plan": _plan(price), "current_period_start": now}
    item["current_period_end"] = now + _length(price)
    item["tax_rates"] = [render(store, store.get("tax_rate", rate)) for rate in wanted["rates"]]
    item["_rates"] = wanted["rates"]
    return item


def _plan(price: Json) -> Json:
    """The old name of a recurring price, which Stripe still sends."""
    same = ("id", "active", "billing_scheme", "created", "currency", "livemode", "metadata", "nickname", "product")
    recurring = {name: price["recurring"][name] for name in ("interval", "interval_count", "meter", "usage_type")}
    amounts: Json = {"amount": price["unit_amount"], "amount_decimal": price["unit_amount_decimal"]}
    unused: Json = {"tiers_mode": None, "transform_usage": None, "trial_period_days": None}
    return {"object": "plan", **{name: price[name] for name in same}, **recurring, **amounts, **unused}


def _length(price: Json) -> int:
    return LENGTHS[price["recurring"]["interval"]] * int(price["recurring"]["interval_count"])


def items_of(store: Store, subscription: Json) -> list[Json]:
    """The subscription's items in their order."""
    return [store.past("subscription_item", item) for item in subscription["_items"]]


def bill(store: Store, subscription: Json, reason: str) -> None:
    """Write, finalise and collect the invoice of the current period; a refused card makes the subscription past due."""
    invoice = new_invoice(store, store.get("customer", subscription["customer"]), subscription["currency"])
    details = {"metadata": dict(subscription["metadata"]), "subscription": subscription["id"]}
    invoice["parent"] = {"quote_details": None, "subscription_details": details, "type": "subscription_details"}
    invoice |= {"billing_reason": reason, "_default_rates": subscription["_rates"]}
    invoice["default_tax_rates"] = subscription["default_tax_rates"]
    invoice["discounts"] = list(subscription["discounts"])
    for item in items_of(store, subscription):
        invoice["_lines"].append(_line(store, invoice, item)["id"])
    recompute(store, invoice)
    subscription["latest_invoice"] = invoice["id"]
    emit(store, "invoice.created", invoice)
    finalize(store, invoice)
    if invoice["status"] == "open":
        _collect(store, subscription, invoice)


def _line(store: Store, invoice: Json, item: Json) -> Json:
    price = item["price"]
    amount = rounded(Decimal(price["unit_amount_decimal"]) * item["quantity"])
    details = {"invoice_item": None, "proration": False, "proration_details": None}
    named = {"subscription": item["subscription"], "subscription_item": item["id"]}
    pricing = {"price_details": {"price": price["id"], "product": price["product"]}, "type": "price_details"}
    return store.create(
        "line_item",
        amount=amount,
        subtotal=amount,
        currency=price["currency"],
        description=f"{item['quantity']} × {store.past('product', price['product'])['name']}",
        invoice=invoice["id"],
        parent={
            "invoice_item_details": None,
            "subscription_item_details": details | named,
            "type": "subscription_item_details",
        },
        period={"end": item["current_period_end"], "start": item["current_period_start"]},
        pricing=pricing | {"unit_amount_decimal": price["unit_amount_decimal"]},
        quantity=item["quantity"],
        quantity_decimal=str(item["quantity"]),
        subscription=item["subscription"],
        _item=None,
        _product=price["product"],
        _own_rates=item["_rates"],
        _rates=item["_rates"],
    )


def _collect(store: Store, subscription: Json, invoice: Json) -> None:
    intent = default_intent(store, invoice)
    if intent is None:
        return
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    method = store.past("payment_method", subscription["default_payment_method"])
    try:
        pay_intent(store, intent, method)
    except StripeFault:
        emit(store, "invoice.payment_failed", invoice)
        _become(store, subscription, "past_due")
        return
    record_intent(store, intent)
    if subscription["status"] != "active":
        _become(store, subscription, "active")


def _become(store: Store, subscription: Json, status: str) -> None:
    before = snapshot(store, subscription)
    subscription["status"] = status
    emit(store, "customer.subscription.updated", subscription, before=before)


def cycle(store: Store, subscription: Json) -> Json:
    """The next period begins and is billed; a subscription that was to end at this moment ends."""
    if subscription["status"] == "canceled":
        raise refused("This subscription is canceled.")
    if subscription["cancel_at_period_end"]:
        return end(store, subscription)
    before = snapshot(store, subscription)
    for item in items_of(store, subscription):
        item["current_period_start"] = item["current_period_end"]
        item["current_period_end"] += _length(item["price"])
    emit(store, "customer.subscription.updated", subscription, before=before)
    bill(store, subscription, "subscription_cycle")
    return subscription


def update_subscription(call: Call) -> Json:
    """Change words, the payment method, or whether the subscription ends with its period."""
    params, store = call.params, call.store
    subscription = store.get("subscription", call.ids["id"])
    before = snapshot(store, subscription)
    keep_texts(params, subscription, ("description",))
    keep_metadata(params, subscription)
    ending = params.flag("cancel_at_period_end", default=subscription["cancel_at_period_end"])
    subscription["cancel_at_period_end"] = ending
    if params.has("default_payment_method"):
        name = params.needed("default_payment_method")
        subscription["default_payment_method"] = method_named(store, name, subscription["customer"])["id"]
    emit(store, "customer.subscription.updated", subscription, before=before)
    return subscription


def cancel_subscription(call: Call) -> Json:
    """End the subscription now."""
    return end(call.store, call.store.get("subscription", call.ids["id"]))


def end(store: Store, subscription: Json) -> Json:
    """The subscription is over; it stays readable."""
    if subscription["status"] == "canceled":
        raise refused("This subscription is already canceled.")
    now = store.clock.now()
    subscription |= {"status": "canceled", "canceled_at": now, "ended_at": now}
    emit(store, "customer.subscription.deleted", subscription)
    return subscription


SUBSCRIPTION = "/v1/subscriptions/{id}"

ROUTES = (
    Route("POST", "/v1/subscriptions", create_subscription, FIELDS),
    *reading("subscription", "/v1/subscriptions", "customer", "status"),
    Route(
        "POST",
        SUBSCRIPTION,
        update_subscription,
        ("cancel_at_period_end", "default_payment_method", "description", "metadata"),
    ),
    Route("DELETE", SUBSCRIPTION, cancel_subscription),
)
