"""Compile a valid order into the Hacienda JSON of Normativa V2.0; `legacy.py` turns that into the older generation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from smartbill.providers.el_salvador.sandbox.accounts import Account
from smartbill.providers.el_salvador.sandbox.amount_in_words import in_words
from smartbill.providers.el_salvador.sandbox.arithmetic import ZERO, LineAmounts, Totals, line_amounts, round2, total
from smartbill.providers.el_salvador.sandbox.catalogues import country_name, incoterms_name
from smartbill.providers.el_salvador.sandbox.order import CCF, DTE_TYPES, FACTURA, FEX, Export, Item, Order, Pay, Place

VERSIONS: Mapping[str, int] = {"01": 2, "03": 4, "05": 4, "11": 3}
IVA_ROW = {"codigo": "20", "descripcion": "Impuesto al Valor Agregado 13%"}
_EXPORT_ROW = {"codigo": "C3", "descripcion": "Impuesto al Valor Agregado (exportaciones) 0%"}
_LINE_TAX = {FACTURA: None, CCF: ["20"], FEX: ["C3"]}
_SERVICE_UNIT = 99
_DEFAULT_DISTRICT = "01"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the platform gives a document before it is sent to Hacienda."""

    code: str
    control_number: str
    issued_at: datetime
    """In the time zone of El Salvador: Hacienda compares the dates."""
    contingency: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A Hacienda JSON with the totals that went into it."""

    document: Json
    totals: Totals


def compile_order(order: Order, account: Account, identity: Identity) -> Compiled:
    """Return the V2.0 document of a factura, CCF or FEX."""
    lines = [line_amounts(order.kind, item) for item in order.items]
    export = order.export
    totals = total(
        order.kind,
        lines,
        insurance=export.insurance if export else ZERO,
        freight=export.freight if export else ZERO,
    )
    document: Json = {
        "identificacion": identification(DTE_TYPES[order.kind], account, identity),
        "documentoRelacionado": None,
        "emisor": _issuer(account, export),
        "receptor": _receiver(order),
        "otrosDocumentos": None,
        "ventaTercero": None,
        "cuerpoDocumento": [
            _line(order.kind, number, item, amounts)
            for number, (item, amounts) in enumerate(zip(order.items, lines, strict=True), 1)
        ],
        "resumen": _export_summary(order, totals) if export else _summary(order, totals),
        "apendice": [dict(row) for row in order.appendix] or None,
    }
    if export:
        document["compraTercero"] = None
    return Compiled(document=document, totals=totals)


def identification(document_type: str, account: Account, identity: Identity) -> Json:
    """Return the `identificacion` of a document; in contingency it is of the deferred model for ever."""
    deferred = 2 if identity.contingency else 1
    return {
        "version": VERSIONS[document_type],
        "ambiente": account.environment,
        "tipoDte": document_type,
        "numeroControl": identity.control_number,
        "codigoGeneracion": identity.code,
        "tipoModelo": deferred,
        "tipoOperacion": deferred,
        "tipoContingencia": 1 if identity.contingency else None,
        "motivoContin": None,
        "fecEmi": identity.issued_at.date().isoformat(),
        "horEmi": identity.issued_at.strftime("%H:%M:%S"),
        "tipoMoneda": "USD",
    }


def issuer_profile(account: Account) -> Json:
    """Return the part of `emisor` that all types share."""
    issuer = account.issuer
    return {
        "nit": issuer.nit,
        "nrc": issuer.nrc,
        "nombre": issuer.name,
        "codActividad": issuer.activity_code,
        "descActividad": issuer.activity_text,
        "nombreComercial": None,
        "direccion": {
            "departamento": issuer.department,
            "municipio": issuer.municipality,
            "distrito": issuer.district,
            "complemento": issuer.address,
        },
        "telefono": issuer.phone,
        "correo": issuer.email,
    }


def _issuer(account: Account, export: Export | None) -> Json:
    profile = issuer_profile(account) | {
        "codEstable": account.issuer.establishment,
        "codPuntoVenta": account.issuer.point_of_sale,
    }
    if export:
        profile |= {
            "tipoItemExpor": export.item_type,
            "recintoFiscal": export.precinct,
            "tipoRegimen": export.regime_type,
            "regimen": export.regime,
        }
    return profile


def _receiver(order: Order) -> Json:
    who = order.receiver
    if order.kind == FEX:
        return {
            "nombre": who.name,
            "tipoDocumento": who.document_type,
            "numDocumento": who.identification,
            "descActividad": who.activity_text,
            "nombreComercial": who.commercial_name,
            "codPais": who.country,
            "nombrePais": country_name(who.country or ""),
            "complemento": who.foreign_address,
            "tipoPersona": who.person_type,
            "telefono": who.phone,
            "correo": who.email,
        }
    shared: Json = {
        "nrc": who.nrc,
        "nombre": who.name,
        "codActividad": who.activity_code,
        "descActividad": who.activity_text,
        "direccion": place(who.place),
        "telefono": who.phone,
        "correo": who.email,
    }
    if order.kind == CCF:
        return {"nit": who.identification, "nombreComercial": who.commercial_name} | shared
    return {"tipoDocumento": who.document_type, "numDocumento": who.identification} | shared


def place(where: Place | None) -> Json | None:
    """Return a `direccion`; a district that nobody gave becomes the department's first."""
    if where is None:
        return None
    return {
        "departamento": where.department,
        "municipio": where.municipality,
        "distrito": where.district or _DEFAULT_DISTRICT,
        "complemento": where.details,
    }


