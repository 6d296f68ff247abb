"""Customers and their tax ids."""

import re

from billing.sandbox.coupons import discount_on
from billing.sandbox.emit import emit, snapshot
from billing.sandbox.errors import Json, refused
from billing.sandbox.lists import PAGING, Page, page_of
from billing.sandbox.params import Params
from billing.sandbox.render import render, tax_ids_of
from billing.sandbox.resources.plain import address_of, keep_metadata, keep_texts, listing, reading
from billing.sandbox.resources.tax_id_types import TAX_ID_TYPES
from billing.sandbox.router import Call, Route
from billing.sandbox.store import Store

TEXTS = ("name", "email", "phone", "description", "business_name", "individual_name")
FIELDS = (*TEXTS, "address", "shipping", "metadata", "preferred_locales", "tax_exempt", "balance", "invoice_settings")
FORMATS = {"sv_nit": re.compile(r"\d{4}-?\d{6}-?\d{3}-?\d"), "eu_vat": re.compile(r"[A-Z]{2}[0-9A-Z+*]{2,12}")}


def create_customer(call: Call) -> Json:
    """Make a customer, with tax ids when `tax_id_data` is sent."""
    for entry in call.params.children("tax_id_data"):
        _check_tax_id(entry)
    customer = call.store.create("customer", _discount=None, _tax_ids=[])
    customer["invoice_prefix"] = customer["id"][-8:].upper()
    fill_customer(call.params, customer)
    customer["invoice_settings"]["default_payment_method"] = call.params.text("payment_method")
    emit(call.store, "customer.created", customer)
    for entry in call.params.children("tax_id_data"):
        add_tax_id(call.store, customer, entry)
    return customer


def fill_customer(params: Params, customer: Json) -> None:
    """Keep what was sent about the customer."""
    keep_texts(params, customer, TEXTS)
    keep_metadata(params, customer)
    if params.has("address"):
        customer["address"] = address_of(params.child("address"))
    if params.has("shipping"):
        shipping = params.child("shipping")
        address = address_of(shipping.child("address"))
        sent = {"address": address, "name": shipping.text("name"), "phone": shipping.text("phone")}
        customer["shipping"] = sent if shipping.raw else None
    if params.has("preferred_locales"):
        customer["preferred_locales"] = params.texts("preferred_locales")
    if params.has("balance"):
        customer["balance"] = params.needed_integer("balance")
    customer["tax_exempt"] = params.choice("tax_exempt", ("none", "exempt", "reverse"), customer["tax_exempt"])
    settings = params.child("invoice_settings")
    settings.refuse_others(("default_payment_method", "footer"))
    keep_texts(settings, customer["invoice_settings"], ("default_payment_method", "footer"))


def update_customer(call: Call) -> Json:
    """Change a living customer."""
    customer = call.store.named("customer", call.ids["id"], "id")
    before = snapshot(call.store, customer)
    fill_customer(call.params, customer)
    if snapshot(call.store, customer) != before:
        emit(call.store, "customer.updated", customer, before=before)
    return customer


def delete_customer(call: Call) -> Json:
    """Delete a customer: it stays readable as a deleted one."""
    customer = call.store.named("customer", call.ids["id"], "id")
    emit(call.store, "customer.deleted", customer)
    identifier = customer["id"]
    customer.clear()
    customer.update({"id": identifier, "object": "customer", "deleted": True})
    return customer


def give_discount(store: Store, customer: Json, coupon: Json) -> Json:
    """Attach a coupon to the customer, as staff do in Stripe's dashboard; invoices inherit it."""
    before = snapshot(store, customer)
    discount = discount_on(store, coupon, customer=customer["id"])
    customer["_discount"] = discount["id"]
    customer["discount"] = render(store, discount)
    emit(store, "customer.updated", customer, before=before)
    emit(store, "customer.discount.created", discount)
    return customer


def _check_tax_id(entry: Params) -> None:
    kind, value = entry.needed("type"), entry.needed("value")
    if kind not in TAX_ID_TYPES:
        raise refused(f"Invalid type: must be one of {', '.join(sorted(TAX_ID_TYPES))}", param=entry.name("type"))
    if kind in FORMATS and not FORMATS[kind].fullmatch(value):
        raise refused(f"Invalid value for {kind}.", code="tax_id_invalid", param=entry.name("value"))


def add_tax_id(store: Store, customer: Json, entry: Params) -> Json:
    """Attach a tax id, which no two of a customer may share."""
    _check_tax_id(entry)
    kind, value = entry.needed("type"), entry.needed("value")
    if any((row["type"], row["value"]) == (kind, value) for row in tax_ids_of(store, customer)):
        raise refused(
            "The customer already has this tax id.", code="resource_already_exists", param=entry.name("value")
        )
    country = value[:2] if kind in ("eu_vat", "eu_oss_vat") else kind[:2].upper()
    owner = {
        "application": None,
        "account": None,
        "customer": customer["id"],
        "customer_account": None,
        "type": "customer",
    }
    row = store.create("tax_id", customer=customer["id"], type=kind, value=value, country=country, owner=owner)
    customer["_tax_ids"].append(row["id"])
    emit(store, "customer.tax_id.created", row)
    return row


def create_tax_id(call: Call) -> Json:
    """Attach a tax id to the customer of the address."""
    return add_tax_id(call.store, call.store.named("customer", call.ids["customer"], "id"), call.params)


def list_tax_ids(call: Call) -> Page:
    """The tax ids of the customer of the address."""
    customer = call.store.get("customer", call.ids["customer"])
    rows = reversed(tax_ids_of(call.store, customer))
    return page_of(rows, call.params, f"/v1/customers/{customer['id']}/tax_ids")


def delete_tax_id(call: Call) -> Json:
    """Detach a tax id."""
    row = call.store.get("tax_id", call.ids["id"])
    call.store.past("customer", row["customer"])["_tax_ids"].remove(row["id"])
    emit(call.store, "customer.tax_id.deleted", row)
    return call.store.discard("tax_id", row["id"])


TAX_IDS = "/v1/customers/{customer}/tax_ids"

ROUTES = (
    Route("POST", "/v1/customers", create_customer, (*FIELDS, "tax_id_data", "payment_method")),
    *reading("customer", "/v1/customers", "email"),
    Route("POST", "/v1/customers/{id}", update_customer, FIELDS),
    Route("DELETE", "/v1/customers/{id}", delete_customer),
    Route("POST", TAX_IDS, create_tax_id, ("type", "value")),
    Route("GET", TAX_IDS, list_tax_ids, PAGING),
    Route("GET", f"{TAX_IDS}/{{id}}", lambda call: call.store.get("tax_id", call.ids["id"])),
    Route("DELETE", f"{TAX_IDS}/{{id}}", delete_tax_id),
    Route("GET", "/v1/tax_ids/{id}", lambda call: call.store.get("tax_id", call.ids["id"])),
    Route("GET", "/v1/tax_ids", listing("tax_id", "/v1/tax_ids"), PAGING),
)
