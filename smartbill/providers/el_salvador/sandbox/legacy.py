"""Turn a document of Normativa V2.0 into the generation in use until 2026-11-30: names, fields and versions of 2023."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from smartbill.providers.el_salvador.sandbox.accounts import Account
from smartbill.providers.el_salvador.sandbox.arithmetic import ZERO

Json = dict[str, Any]

LEGACY_VERSIONS: Mapping[str, int] = {"01": 1, "03": 3, "05": 3, "11": 1}
_HEADQUARTERS = "02"
# The numeric country codes are not in the current catalogue; only this one is known, 9999 stands for the rest.
_COUNTRIES: Mapping[str, str] = {"US": "9450"}
_OTHER_COUNTRY = "9999"
_FEX_NOTES = 500


def to_legacy(document: Mapping[str, Any], account: Account) -> Json:
    """Return the same document in the older generation."""
    old = deepcopy(dict(document))
    identification = old["identificacion"]
    document_type: str = identification["tipoDte"]
    identification["version"] = LEGACY_VERSIONS[document_type]
    old["emisor"]["tipoEstablecimiento"] = _HEADQUARTERS
    for party in (old["emisor"], old["receptor"]):
        if party.get("direccion"):
            del party["direccion"]["distrito"]
    _hyphenate_dui(old["receptor"])
    _CHANGES[document_type](old)
    if document_type != "05":
        old["emisor"] |= {
            "codEstableMH": account.issuer.establishment,
            "codPuntoVentaMH": account.issuer.point_of_sale,
        }
    return old


def hyphenated(dui: str) -> str:
    """Write a DUI as the legacy schemas want it (12345678-9)."""
    return dui if "-" in dui else f"{dui[:8]}-{dui[8:]}"


def _hyphenate_dui(receiver: Json) -> None:
    if receiver.get("tipoDocumento") == "13":
        receiver["numDocumento"] = hyphenated(receiver["numDocumento"])


def _notes_to_extension(old: Json, notes: str | None) -> None:
    names = ("nombEntrega", "docuEntrega", "nombRecibe", "docuRecibe")
    old["extension"] = dict.fromkeys(names) | {"observaciones": notes} if notes else None


def _factura(old: Json) -> None:
    summary = old["resumen"]
    _notes_to_extension(old, summary.pop("observaciones"))
    if old["extension"]:
        old["extension"]["placaVehiculo"] = None
    del summary["ivaRete"]
    summary |= {"ivaRete1": ZERO, "reteRenta": ZERO}


def _ccf(old: Json) -> None:
    _factura(old)
    del old["resumen"]["ivaPerci"]
    old["resumen"]["ivaPerci1"] = ZERO


def _credit_note(old: Json) -> None:
    del old["identificacion"]["fusion"]
    receiver, summary = old["receptor"], old["resumen"]
    receiver["nit"] = receiver.pop("numDocumento")
    del receiver["tipoDocumento"]
    for line in old["cuerpoDocumento"]:
        for name in ("noGravado", "ivaPerci", "totalIva", "ivaRete"):
            del line[name]
    _notes_to_extension(old, summary.pop("observaciones"))
    for name in ("ivaPerci", "totalIva", "ivaRete", "totalNoGravado", "totalPagar", "codigoRetencionMH"):
        del summary[name]
    summary |= dict.fromkeys(("ivaPerci1", "ivaRete1", "reteRenta", "descuNoSuj", "descuExenta", "descuGravada"), ZERO)
    summary["subTotal"] = summary["subTotalVentas"]


def _export(old: Json) -> None:
    identification, summary = old["identificacion"], old["resumen"]
    identification["motivoContigencia"] = identification.pop("motivoContin")
    del old["documentoRelacionado"], old["compraTercero"], old["emisor"]["tipoRegimen"]
    receiver = old["receptor"]
    receiver["codPais"] = _COUNTRIES.get(receiver["codPais"], _OTHER_COUNTRY)
    for line in old["cuerpoDocumento"]:
        for name in ("tipoItem", "numeroDocumento", "codTributo"):
            del line[name]
    for name in ("descuGravada", "tributos", "totalNoOnerosas", "saldoFavor"):
        del summary[name]
    summary["descuento"] = ZERO
    summary["observaciones"] = summary["observaciones"] and summary["observaciones"][:_FEX_NOTES]


_CHANGES: Mapping[str, Callable[[Json], None]] = {"01": _factura, "03": _ccf, "05": _credit_note, "11": _export}
