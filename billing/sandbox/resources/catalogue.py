"""Products, prices, coupons and tax rates."""

import secrets
from decimal import Decimal

from billing.sandbox.emit import emit, snapshot
from billing.sandbox.errors import Json, refused
from billing.sandbox.lists import PAGING, Page, page_of
from billing.sandbox.params import Params
from billing.sandbox.resources.plain import (
    currency_of,
    json_number,
    keep_metadata,
    keep_texts,
    percentage_of,
    reading,
)
from billing.sandbox.router import Call, Route
from billing.sandbox.store import Store

PRODUCT_TEXTS = ("name", "description", "statement_descriptor", "tax_code", "unit_label", "url")
PRICE = ("active", "currency", "lookup_key", "metadata", "nickname", "product", "product_data", "recurring")
AMOUNT = ("unit_amount", "unit_amount_decimal", "tax_behavior")
BEHAVIORS = ("unspecified", "inclusive", "exclusive")


def create_product(call: Call) -> Json:
    """Make a product, with a price when `default_price_data` is sent."""
    product = new_product(call.store, call.params)
    if call.params.has("default_price_data"):
        price = new_price(call.store, call.params.child("default_price_data"), product["id"])
        product["default_price"] = price["id"]
    return product


def new_product(store: Store, params: Params) -> Json:
    """Make a product from its own parameters or from `product_data`."""
    params.needed("name")
    identifier = params.text("id")
    if store.find("product", identifier):
        raise refused("Product already exists.", code="resource_already_exists", param=params.name("id"))
    product = store.create("product", id=identifier, updated=store.clock.now())
    keep_texts(params, product, PRODUCT_TEXTS)
    keep_metadata(params, product)
    product["active"] = params.flag("active", default=True)
    emit(store, "product.created", product)
    return product


def update_product(call: Call) -> Json:
    """Change a product."""
    product = call.store.get("product", call.ids["id"])
    before = snapshot(call.store, product)
    keep_texts(call.params, product, (*PRODUCT_TEXTS, "default_price"))
    keep_metadata(call.params, product)
    product["active"] = call.params.flag("active", default=product["active"])
    product["updated"] = call.store.clock.now()
    emit(call.store, "product.updated", product, before=before)
    return product


def delete_product(call: Call) -> Json:
    """Delete a product that has no price."""
    product = call.store.get("product", call.ids["id"])
    if any(price["product"] == product["id"] for price in call.store.rows("price")):
        raise refused("This product cannot be deleted because it has one or more user-created prices.")
    emit(call.store, "product.deleted", product)
    return call.store.discard("product", product["id"])


def list_features(call: Call) -> Page:
    """The features of a product, of which there are none here; dj-stripe asks for them with every product."""
    product = call.store.get("product", call.ids["id"])
    return page_of([], call.params, f"/v1/products/{product['id']}/features")


def create_price(call: Call) -> Json:
    """Make a price of a product."""
    params = call.params
    if params.has("product"):
        return new_price(call.store, params, call.store.named("product", params.needed("product"), "product")["id"])
    params.child("product_data").needed("name")
    return new_price(call.store, params, new_product(call.store, params.child("product_data"))["id"])


def new_price(store: Store, params: Params, product: str, *, active: bool = True, told: bool = True) -> Json:
    """Make a price from its own parameters or from `price_data`; `told` says whether an event announces it."""
    unit = unit_amount_of(params)
    fields: Json = {"currency": currency_of(params), "product": product, "unit_amount_decimal": format(unit, "f")}
    fields["unit_amount"] = int(unit) if unit == unit.to_integral_value() else None
    fields["tax_behavior"] = params.choice("tax_behavior", BEHAVIORS, "unspecified")
    price = store.create("price", _currency_options={}, _tiers=None, **fields)
    price["active"] = params.flag("active", default=active)
    keep_texts(params, price, ("lookup_key", "nickname"))
    keep_metadata(params, price)
    if params.has("recurring"):
        price |= {"type": "recurring", "recurring": _recurring(params.child("recurring"))}
    if told:
        emit(store, "price.created", price)
    return price


def unit_amount_of(params: Params) -> Decimal:
    """The price of one unit in minor units, which may have decimals."""
    whole = params.integer("unit_amount")
    unit = params.decimal("unit_amount_decimal") if whole is None else Decimal(whole)
    if unit is None:
        raise refused(
            "Missing required param: unit_amount.", code="parameter_missing", param=params.name("unit_amount")
        )
    return unit


def _recurring(params: Params) -> Json:
    interval = params.choice("interval", ("day", "week", "month", "year"), "month")
    count = params.integer("interval_count") or 1
    usage: Json = {"meter": None, "usage_type": "licensed", "trial_period_days": None}
    return {"interval": interval, "interval_count": count, **usage}


