"""How a document is paid: condition, methods, terms, and a sum that must be the total to pay."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from smartbill.providers.el_salvador import contract
from smartbill.providers.el_salvador.sandbox import catalogues
from smartbill.providers.el_salvador.sandbox.arithmetic import TOLERANCE, ZERO
from smartbill.providers.el_salvador.sandbox.fields import Complaint, Field, check_object, matching, number, text
from smartbill.providers.el_salvador.sandbox.order import Pay

_CASH = "01"
_ON_SPOT, _CREDIT = 1, 2
_FIELDS = {
    "method": Field(
        check=matching(lambda value: catalogues.has("CAT-017", value), "must be a method of CAT-017"), required=True
    ),
    "amount": Field(check=number(decimals=2, at_least=0), required=True),
    "reference": Field(check=text(1, 50)),
    "term": Field(check=matching(lambda value: catalogues.has("CAT-018", value), "must be a term of CAT-018")),
    "period": Field(check=number(decimals=0, above=0)),
}


def conditions() -> dict[str, int]:
    """Return the provider's words for CAT-016, the default first."""
    words: Mapping[str, str] = contract.current()["words.condition"]
    return {words["cash"]: _ON_SPOT, words["credit"]: _CREDIT, words["other"]: 3}


def check_payments(body: Mapping[str, Any], to_pay: Decimal) -> list[Complaint]:
    """Return every complaint about condition and payments of a document with this total."""
    condition = conditions().get(body.get("paymentCondition") or "", _ON_SPOT)
    found = []
    if to_pay == 0 and condition != _ON_SPOT:
        found.append(Complaint(field="paymentCondition", message="a zero total is paid on the spot"))
    rows = body.get("payments")
    if rows is None:
        return found
    for index, row in enumerate(rows):
        complaints = check_object(row, _FIELDS, f"payments[{index}]")
        found += complaints or _check_terms(row, condition, f"payments[{index}]")
    if not found:
        found += _check_sum(sum((Decimal(row["amount"]) for row in rows), ZERO), to_pay)
    return found


def _check_terms(row: Mapping[str, Any], condition: int, where: str) -> list[Complaint]:
    found = []
    if row["method"] == _CASH and row.get("reference") is not None:
        found.append(Complaint(field=f"{where}.reference", message="must be null for notes and coins"))
    for name in ("term", "period"):
        given = row.get(name) is not None
        if condition == _CREDIT and not given:
            found.append(Complaint(field=f"{where}.{name}", message="is required on credit"))
        if condition == _ON_SPOT and given:
            found.append(Complaint(field=f"{where}.{name}", message="is only for credit"))
    return found


def _check_sum(paid: Decimal, to_pay: Decimal) -> list[Complaint]:
    if abs(paid - to_pay) <= TOLERANCE:
        return []
    return [Complaint(field="payments", message=f"add up to {paid:f}, the total to pay is {to_pay:f}", code="020")]


def read_payments(body: Mapping[str, Any], to_pay: Decimal) -> list[Pay]:
    """Return the payments of a valid body; where a FEX names none, the total in cash."""
    rows = body.get("payments")
    if rows is None:
        return [Pay(method=_CASH, amount=to_pay)]
    return [
        Pay(
            method=row["method"],
            amount=Decimal(row["amount"]),
            reference=row.get("reference"),
            term=row.get("term"),
            period=row.get("period"),
        )
        for row in rows
    ]
