"""The export part of a FEX: customs data are all required for goods and all forbidden for services."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from smartbill.providers.el_salvador import contract
from smartbill.providers.el_salvador.sandbox import catalogues
from smartbill.providers.el_salvador.sandbox.fields import Complaint, Field, check_object, matching, number, one_of
from smartbill.providers.el_salvador.sandbox.order import Export

_GOODS, _SERVICES = 1, 2
_CUSTOMS = {"fiscalPrecinct": "CAT-027", "regimeType": "CAT-033", "regime": "CAT-028", "incoterms": "CAT-031"}


def _item_types() -> dict[str, int]:
    words: Mapping[str, str] = contract.current()["words.item_type"]
    return {words["unit"]: _GOODS, words["service"]: _SERVICES}


def _fields() -> Mapping[str, Field]:
    money = Field(check=number(decimals=2, at_least=0))
    return {
        "itemType": Field(check=one_of(_item_types()), required=True),
        "insurance": money,
        "freight": money,
    } | {name: Field(check=_in_catalogue(catalogue)) for name, catalogue in _CUSTOMS.items()}


def _in_catalogue(catalogue: str) -> Any:
    return matching(lambda value: catalogues.has(catalogue, value), f"must be a code of {catalogue}")


def check_export(value: Any) -> list[Complaint]:
    """Return every complaint about `exportData`."""
    found = check_object(value, _fields(), "exportData")
    if found:
        return found
    goods = _item_types()[value["itemType"]] == _GOODS
    message = "is required for goods" if goods else "must be null for services"
    return [
        Complaint(field=f"exportData.{name}", message=message)
        for name in _CUSTOMS
        if (value.get(name) is None) == goods
    ]


def read_export(value: Mapping[str, Any]) -> Export:
    """Return the export part of a valid `exportData`."""
    return Export(
        item_type=_item_types()[value["itemType"]],
        precinct=value.get("fiscalPrecinct"),
        regime_type=value.get("regimeType"),
        regime=value.get("regime"),
        incoterms=value.get("incoterms"),
        insurance=Decimal(value.get("insurance") or 0),
        freight=Decimal(value.get("freight") or 0),
    )
