"""Requests as a careful client would write them, and the means to send them."""

import copy
from decimal import Decimal

import pytest
import requests

from smartbill.providers.el_salvador.sandbox import jsonio
from smartbill.providers.el_salvador.sandbox.validation import Refused, Strictness, read_order

V2 = Strictness(generation="v2")

MANAGER_KEYS = {"X-Smartbill-Public-Key": "pub_sandbox_manager", "X-Smartbill-Private-Key": "prv_sandbox_manager"}
TRANSMITTER_KEYS = {
    "X-Smartbill-Public-Key": "pub_sandbox_transmitter",
    "X-Smartbill-Private-Key": "prv_sandbox_transmitter",
}
PATHS = {
    "factura": "/dte/factura",
    "ccf": "/dte/ccf",
    "fex": "/dte/fex",
    "credit_note": "/dte/credit-note",
    "invalidate": "/dte/invalidate",
    "get_json": "/dte/get-json",
}
ADDRESS = {"departament": "06", "town": "23", "district": "14", "details": "Calle de prueba 1"}
PERSON = {
    "documentType": "dui",
    "identification": "999999994",
    "name": "Ana Pérez",
    "email": "ana@example.com",
    "address": ADDRESS,
}
COMPANY = {
    "nit": "06140000000026",
    "nrc": "9999992",
    "name": "RECEPTOR DE PRUEBA",
    "activityCode": "62010",
    "activityDescription": "Programación informática",
    "address": ADDRESS,
    "email": "receptor@example.com",
}
ABROAD = {"countryCode": "US", "name": "CLIENTE DEL EXTERIOR", "email": "abroad@example.com", "personType": "juridica"}


def product(price, **changes):
    return {"description": "Suscripción mensual", "quantity": 1, "unitPrice": Decimal(price), "unit": "99"} | changes


def _body(receptor, price, paid, changes):
    return copy.deepcopy(
        {
            "receptor": receptor,
            "products": [product(price)],
            "paymentCondition": "contado",
            "payments": [{"method": "03", "amount": Decimal(paid), "reference": "pi_1"}],
            "notes": "Ref. SE-1\nGracias",
        }
        | changes
    )


def factura(price="113.00", paid=None, receptor="Others", **changes):
    return _body(receptor, price, paid or price, changes)


def ccf(price="100.00", paid="113.00", receptor=COMPANY, **changes):
    return _body(receptor, price, paid, changes)


def fex(price="100.00", paid=None, receptor=ABROAD, **changes):
    return _body(receptor, price, paid or price, {"exportData": {"itemType": "servicios"}} | changes)


BODIES = {"factura": factura, "ccf": ccf, "fex": fex}


def post(sandbox, route, body, *, keys=None, timeout=10):
    """Send any body to a route, following nothing."""
    return requests.post(
        sandbox.url + PATHS[route],
        data=body if isinstance(body, bytes) else jsonio.dumps(body).encode(),
        headers={"Content-Type": "application/json"} | (MANAGER_KEYS if keys is None else keys),
        timeout=timeout,
        allow_redirects=False,
    )


def emit(sandbox, route, dte=None, **options):
    return post(sandbox, route, {"dteJson": BODIES[route]() if dte is None else dte}, **options)


def ask(sandbox, route, code, **options):
    return post(sandbox, route, {"body": {"document": code}}, **options)


def issued(sandbox, route, dte=None):
    """Emit and return the generation code."""
    answer = emit(sandbox, route, dte)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["codigoGeneracion"]


def note(code, amount, description="Devolución"):
    return {"dteJson": {"documentRelated": code, "description": description, "amount": Decimal(amount)}}


def error(answer):
    """Return (status, error code, the fields complained about)."""
    refusal = answer.json()["error"]
    return answer.status_code, refusal["code"], [detail["field"] for detail in refusal["details"]]


def refused(kind, body, strictness=V2):
    """Return the fields about which a refusal complains."""
    with pytest.raises(Refused) as caught:
        read_order(kind, body, strictness)
    return [complaint.field for complaint in caught.value.complaints]


def without(value, *names):
    return {name: entry for name, entry in value.items() if name not in names}