def _line(kind: str, number: int, item: Item, amounts: LineAmounts) -> Json:
    outside = item.tax_class == "no_gravada"
    unit = _SERVICE_UNIT if outside else item.unit
    line: Json = {
        "numItem": number,
        "tipoItem": 2 if unit == _SERVICE_UNIT else 1,
        "numeroDocumento": None,
        "cantidad": item.quantity,
        "codigo": item.code,
        "codTributo": None,
        "uniMedida": unit,
        "descripcion": item.description,
        "precioUni": ZERO if outside else item.unit_price,
        "montoDescu": item.discount,
        "ventaGravada": amounts.gravada,
        "tributos": _LINE_TAX[kind] if amounts.gravada > 0 else None,
        "noGravado": amounts.no_gravado,
    }
    if kind != FEX:
        line |= {"ventaNoSuj": amounts.no_sujeta, "ventaExenta": amounts.exenta, "psv": ZERO}
    if kind == FACTURA:
        line["ivaItem"] = amounts.iva
    return line


def _summary(order: Order, totals: Totals) -> Json:
    taxed = order.kind == CCF and totals.gravada > 0
    summary: Json = {
        "totalNoSuj": totals.no_sujeta,
        "totalExenta": totals.exenta,
        "totalGravada": totals.gravada,
        "subTotalVentas": totals.sales,
        "descuNoSuj": ZERO,
        "descuExenta": ZERO,
        "descuGravada": ZERO,
        "porcentajeDescuento": ZERO,
        "totalDescu": totals.discounts,
        "tributos": [IVA_ROW | {"valor": totals.iva}] if taxed else None,
        "subTotal": totals.sales,
        "ivaRete": ZERO,
        "montoTotalOperacion": totals.operation,
        "totalNoGravado": totals.no_gravado,
        "saldoFavor": ZERO,
    }
    summary |= {"ivaPerci": ZERO} if order.kind == CCF else {"totalIva": totals.iva}
    return summary | _settlement(order, totals)


def _export_summary(order: Order, totals: Totals) -> Json:
    export = order.export or Export(item_type=2)
    return {
        "totalGravada": totals.gravada,
        "descuGravada": ZERO,
        "porcentajeDescuento": ZERO,
        "totalDescu": totals.discounts,
        "seguro": round2(export.insurance),
        "flete": round2(export.freight),
        "tributos": [_EXPORT_ROW | {"valor": ZERO}],
        "montoTotalOperacion": totals.operation,
        "totalNoGravado": totals.no_gravado,
        "totalNoOnerosas": ZERO,
        "saldoFavor": ZERO,
        "codIncoterms": export.incoterms,
        "descIncoterms": incoterms_name(export.incoterms) if export.incoterms else None,
    } | _settlement(order, totals)


def _settlement(order: Order, totals: Totals) -> Json:
    return {
        "totalPagar": totals.to_pay,
        "totalLetras": in_words(totals.to_pay),
        "condicionOperacion": order.condition,
        "pagos": _payments(order.payments),
        "numPagoElectronico": None,
        "observaciones": order.notes,
    }


def _payments(payments: Sequence[Pay]) -> list[Json] | None:
    return [
        {
            "codigo": pay.method,
            "montoPago": Decimal(pay.amount),
            "referencia": pay.reference,
            "plazo": pay.term,
            "periodo": pay.period,
        }
        for pay in payments
    ] or None
