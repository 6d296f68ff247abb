"""Who may stand on which document: the receptor rules of factura, CCF and FEX."""

from collections.abc import Mapping
from typing import Any

from smartbill.providers.el_salvador import contract
from smartbill.providers.el_salvador.sandbox import catalogues
from smartbill.providers.el_salvador.sandbox.fields import (
    Complaint,
    Field,
    anything,
    check_object,
    digits,
    email,
    matching,
    one_of,
    text,
)
from smartbill.providers.el_salvador.sandbox.order import CCF, FACTURA, Place, Receiver

EL_SALVADOR = "SV"
DEFAULT_NAME = "Clientes varios"
DEFAULT_EMAIL = "clientes.varios@smartbill.lat"
_DEFAULT_IDENTIFICATION = "0123456789"
_FEX_ACTIVITY = "Otras actividades"
_FEX_ADDRESS = "Sin dirección"
_NATURAL, _LEGAL = 1, 2
_FOREIGN = "00"
# The provider takes 25 characters; the tax authority's schema refuses more than 20.
_IDENTIFICATION = text(1, 25)
_NAME = text(1, 150)
_PHONE = text(8, 30)
_CAT_022 = {"nit": "36", "dui": "13", "passport": "03", "resident_card": "02", "other": "37"}

_COUNTRY = matching(lambda value: catalogues.has("CAT-020", value), "must be a country of the Resources list")
_DEPARTMENT = matching(lambda value: catalogues.has("CAT-012", value), "must be a department of the Resources list")
_ACTIVITY = matching(lambda value: catalogues.has("CAT-019", value), "must be an activity of the Resources list")

_ADDRESS = {
    "departament": Field(check=_DEPARTMENT, required=True),
    "town": Field(check=text(2, 2), required=True),
    "district": Field(check=text(2, 2)),
    "details": Field(check=text(5, 200), required=True),
}
_ADDRESS_ABROAD = {"details": Field(check=text(5, 200), required=True)}


def document_types() -> dict[str, str]:
    """Return the provider's words for CAT-022."""
    words: Mapping[str, str] = contract.current()["words.document_type"]
    return {word: _CAT_022[kind] for kind, word in words.items()}


def _person_types() -> dict[str, int]:
    words: Mapping[str, str] = contract.current()["words.person_type"]
    return {words["natural"]: _NATURAL, words["legal"]: _LEGAL}


def _fields(kind: str) -> Mapping[str, Field]:
    contact = {"comercialName": Field(check=_NAME), "phone": Field(check=_PHONE)}
    if kind == CCF:
        return contact | {
            "nit": Field(check=digits(14, 9), required=True),
            "nrc": Field(check=digits(2, 3, 4, 5, 6, 7, 8), required=True),
            "name": Field(check=_NAME, required=True),
            "activityCode": Field(check=_ACTIVITY, required=True),
            "activityDescription": Field(check=text(5, 150), required=True),
            "address": Field(check=anything, required=True),
            "email": Field(check=email, required=True),
        }
    identity = {
        "documentType": Field(check=one_of(document_types()), required=kind == FACTURA),
        "identification": Field(check=_IDENTIFICATION, required=kind == FACTURA),
        "name": Field(check=_NAME, required=True),
        "address": Field(check=anything),
    }
    if kind == FACTURA:
        return contact | identity | {"email": Field(check=email)}
    return (
        contact
        | identity
        | {
            "countryCode": Field(check=_COUNTRY, required=True),
            "email": Field(check=email, required=True),
            "activityDescription": Field(check=text(5, 150)),
            "personType": Field(check=one_of(_person_types())),
        }
    )


def check_receptor(kind: str, value: Any, *, district_required: bool) -> list[Complaint]:
    """Return every complaint about a receptor."""
    if value == contract.current()["word.anonymous_receptor"] and kind == FACTURA:
        return []
    found = check_object(value, _fields(kind), "receptor")
    if not isinstance(value, dict):
        return found
    if value.get("address") is not None:
        found += _check_address(kind, value["address"], district_required=district_required)
    if kind != CCF and not any(complaint.field == "receptor.identification" for complaint in found):
        found += _check_identity(value)
    if value.get("countryCode") == EL_SALVADOR:
        found.append(Complaint(field="receptor.countryCode", message="El Salvador is not an export"))
    return found


def _check_identity(value: Mapping[str, Any]) -> list[Complaint]:
    kind = document_types().get(str(value.get("documentType")))
    lengths = {"13": (9,), "36": (14,)}.get(kind or "")
    message = digits(*lengths)(value.get("identification")) if lengths else None
    return [Complaint(field="receptor.identification", message=message)] if message else []


def _check_address(kind: str, value: Any, *, district_required: bool) -> list[Complaint]:
    where = "receptor.address"
    if kind not in (FACTURA, CCF):
        return check_object(value, _ADDRESS_ABROAD, where)
    found = check_object(value, _ADDRESS, where)
    if found:
        return found
    department = value["departament"]
    if kind == CCF and department == _FOREIGN:
        found.append(Complaint(field=f"{where}.departament", message="must be a department of El Salvador"))
    if not catalogues.has_in_department("CAT-013", department, value["town"]):
        found.append(Complaint(field=f"{where}.town", message="is not a municipality of this department"))
    district = value.get("district")
    if district is None and district_required:
        found.append(Complaint(field=f"{where}.district", message="is required"))
    if district is not None and not catalogues.has_in_department("CAT-008", department, district):
        found.append(Complaint(field=f"{where}.district", message="is not a district of this department"))
    return found


def read_receptor(kind: str, value: Any) -> Receiver:
    """Return the receiver of a valid receptor, with the provider's defaults where it fills them."""
    if not isinstance(value, dict):
        return Receiver(name=DEFAULT_NAME)
    address = value.get("address") or {}
    shared: dict[str, Any] = {
        "name": value["name"],
        "commercial_name": value.get("comercialName"),
        "phone": value.get("phone"),
        "email": value.get("email"),
    }
    if kind == CCF:
        return Receiver(
            **shared,
            document_type="36",
            identification=value["nit"],
            nrc=value["nrc"],
            activity_code=value["activityCode"],
            activity_text=value["activityDescription"],
            place=_place(address),
        )
    document_type = document_types().get(str(value.get("documentType")))
    if kind == FACTURA:
        return Receiver(
            **shared,
            document_type=document_type,
            identification=value["identification"],
            place=_place(address) if address else None,
        )
    return Receiver(
        **shared,
        document_type=document_type or "37",
        identification=value.get("identification") or _DEFAULT_IDENTIFICATION,
        country=value["countryCode"],
        activity_text=value.get("activityDescription") or _FEX_ACTIVITY,
        person_type=_person_types().get(str(value.get("personType")), _NATURAL),
        foreign_address=address.get("details") or _FEX_ADDRESS,
    )


def _place(address: Mapping[str, Any]) -> Place:
    return Place(
        department=address["departament"],
        municipality=address["town"],
        details=address["details"],
        district=address.get("district") or "",
    )
