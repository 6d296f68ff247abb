from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from smartbill.providers.el_salvador.sandbox.accounts import DEMO_ACCOUNT
from smartbill.providers.el_salvador.sandbox.compile_note import NotePlan, compile_note
from smartbill.providers.el_salvador.sandbox.compiler import Identity, compile_order
from smartbill.providers.el_salvador.sandbox.legacy import to_legacy
from smartbill.providers.el_salvador.sandbox.order import DTE_TYPES
from smartbill.providers.el_salvador.sandbox.schemas import schema_errors
from smartbill.providers.el_salvador.sandbox.validation import Strictness, read_order

from .payloads import ADDRESS, COMPANY, PERSON, ccf, factura, fex, product

EXTRAS = [
    product("113.00"),
    product("10.00", type="exenta", unit="59", quantity=Decimal("2.5"), discount=Decimal("1.25")),
    product("3.00", type="no_sujeta", code="SKU-1"),
    product("-2.00", type="no_gravada"),
]
GOODS = {"itemType": "bienes", "fiscalPrecinct": "01", "regimeType": "EX-1", "regime": "1000.000", "incoterms": "01"}
BODIES = {
    "anonymous": ("factura", factura()),
    "person": ("factura", factura(receptor=PERSON)),
    "passport": ("factura", factura(receptor=PERSON | {"documentType": "pasaporte", "identification": "A12345"})),
    "without address": ("factura", factura(receptor=PERSON | {"address": None, "email": None})),
    "every class": ("factura", factura(paid="137.75", products=EXTRAS)),
    "appendix": ("factura", factura(appendix=[{"field": "a", "label": "b", "value": "c"}])),
    "free": ("factura", factura(products=[product("1", discount=1)], payments=[{"method": "99", "amount": 0}])),
    "on credit": (
        "factura",
        factura(
            paymentCondition="credito",
            payments=[{"method": "13", "amount": Decimal("113.00"), "term": "02", "period": 1}],
        ),
    ),
    "company": ("ccf", ccf()),
    "company by dui": ("ccf", ccf(receptor=COMPANY | {"nit": "999999994", "phone": "22220000", "comercialName": "X"})),
    "company exempt": ("ccf", ccf(paid="10.00", products=[product("10.00", type="exenta")])),
    "services abroad": ("fex", fex()),
    "goods abroad": ("fex", fex(paid="112.00", exportData=GOODS | {"freight": 10, "insurance": 2})),
    "abroad with a charge": ("fex", fex(paid="101.00", products=[product("100"), product("1", type="no_gravada")])),
    "not in Salvador": (
        "factura",
        factura(receptor=PERSON | {"address": {"departament": "00", "town": "00", "details": "Miami, FL"}}),
    ),
}


def identity(kind, *, contingency=False):
    return Identity(
        code="AAAA0001-0000-4000-8000-000000000001",
        control_number=f"DTE-{DTE_TYPES[kind]}-M001P001-000000000000001",
        issued_at=datetime(2027, 1, 1, 5, 59, 59, tzinfo=UTC).astimezone(ZoneInfo("America/El_Salvador")),
        contingency=contingency,
    )


def compiled(name, *, generation="v2", contingency=False):
    kind, body = BODIES[name]
    order = read_order(kind, body, Strictness(generation=generation))
    document = compile_order(order, DEMO_ACCOUNT, identity(kind, contingency=contingency)).document
    return to_legacy(document, DEMO_ACCOUNT) if generation == "legacy" else document


@pytest.mark.parametrize("contingency", [False, True])
@pytest.mark.parametrize("name", BODIES)
def test_the_schema_accepts_it(name, contingency):
    document = compiled(name, contingency=contingency)
    assert schema_errors("v2", document["identificacion"]["tipoDte"], document) == []


@pytest.mark.parametrize("contingency", [False, True])
@pytest.mark.parametrize("name", [name for name in BODIES if name != "not in Salvador"])
def test_the_older_schema_accepts_it(name, contingency):
    document = compiled(name, generation="legacy", contingency=contingency)
    assert schema_errors("legacy", document["identificacion"]["tipoDte"], document) == []


