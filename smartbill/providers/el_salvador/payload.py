"""A pure translation of a draft without problems into the provider's words; the same draft gives the same bytes."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from smartbill.drafts import Address, Corrected, Draft, Party, Payment
from smartbill.lifecycle import REGISTERED, Kind
from smartbill.providers.base import PreparedRequest
from smartbill.providers.el_salvador import jsontext
from smartbill.providers.el_salvador.arithmetic import Calculation, PricedLine
from smartbill.providers.el_salvador.contract import Contract
from smartbill.providers.el_salvador.extra_rules import customs_of
from smartbill.providers.el_salvador.party_rules import is_named
from smartbill.providers.el_salvador.place_rules import is_complete
from smartbill.providers.el_salvador.terms import Terms
from smartbill.providers.el_salvador.text_rules import clean, digits


def emission(
    draft: Draft, reference: str, calculation: Calculation, contract: Contract, terms: Terms
) -> PreparedRequest:
    """Return the request that issues this draft; `reference` is printed where the contract places it."""
    if draft.corrects is not None:
        return _credit_note(draft, draft.corrects, reference, calculation, contract)
    values = {
        "receptor": _receptor(draft, contract, terms),
        "products": [_product(line, contract) for line in calculation.lines],
        "paymentCondition": contract["words.condition"]["cash"],
        "payments": [_payment(payment, contract) for payment in _payments(draft)],
        "notes": _notes(draft, reference, calculation, contract),
        "appendix": _appendix(draft, reference, contract),
    }
    if draft.kind == Kind.EXPORT:
        values["exportData"] = _named("export", _export_data(draft, contract), contract)
    body = {contract["envelope.emission"]: {contract[f"field.{name}"]: value for name, value in values.items()}}
    return PreparedRequest(route=contract["kind.routes"][draft.kind], body=jsontext.to_bytes(body))


def _credit_note(
    draft: Draft, corrected: Corrected, reference: str, calculation: Calculation, contract: Contract
) -> PreparedRequest:
    """Name the CCF, the reason and the amount: the provider writes receiver and lines from the CCF itself.

    Our reference ends the reason, because the form has no other place in which a person could find it.
    """
    printed = contract["reference.format"] % reference
    amount = draft.total if contract["credit_note.includes_tax"] else draft.total - calculation.totals.tax
    values = {
        "documentRelated": corrected.generation_code.upper(),
        "description": f"{clean(corrected.description)} {printed}",
        "amount": amount,
    }
    body = {contract["envelope.emission"]: {contract[f"field.{name}"]: value for name, value in values.items()}}
    return PreparedRequest(route=contract["kind.routes"][draft.kind], body=jsontext.to_bytes(body))


def document_request(route: str, generation_code: str, contract: Contract, *, replacement: str = "") -> PreparedRequest:
    """Return the request that names one issued document: its invalidation or its reading.

    An invalidation names the replacement as well, where the contract has a field for it.
    """
    inner = {contract["field.document"]: generation_code.upper()}
    if replacement and contract["field.replacement"]:
        inner[contract["field.replacement"]] = replacement.upper()
    envelope = contract["envelope.document"]
    return PreparedRequest(route=route, body=jsontext.to_bytes({envelope: inner} if envelope else inner))


def carries_customer_email(draft: Draft, terms: Terms) -> bool:
    """Tell whether the request names the customer's address; an anonymous receptor has none."""
    return terms.mails_customer and names_buyer(draft) and bool(draft.party.email)


def names_buyer(draft: Draft) -> bool:
    """Tell whether the buyer of this draft is named to the authority.

    The API takes a name of a factura only together with an identity. Of a credit note the provider writes the receiver
    of the CCF, which we named there.
    """
    return draft.kind in (*REGISTERED, Kind.EXPORT) or is_named(draft.party)


def _named(group: str, values: Mapping[str, Any], contract: Contract) -> dict[str, Any]:
    return {contract[f"field.{group}.{name}"]: value for name, value in values.items()}


def _receptor(draft: Draft, contract: Contract, terms: Terms) -> Any:
    if draft.kind == Kind.CCF:
        values = _registered(draft.party, contract, terms)
    elif draft.kind == Kind.EXPORT:
        values = _foreign(draft.party, contract, terms)
    elif is_named(draft.party):
        values = _consumer(draft.party, contract, terms)
    else:
        return contract["word.anonymous_receptor"]
    return _named("receptor", values, contract)


def _consumer(party: Party, contract: Contract, terms: Terms) -> dict[str, Any]:
    return {
        **_identity(party, contract),
        "name": clean(party.name),
        "email": party.email if terms.mails_customer and party.email else None,
        "phone": clean(party.phone) or None,
        "comercialName": clean(party.commercial_name) or None,
        "address": _address(party.address, contract) if is_complete(party.address, contract) else None,
    }


