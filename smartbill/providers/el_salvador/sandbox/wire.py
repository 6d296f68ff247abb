"""Translate a request from the contract's names into the documented ones, so that an overridden row reaches us too."""

from collections.abc import Mapping
from typing import Any

from smartbill.providers.el_salvador import contract

# Which group of the contract names the fields of the objects under each documented name.
_CHILDREN: Mapping[tuple[str, str], str] = {
    ("field", "receptor"): "field.receptor",
    ("field", "products"): "field.product",
    ("field", "payments"): "field.payment",
    ("field", "appendix"): "field.appendix",
    ("field", "exportData"): "field.export",
    ("field.receptor", "address"): "field.address",
}


def documented(body: Any) -> Any:
    """Return an emission's `dteJson` under the documented names; what the contract does not know stays as it is."""
    return _renamed(body, "field", contract.current())


def _renamed(value: Any, group: str, in_force: contract.Contract) -> Any:
    if isinstance(value, list):
        return [_renamed(entry, group, in_force) for entry in value]
    if not isinstance(value, dict):
        return value
    names = _names(group, in_force)
    found = {}
    for key, entry in value.items():
        name = names.get(key, str(key))
        child = _CHILDREN.get((group, name))
        found[name] = _renamed(entry, child, in_force) if child else entry
    return found


def _names(group: str, in_force: contract.Contract) -> dict[str, str]:
    depth = group.count(".") + 1
    return {
        str(wire): path.rsplit(".", 1)[1]
        for path, wire in in_force.values.items()
        if path.startswith(f"{group}.") and path.count(".") == depth
    }