@pytest.mark.parametrize("generation", ["v2", "legacy"])
@pytest.mark.parametrize(("amount", "whole"), [("113.00", True), ("56.50", False), ("0.04", False)])
def test_the_schemas_accept_a_credit_note(generation, amount, whole):
    plan = NotePlan(original=compiled("company"), amount=Decimal(amount), description="Devolución", whole=whole)
    made = compile_note(plan, DEMO_ACCOUNT, identity("credit_note"))
    document = to_legacy(made.document, DEMO_ACCOUNT) if generation == "legacy" else made.document
    assert schema_errors(generation, "05", document) == []
    assert (made.totals.to_pay, document["resumen"]["montoTotalOperacion"]) == (Decimal(amount), Decimal(amount))
    assert document["cuerpoDocumento"][0]["numeroDocumento"] == "AAAA0001-0000-4000-8000-000000000001"


def test_the_date_is_that_of_el_salvador():
    identification = compiled("anonymous")["identificacion"]
    assert (identification["fecEmi"], identification["horEmi"]) == ("2026-12-31", "23:59:59")


def test_the_summary_of_a_factura():
    summary = compiled("every class")["resumen"]
    assert summary == {
        "totalNoSuj": Decimal("3.00"),
        "totalExenta": Decimal("23.75"),
        "totalGravada": Decimal("113.00"),
        "subTotalVentas": Decimal("139.75"),
        "descuNoSuj": 0,
        "descuExenta": 0,
        "descuGravada": 0,
        "porcentajeDescuento": 0,
        "totalDescu": Decimal("1.25"),
        "tributos": None,
        "subTotal": Decimal("139.75"),
        "ivaRete": 0,
        "montoTotalOperacion": Decimal("139.75"),
        "totalNoGravado": Decimal("-2.00"),
        "totalPagar": Decimal("137.75"),
        "totalLetras": "CIENTO TREINTA Y SIETE 75/100 DOLARES",
        "totalIva": Decimal("13.00"),
        "saldoFavor": 0,
        "condicionOperacion": 1,
        "pagos": [
            {"codigo": "03", "montoPago": Decimal("137.75"), "referencia": "pi_1", "plazo": None, "periodo": None}
        ],
        "numPagoElectronico": None,
        "observaciones": "Ref. SE-1\nGracias",
    }


def test_the_lines_of_a_factura():
    lines = compiled("every class")["cuerpoDocumento"]
    assert [(line["tipoItem"], line["uniMedida"], line["precioUni"], line["noGravado"]) for line in lines] == [
        (2, 99, Decimal("113.00"), 0),
        (1, 59, Decimal("10.00"), 0),
        (2, 99, Decimal("3.00"), 0),
        (2, 99, 0, Decimal("-2.00")),
    ]
    assert [line["ivaItem"] for line in lines] == [Decimal("13.00000000"), 0, 0, 0]
    assert {line["tributos"] for line in lines} == {None}


def test_a_ccf_carries_the_tax_in_its_summary():
    document = compiled("company")
    assert document["cuerpoDocumento"][0]["tributos"] == ["20"]
    assert document["resumen"]["tributos"][0]["valor"] == Decimal("13.00")
    assert compiled("company exempt")["resumen"]["tributos"] is None


def test_an_export_names_the_country():
    receiver = compiled("services abroad")["receptor"]
    assert (receiver["codPais"], receiver["nombrePais"], receiver["tipoPersona"]) == ("US", "Estados Unidos", 2)
    assert compiled("goods abroad")["resumen"]["descIncoterms"] == "EXW-En fabrica"


def test_a_missing_district_becomes_the_first():
    place = compiled("not in Salvador")["receptor"]["direccion"]
    assert place == {"departamento": "00", "municipio": "00", "distrito": "01", "complemento": "Miami, FL"}
    assert compiled("person")["receptor"]["direccion"]["distrito"] == ADDRESS["district"]


def test_the_older_generation_hyphenates_a_dui_and_moves_the_notes():
    document = compiled("person", generation="legacy")
    assert document["receptor"]["numDocumento"] == "99999999-4"
    assert document["extension"]["observaciones"] == "Ref. SE-1\nGracias"
    assert compiled("person")["receptor"]["numDocumento"] == "999999994"


def test_the_older_schema_refuses_an_anonymous_sale_from_1095_dollars():
    order = read_order("factura", factura("1095.00"), Strictness(generation="legacy"))
    document = to_legacy(compile_order(order, DEMO_ACCOUNT, identity("factura")).document, DEMO_ACCOUNT)
    errors = schema_errors("legacy", "01", document)
    assert {error.split(":")[0] for error in errors} == {"receptor/tipoDocumento", "receptor/numDocumento"}
