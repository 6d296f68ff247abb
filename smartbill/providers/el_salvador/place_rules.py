"""Addresses inside El Salvador, in the tax authority's codes: a municipality belongs to one department."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from smartbill.drafts import Address
from smartbill.errors import Problem
from smartbill.providers.el_salvador.catalogues import DEPARTMENTS, catalogue, districts, municipalities
from smartbill.providers.el_salvador.contract import Contract
from smartbill.providers.el_salvador.text_rules import clean, text_problems

ABROAD = "00"
"""The department of those who live abroad: a consumer may, a registered taxpayer does not."""


def is_complete(address: Address, contract: Contract) -> bool:
    """Whether the address can be sent at all: it is optional for a consumer, and half an address is refused."""
    needed = [address.department, address.municipality, clean(address.line)]
    if contract["address.send_district"]:
        needed.append(address.district)
    return all(needed) and len(clean(address.line)) >= contract["limit.address_details"][0]


def place_problems(address: Address, contract: Contract, *, required: bool) -> Iterator[Problem]:
    """Yield what is wrong with an address; one that is not required is checked only where it is complete."""
    if not required and not is_complete(address, contract):
        return
    if address.department not in catalogue(DEPARTMENTS) or (required and address.department == ABROAD):
        yield Problem("party.address.department", "department", _("Choose the department from the list."))
    elif address.municipality not in municipalities(address.department):
        yield Problem("party.address.municipality", "municipality", _("Choose a municipality of this department."))
    if contract["address.send_district"] and address.district not in _districts(address.department):
        yield Problem("party.address.district", "district", _("Choose a district of this department."))
    yield from text_problems("party.address.line", _("address"), address.line, *contract["limit.address_details"])


def _districts(department: str) -> set[str]:
    return set(districts(department)) or {ABROAD}