def _registered(party: Party, contract: Contract, terms: Terms) -> dict[str, Any]:
    return {
        "nit": digits(party.tax_id),
        "nrc": digits(party.nrc),
        "name": clean(party.name),
        "comercialName": clean(party.commercial_name) or None,
        "activityCode": party.activity_code,
        "activityDescription": clean(party.activity_text),
        "address": _address(party.address, contract),
        "email": _required_email(party, terms),
        "phone": clean(party.phone) or None,
    }


def _foreign(party: Party, contract: Contract, terms: Terms) -> dict[str, Any]:
    """Leave out what we do not know: the provider fills safe defaults for an export."""
    values: dict[str, Any] = {
        "countryCode": party.address.country.upper(),
        "name": clean(party.name),
        "email": _required_email(party, terms),
    }
    if is_named(party):
        values |= _identity(party, contract)
    optional = {
        "comercialName": clean(party.commercial_name),
        "phone": clean(party.phone),
        "activityDescription": clean(party.activity_text),
        "personType": contract["words.person_type"].get(party.person_type, ""),
    }
    values |= {name: value for name, value in optional.items() if value}
    details = clean(party.address.line)
    if len(details) >= contract["limit.address_details"][0]:
        values["address"] = _named("address", {"details": details}, contract)
    return values


def _required_email(party: Party, terms: Terms) -> str:
    """Return an address where the form demands one: the issuer's own unless the provider is to mail the customer."""
    return party.email if terms.mails_customer and party.email else terms.email


def _identity(party: Party, contract: Contract) -> dict[str, str]:
    """Return kind and number; a NIT of 9 digits is a DUI, and the API's `nit` takes 14 only."""
    kind, number = party.tax_id_type, clean(party.tax_id)
    if kind in {"nit", "dui"}:
        number = digits(number)
        kind = "dui" if len(number) == 9 else "nit"
    return {"documentType": contract["words.document_type"][kind], "identification": number}


def _address(address: Address, contract: Contract) -> dict[str, str]:
    values = {"departament": address.department, "town": address.municipality, "details": clean(address.line)}
    if contract["address.send_district"]:
        values["district"] = address.district
    return _named("address", values, contract)


def _product(line: PricedLine, contract: Contract) -> dict[str, Any]:
    values = {
        "code": clean(line.code) or None,
        "description": clean(line.description),
        "quantity": line.quantity,
        "unitPrice": line.unit_price,
        "discount": line.discount,
        "type": contract["words.product_type"][line.tax_class],
        "unit": contract["codes.unit"][line.unit],
    }
    return _named("product", values, contract)


def _payments(draft: Draft) -> Sequence[Payment]:
    """Return the payments; a document of zero was paid by nothing, but the form demands one entry."""
    return draft.payments or [Payment(method="other", amount=Decimal(0))]


def _payment(payment: Payment, contract: Contract) -> dict[str, Any]:
    reference = None if payment.method == "cash" else clean(payment.reference) or None
    values = {
        "method": contract["codes.payment_method"][payment.method],
        "amount": payment.amount,
        "reference": reference,
    }
    return _named("payment", values, contract)


def _notes(draft: Draft, reference: str, calculation: Calculation, contract: Contract) -> str | None:
    """Return our reference and, below it, what a person added, each credit that became a discount, and the terms."""
    lines = [contract["reference.format"] % reference] if contract["reference.placement"] == "notes" else []
    lines += written_notes(draft, calculation)
    return "\n".join(lines)[: contract["limit.notes"]] or None


def written_notes(draft: Draft, calculation: Calculation) -> list[str]:
    """Return the notes below our reference, line by line."""
    lines = [clean(draft.extras["notes"])] if "notes" in draft.extras else []
    lines += [f"{clean(line.description)}: {line.total}" for line in calculation.credits]
    return lines + [clean(line) for line in draft.notes.splitlines()]


def _appendix(draft: Draft, reference: str, contract: Contract) -> list[dict[str, str]] | None:
    ours = {**contract["reference.appendix"], "value": reference}
    rows = [ours] if contract["reference.placement"] == "appendix" else []
    rows += [{name: clean(text) for name, text in row.items()} for row in draft.extras.get("appendix", ())]
    return [_named("appendix", row, contract) for row in rows] or None


def _export_data(draft: Draft, contract: Contract) -> dict[str, Any]:
    goods = any(line.unit == "unit" for line in draft.lines)
    values: dict[str, Any] = {"itemType": contract["words.item_type"]["unit" if goods else "service"]}
    return {**values, **customs_of(draft, contract)} if goods else values
