"""Validate an emission as strictly as documented and turn it into an `Order`; every complaint names its field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from smartbill.providers.el_salvador import contract
from smartbill.providers.el_salvador.sandbox import catalogues
from smartbill.providers.el_salvador.sandbox.arithmetic import ZERO, line_amounts, total
from smartbill.providers.el_salvador.sandbox.exports import check_export, read_export
from smartbill.providers.el_salvador.sandbox.fields import (
    Complaint,
    Field,
    anything,
    array,
    check_object,
    matching,
    number,
    one_of,
    text,
)
from smartbill.providers.el_salvador.sandbox.order import FEX, Export, Item, Order
from smartbill.providers.el_salvador.sandbox.payments import check_payments, conditions, read_payments
from smartbill.providers.el_salvador.sandbox.receptors import check_receptor, read_receptor
from smartbill.providers.el_salvador.sandbox.schemas import LEGACY

_UNIT = matching(lambda value: catalogues.has("CAT-014", value), "must be a unit of CAT-014")
_APPENDIX = {
    "field": Field(check=text(1, 25), required=True),
    "label": Field(check=text(1, 50), required=True),
    "value": Field(check=text(1, 150), required=True),
}


class Refused(Exception):
    """The request is not valid, for all the reasons in `complaints`."""

    def __init__(self, complaints: Sequence[Complaint]) -> None:
        self.complaints = list(complaints)
        super().__init__("; ".join(f"{one.field}: {one.message}" for one in complaints))


@dataclass(frozen=True, slots=True, kw_only=True)
class Strictness:
    """What depends on the generation in force, and the one rule about which the provider has not spoken."""

    generation: str
    district_required: bool = False

    @property
    def description(self) -> int:
        """The longest line description."""
        return 1000 if self.generation == LEGACY else 1500

    def notes(self, kind: str) -> int:
        """The longest notes."""
        return 500 if self.generation == LEGACY and kind == FEX else 3000


def read_order(kind: str, body: Any, strictness: Strictness) -> Order:
    """Return the order of a valid `dteJson`, or raise Refused with every complaint."""
    found = _check_shape(kind, body, strictness)
    if found:
        raise Refused(found)
    items = [_item(row) for row in body["products"]]
    export = read_export(body["exportData"]) if kind == FEX else None
    to_pay = _to_pay(kind, items, export)
    found = _check_amounts(items) + check_payments(body, to_pay)
    if found:
        raise Refused(found)
    return Order(
        kind=kind,
        receiver=read_receptor(kind, body["receptor"]),
        items=items,
        payments=read_payments(body, to_pay),
        condition=conditions()[body.get("paymentCondition") or next(iter(conditions()))],
        notes=body.get("notes"),
        appendix=[_hacienda_appendix(row) for row in body.get("appendix") or ()],
        export=export,
    )


def _check_shape(kind: str, body: Any, strictness: Strictness) -> list[Complaint]:
    fields = {
        "receptor": Field(check=anything, required=True),
        "products": Field(check=array(1, 2000), required=True),
        "paymentCondition": Field(check=one_of(conditions())),
        "payments": Field(check=array(1, 100), required=kind != FEX),
        "notes": Field(check=text(1, strictness.notes(kind))),
        "appendix": Field(check=array(1, 10)),
    }
    if kind == FEX:
        fields["exportData"] = Field(check=anything, required=True)
    found = check_object(body, fields, "")
    if found:
        return found
    found = check_receptor(kind, body["receptor"], district_required=strictness.district_required)
    for index, row in enumerate(body["products"]):
        found += check_object(row, _product_fields(kind, strictness), f"products[{index}]")
    for index, row in enumerate(body.get("appendix") or ()):
        found += check_object(row, _APPENDIX, f"appendix[{index}]")
    if kind == FEX:
        found += check_export(body["exportData"])
    return found


def _product_types() -> dict[str, str]:
    words: Mapping[str, str] = contract.current()["words.product_type"]
    ours = {"standard": "gravada", "exempt": "exenta", "not_subject": "no_sujeta", "untaxed": "no_gravada"}
    return {word: ours[name] for name, word in words.items()}


def _product_fields(kind: str, strictness: Strictness) -> Mapping[str, Field]:
    types = {word for word, name in _product_types().items() if kind != FEX or name in ("gravada", "no_gravada")}
    return {
        "code": Field(check=text(1, 25)),
        "description": Field(check=text(1, strictness.description), required=True),
        "quantity": Field(check=number(decimals=8, above=0), required=True),
        "unitPrice": Field(check=number(decimals=8), required=True),
        "discount": Field(check=number(decimals=8, at_least=0)),
        "type": Field(check=one_of(types)),
        "unit": Field(check=_UNIT),
    }


def _item(row: Mapping[str, Any]) -> Item:
    return Item(
        description=row["description"],
        quantity=Decimal(row["quantity"]),
        unit_price=Decimal(row["unitPrice"]),
        discount=Decimal(row.get("discount") or 0),
        tax_class=_product_types()[row["type"]] if row.get("type") else "gravada",
        unit=int(row["unit"]) if row.get("unit") else _default_unit(row),
        code=row.get("code"),
    )


def _default_unit(row: Mapping[str, Any]) -> int:
    return 99 if _product_types().get(row.get("type") or "") == "no_gravada" else 59


def _check_amounts(items: Sequence[Item]) -> list[Complaint]:
    found = [
        complaint for index, item in enumerate(items) for complaint in _item_complaints(f"products[{index}]", item)
    ]
    charged = any(item.tax_class != "no_gravada" and item.quantity * item.unit_price > item.discount for item in items)
    if not charged and any(item.tax_class == "no_gravada" for item in items):
        found.append(Complaint(field="products", message="a no_gravada line needs another line above zero", code="020"))
    return found


def _item_complaints(where: str, item: Item) -> list[Complaint]:
    if item.tax_class == "no_gravada":
        wrong = {"quantity": item.quantity != 1, "discount": item.discount != 0, "unit": item.unit != 99}
        message = "a no_gravada line has quantity 1, no discount and unit 99"
        return [Complaint(field=f"{where}.{name}", message=message) for name, is_wrong in wrong.items() if is_wrong]
    if item.unit_price < 0:
        return [Complaint(field=f"{where}.unitPrice", message="may be negative only for no_gravada")]
    if item.discount > item.quantity * item.unit_price:
        return [Complaint(field=f"{where}.discount", message="is greater than the line")]
    return []


def _to_pay(kind: str, items: Sequence[Item], export: Export | None) -> Decimal:
    lines = [line_amounts(kind, item) for item in items]
    insurance, freight = (export.insurance, export.freight) if export else (ZERO, ZERO)
    return total(kind, lines, insurance=insurance, freight=freight).to_pay


def _hacienda_appendix(row: Mapping[str, str]) -> dict[str, str]:
    return {"campo": row["field"], "etiqueta": row["label"], "valor": row["value"]}
