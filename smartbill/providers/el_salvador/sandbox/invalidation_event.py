"""Compile the invalidation event in both generations: motive 1 with a replacement, motive 2 (rescission) without."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from smartbill.providers.el_salvador.sandbox.accounts import Account
from smartbill.providers.el_salvador.sandbox.legacy import hyphenated
from smartbill.providers.el_salvador.sandbox.receptors import DEFAULT_NAME
from smartbill.providers.el_salvador.sandbox.records import Issued, Json
from smartbill.providers.el_salvador.sandbox.schemas import LEGACY

_ERROR, _RESCISSION = 1, 2
_NOBODY = {"tipoDocumento": "37", "numDocumento": "0000000000", "nombre": DEFAULT_NAME}
_LEGACY_PHONE = re.compile(r"^[0-9+;]{8,50}$")


def compile_invalidation(
    document: Issued, account: Account, *, code: str, at: datetime, generation: str, replacement: str | None = None
) -> Json:
    """Return the event; `at` is local time."""
    event = _event(document, account, code, at, replacement)
    return _to_legacy(event, document, account) if generation == LEGACY else event


def _event(document: Issued, account: Account, code: str, at: datetime, replacement: str | None) -> Json:
    issuer = account.issuer
    return {
        "identificacion": {
            "version": 3,
            "ambiente": account.environment,
            "codigoGeneracion": code,
            "fecEmi": at.date().isoformat(),
            "horEmi": at.strftime("%H:%M:%S"),
            "fusion": None,
        },
        "emisor": {
            "nit": issuer.nit,
            "nombre": issuer.name,
            "codEstableMH": issuer.establishment,
            "codEstable": None,
            "codPuntoVentaMH": issuer.point_of_sale,
            "codPuntoVenta": None,
            "telefono": issuer.phone,
            "correo": issuer.email,
        },
        "documento": {
            "tipoDte": document.original["identificacion"]["tipoDte"],
            "codigoGeneracion": document.code,
            "selloRecibido": document.seal,
            "numeroControl": document.control_number,
            "fecEmi": document.original["identificacion"]["fecEmi"],
            "codigoGeneracionR": replacement.upper() if replacement else None,
        }
        | _receiver(document.original["receptor"]),
        "motivo": {
            "tipoAnulacion": _ERROR if replacement else _RESCISSION,
            "motivoAnulacion": None,
            "nombreResponsable": issuer.responsible_name,
            "tipDocResponsable": "13",
            "numDocResponsable": issuer.responsible_dui,
            "nombreSolicita": issuer.responsible_name,
            "tipDocSolicita": "13",
            "numDocSolicita": issuer.responsible_dui,
        },
    }


def _receiver(receiver: Mapping[str, Any]) -> Json:
    """Copy the receiver from the document, null where null (Manual Funcional V2.0 p. 13-14)."""
    nit = receiver.get("nit")
    return {
        "tipoDocumento": "36" if nit else receiver["tipoDocumento"],
        "numDocumento": nit or receiver["numDocumento"],
        "nombre": receiver["nombre"],
        "telefono": receiver["telefono"],
        "correo": receiver["correo"],
    }


def _to_legacy(event: Json, document: Issued, account: Account) -> Json:
    identification, target, reason = event["identificacion"], event["documento"], event["motivo"]
    identification["version"] = 2
    identification["fecAnula"] = identification.pop("fecEmi")
    identification["horAnula"] = identification.pop("horEmi")
    del identification["fusion"]
    event["emisor"] |= {"tipoEstablecimiento": "02", "nomEstablecimiento": None}
    target["montoIva"] = document.original["resumen"].get("totalIva")
    if target["numDocumento"] is None:
        target |= _NOBODY
    if target["tipoDocumento"] == "13":
        target["numDocumento"] = hyphenated(target["numDocumento"])
    if target["correo"] is None:
        del target["correo"]
    if target["telefono"] and not _LEGACY_PHONE.match(target["telefono"]):
        target["telefono"] = None
    for name in ("numDocResponsable", "numDocSolicita"):
        reason[name] = hyphenated(account.issuer.responsible_dui)
    return event