def update_price(call: Call) -> Json:
    """Change what may change of a price; the amount may not."""
    price = call.store.get("price", call.ids["id"])
    before = snapshot(call.store, price)
    keep_texts(call.params, price, ("lookup_key", "nickname"))
    keep_metadata(call.params, price)
    price["active"] = call.params.flag("active", default=price["active"])
    emit(call.store, "price.updated", price, before=before)
    return price


def create_coupon(call: Call) -> Json:
    """Make a coupon: a percentage off, or an amount off in one currency."""
    params = call.params
    if params.has("percent_off") == params.has("amount_off"):
        raise refused("You must specify exactly one of percent_off and amount_off.", param="percent_off")
    percent = percentage_of(params, "percent_off") if params.has("percent_off") else None
    amount = None if percent else params.needed_integer("amount_off")
    products = params.child("applies_to").texts("products")
    hidden: Json = {"_percent": percent, "_applies_to": {"products": products}, "_currency_options": {}}
    coupon = call.store.create("coupon", id=params.text("id") or secrets.token_hex(4).upper(), **hidden)
    coupon |= {"amount_off": amount, "percent_off": json_number(percent) if percent else None}
    coupon["currency"] = currency_of(params) if amount is not None else None
    coupon["duration"] = params.choice("duration", ("once", "forever", "repeating"), "once")
    coupon["duration_in_months"] = params.integer("duration_in_months")
    coupon["max_redemptions"] = params.integer("max_redemptions")
    keep_texts(params, coupon, ("name",))
    keep_metadata(params, coupon)
    emit(call.store, "coupon.created", coupon)
    return coupon


def update_coupon(call: Call) -> Json:
    """Rename a coupon."""
    coupon = call.store.get("coupon", call.ids["id"])
    before = snapshot(call.store, coupon)
    keep_texts(call.params, coupon, ("name",))
    keep_metadata(call.params, coupon)
    emit(call.store, "coupon.updated", coupon, before=before)
    return coupon


def delete_coupon(call: Call) -> Json:
    """Delete a coupon; discounts already given stay."""
    coupon = call.store.get("coupon", call.ids["id"])
    coupon["valid"] = False
    emit(call.store, "coupon.deleted", coupon)
    return call.store.discard("coupon", coupon["id"])


RATE_TEXTS = ("country", "description", "display_name", "jurisdiction", "state", "tax_type")


def create_tax_rate(call: Call) -> Json:
    """Make a tax rate."""
    call.params.needed("display_name")
    call.params.needed("inclusive")
    percentage = percentage_of(call.params, "percentage")
    fields: Json = {"_percentage": percentage, "percentage": json_number(percentage)}
    rate = call.store.create("tax_rate", inclusive=call.params.flag("inclusive"), **fields)
    rate["effective_percentage"] = rate["percentage"]
    _fill_tax_rate(call.params, rate)
    emit(call.store, "tax_rate.created", rate)
    return rate


def update_tax_rate(call: Call) -> Json:
    """Change what may change of a tax rate; the percentage may not."""
    rate = call.store.get("tax_rate", call.ids["id"])
    before = snapshot(call.store, rate)
    _fill_tax_rate(call.params, rate)
    emit(call.store, "tax_rate.updated", rate, before=before)
    return rate


def _fill_tax_rate(params: Params, rate: Json) -> None:
    keep_texts(params, rate, RATE_TEXTS)
    keep_metadata(params, rate)
    rate["active"] = params.flag("active", default=rate["active"])


COUPON = ("amount_off", "applies_to", "currency", "duration", "duration_in_months", "id", "max_redemptions", "metadata")

ROUTES = (
    Route("POST", "/v1/products", create_product, (*PRODUCT_TEXTS, "id", "active", "metadata", "default_price_data")),
    *reading("product", "/v1/products", "active"),
    Route("POST", "/v1/products/{id}", update_product, (*PRODUCT_TEXTS, "active", "metadata", "default_price")),
    Route("DELETE", "/v1/products/{id}", delete_product),
    Route("GET", "/v1/products/{id}/features", list_features, PAGING),
    Route("POST", "/v1/prices", create_price, (*PRICE, *AMOUNT)),
    *reading("price", "/v1/prices", "active", "product", "currency", "type"),
    Route("POST", "/v1/prices/{id}", update_price, ("active", "lookup_key", "metadata", "nickname")),
    Route("POST", "/v1/coupons", create_coupon, (*COUPON, "name", "percent_off")),
    *reading("coupon", "/v1/coupons"),
    Route("POST", "/v1/coupons/{id}", update_coupon, ("name", "metadata")),
    Route("DELETE", "/v1/coupons/{id}", delete_coupon),
    Route("POST", "/v1/tax_rates", create_tax_rate, (*RATE_TEXTS, "active", "inclusive", "metadata", "percentage")),
    *reading("tax_rate", "/v1/tax_rates", "active", "inclusive"),
    Route("POST", "/v1/tax_rates/{id}", update_tax_rate, (*RATE_TEXTS, "active", "metadata")),
)
