"""Drafts and terms without a database, as the rules of El Salvador see them."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from smartbill.drafts import Address, Corrected, Draft, Line, Party, Payment
from smartbill.errors import Problem
from smartbill.providers.el_salvador.contract import current
from smartbill.providers.el_salvador.provider import ElSalvador
from smartbill.providers.el_salvador.terms import Terms

TERMS = Terms(livemode=False, email="facturas@acme.example")

COMPANY = Party(
    name="Ferretería Ñandú, S.A. de C.V.",
    tax_id="0614-000000-002-6",
    tax_id_type="nit",
    nrc="123456-7",
    activity_code="62010",
    activity_text="Programación informática",
    email="pagos@nandu.example",
    phone="2222 3333",
    address=Address(country="SV", department="06", municipality="23", district="14", line="Calle Arce 100"),
)
CONSUMER = Party(name="Ana López", email="ana@example.com", address=Address(country="SV"))
FOREIGNER = Party(
    name="Example Inc.",
    email="ap@example.com",
    person_type="legal",
    address=Address(country="US", line="1 Test Street"),
)


def line(subtotal: str, quantity: str = "1", **changes: Any) -> Line:
    """Return a taxed service line whose price contains the tax."""
    values = {"description": "Suscripción mensual", **changes}
    for name in ("discount", "tax"):
        if name in values:
            values[name] = Decimal(values[name])
    return Line(quantity=Decimal(quantity), subtotal=Decimal(subtotal), **values)


def sale(*lines: Line, kind: str = "factura", **changes: Any) -> Draft:
    """Return a draft of these lines, paid by one card, for a buyer who fits the kind."""
    chosen = lines or (line("113.00"),)
    total = sum((item.total for item in chosen), Decimal(0))
    party = {"factura": CONSUMER, "ccf": COMPANY, "export": FOREIGNER}[kind]
    draft = Draft(
        issuer_id=1,
        source="invoice:in_1",
        kind=kind,
        livemode=False,
        currency="USD",
        total=total,
        party=party,
        lines=chosen,
        payments=(Payment(method="card_credit", amount=total, reference="pi_1"),),
        language="es",
        occurred_at=datetime(2026, 11, 20, 18, 0, tzinfo=UTC),
    )
    return replace(draft, **changes)


def credit_note(code: str, amount: str, *lines: Line, total: str = "113.00", **changes: Any) -> Draft:
    """Return the draft of a credit note over this amount of a CCF of `total`."""
    corrected = Corrected(
        generation_code=code,
        control_number="DTE-03-M001P001-000000000000001",
        issued_on=date(2026, 11, 20),
        total=Decimal(total),
        description="Devolución del 2026-11-21",
    )
    corrected = replace(corrected, **changes)
    chosen = lines or (line(amount, description=corrected.description),)
    draft = replace(
        sale(*chosen, kind="ccf"), kind="credit_note", purpose="credit:1.0", payments=(), corrects=corrected
    )
    return replace(draft, total=Decimal(amount))


def provider(**changes: Any) -> ElSalvador:
    """Return the provider under the contract in force and these terms."""
    return ElSalvador(replace(TERMS, **changes), current())


def codes(draft: Draft, **terms: Any) -> list[str]:
    """Return the codes of a draft's problems, in order."""
    return [problem.code for problem in provider(**terms).problems(draft)]


def only(draft: Draft, **terms: Any) -> Problem:
    """Return the one problem of a draft that has exactly one."""
    (problem,) = provider(**terms).problems(draft)
    return problem
