"""Compile a credit note against a CCF: the CCF's own lines when it is credited whole, one line otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from smartbill.providers.el_salvador.sandbox.accounts import Account
from smartbill.providers.el_salvador.sandbox.amount_in_words import in_words
from smartbill.providers.el_salvador.sandbox.arithmetic import IVA, ZERO, Totals, round2, round8
from smartbill.providers.el_salvador.sandbox.compiler import (
    IVA_ROW,
    Compiled,
    Identity,
    Json,
    identification,
    issuer_profile,
)

_RECEIVER_SHARED = (
    "nrc",
    "nombre",
    "codActividad",
    "descActividad",
    "nombreComercial",
    "direccion",
    "telefono",
    "correo",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePlan:
    """What a note takes back: `original` is the V2.0 form of the CCF, `amount` includes IVA."""

    original: Mapping[str, Any]
    amount: Decimal
    description: str
    whole: bool


def compile_note(plan: NotePlan, account: Account, identity: Identity) -> Compiled:
    """Return the V2.0 credit note; its total is exactly the amount that was asked for."""
    original = plan.original
    code = str(original["identificacion"]["codigoGeneracion"])
    lines = [_whole_line(line, code) for line in original["cuerpoDocumento"]] if plan.whole else [_one_line(plan, code)]
    totals = _whole_totals(original) if plan.whole else _partial_totals(plan.amount)
    receiver = original["receptor"]
    document: Json = {
        "identificacion": identification("05", account, identity) | {"fusion": None},
        "documentoRelacionado": [
            {
                "tipoDocumento": "03",
                "tipoGeneracion": 2,
                "numeroDocumento": code,
                "fechaEmision": original["identificacion"]["fecEmi"],
            }
        ],
        "emisor": issuer_profile(account),
        "receptor": {"tipoDocumento": "36", "numDocumento": receiver["nit"]}
        | {name: receiver[name] for name in _RECEIVER_SHARED},
        "ventaTercero": None,
        "cuerpoDocumento": lines,
        "resumen": _summary(totals, plan.description),
        "apendice": None,
    }
    return Compiled(document=document, totals=totals)


def _one_line(plan: NotePlan, code: str) -> Json:
    net, iva = _split(plan.amount)
    return {
        "numItem": 1,
        "tipoItem": 2,
        "numeroDocumento": code,
        "cantidad": 1,
        "codigo": None,
        "codTributo": None,
        "uniMedida": 99,
        "descripcion": plan.description,
        "precioUni": net,
        "montoDescu": ZERO,
        "ventaNoSuj": ZERO,
        "ventaExenta": ZERO,
        "ventaGravada": net,
        "tributos": ["20"],
        "noGravado": ZERO,
        "ivaPerci": ZERO,
        "totalIva": iva,
        "ivaRete": ZERO,
    }


def _whole_line(line: Mapping[str, Any], code: str) -> Json:
    copied = {name: value for name, value in line.items() if name != "psv"}
    iva = round8(Decimal(line["ventaGravada"]) * IVA)
    return copied | {"numeroDocumento": code, "ivaPerci": ZERO, "totalIva": iva, "ivaRete": ZERO}


def _split(amount: Decimal) -> tuple[Decimal, Decimal]:
    """Part an amount into net and IVA; the tax takes the odd cent, which the tolerance of 0.01 a field allows."""
    net = round2(amount / (1 + IVA))
    return net, amount - net


def _partial_totals(amount: Decimal) -> Totals:
    net, iva = _split(round2(amount))
    nothing = round2(ZERO)
    return Totals(
        gravada=net,
        exenta=nothing,
        no_sujeta=nothing,
        no_gravado=nothing,
        discounts=nothing,
        sales=net,
        iva=iva,
        operation=net + iva,
        to_pay=net + iva,
    )


def _whole_totals(original: Mapping[str, Any]) -> Totals:
    summary = original["resumen"]
    taxes = summary["tributos"]
    totals = _partial_totals(ZERO)
    return replace(
        totals,
        gravada=summary["totalGravada"],
        exenta=summary["totalExenta"],
        no_sujeta=summary["totalNoSuj"],
        no_gravado=summary["totalNoGravado"],
        discounts=summary["totalDescu"],
        sales=summary["subTotalVentas"],
        iva=taxes[0]["valor"] if taxes else ZERO,
        operation=summary["montoTotalOperacion"],
        to_pay=summary["totalPagar"],
    )


def _summary(totals: Totals, description: str) -> Json:
    return {
        "totalNoSuj": totals.no_sujeta,
        "totalExenta": totals.exenta,
        "totalGravada": totals.gravada,
        "subTotalVentas": totals.sales,
        "totalDescu": totals.discounts,
        "tributos": [IVA_ROW | {"valor": totals.iva}] if totals.gravada > 0 else None,
        "montoTotalOperacion": totals.operation,
        "ivaPerci": ZERO,
        "totalIva": totals.iva,
        "ivaRete": ZERO,
        "totalNoGravado": totals.no_gravado,
        "totalPagar": totals.to_pay,
        "totalLetras": in_words(totals.to_pay),
        "condicionOperacion": 1,
        "observaciones": description,
        "codigoRetencionMH": None,
    }
