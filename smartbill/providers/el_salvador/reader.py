"""What the provider holds under a code: state, identifiers and the tax authority's JSON of either generation.

A failed reading is "no information" and changes nothing. An unknown version of the document is kept whole and shown.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from smartbill.providers.base import Exchange, Identifiers, PreparedRequest, Reading
from smartbill.providers.el_salvador import jsontext
from smartbill.providers.el_salvador.answer_reader import (
    CODE,
    FISCAL_ZONE,
    Answer,
    address,
    codes_in,
    error_problems,
    moment,
    read_answer,
    seal_of,
    state_of,
    states_failure,
)
from smartbill.providers.el_salvador.contract import Contract

STAMPED, CONTINGENCY, INVALIDATED, ABSENT, NO_INFORMATION = (
    "stamped",
    "contingency",
    "invalidated",
    "absent",
    "no_information",
)
_TAX_NUMBER = re.compile(r"[0-9][0-9-]{7,17}")


def reading(request: PreparedRequest, exchange: Exchange, contract: Contract) -> Reading:
    """Judge the answer to a reading of one code."""
    asked = codes_in(request.body)
    answer = read_answer(exchange.body, b"", contract)
    status = exchange.status or 0
    if not exchange.failure and status in contract["status.stops_key"]:
        return Reading(state=NO_INFORMATION, is_key_refused=True)
    if exchange.failure or not asked or answer.tree is None:
        return Reading(state=NO_INFORMATION)
    if _says_absent(answer, status, contract):
        return Reading(state=ABSENT)
    if not 200 <= status < 300 or states_failure(answer, contract):
        return Reading(state=NO_INFORMATION)
    return _found(asked[0], answer, exchange.body, contract)


def _says_absent(answer: Answer, status: int, contract: Contract) -> bool:
    not_found, word = contract["error.not_found"]
    answered = status == not_found or 200 <= status < 300
    return answered and any(problem.code == word for problem in error_problems(answer, contract))


def _found(code: str, answer: Answer, body: bytes, contract: Contract) -> Reading:
    data = answer.part(contract["answer.data"])
    document = _document(answer, data, contract)
    named = [data.get(contract["answer.data.codigoGeneracion"]), _at(document, "identificacion", "codigoGeneracion")]
    said = {name.upper() for name in named if isinstance(name, str) and CODE.fullmatch(name)}
    if said != {code}:
        return Reading(state=NO_INFORMATION)
    event = data.get(contract["answer.data.invalidation"])
    event = event if isinstance(event, Mapping) else {}
    seal = _seal(data, document, contract)
    state = STAMPED if seal else CONTINGENCY
    if event or state_of(answer, contract) == contract["state.invalidated"]:
        state = INVALIDATED
    whole = body if document is answer.tree else jsontext.to_bytes(document, keep_zeros=True) if document else b""
    return Reading(
        state=state,
        identifiers=Identifiers(
            generation_code=code,
            control_number=_word(
                data.get(contract["answer.data.numeroControl"]) or _at(document, "identificacion", "numeroControl")
            ),
            seal=seal,
            issued_at=_issued_at(data, document, contract),
            url=address(data.get(contract["answer.data.url"])),
            pdf_url=address(data.get(contract["answer.data.pdfUrl"])),
        ),
        total=_total(document),
        receiver_name=_word(_at(document, "receptor", "nombre")),
        receiver_tax_id=_tax_id(document),
        issued_on=_day(_at(document, "identificacion", "fecEmi")),
        kind=_kind(document, contract),
        document=whole,
        invalidated_at=_invalidated_at(data, event, contract) if state == INVALIDATED else None,
        environment=_word(_at(document, "identificacion", "ambiente")),
        references=tuple(_references(document, contract)),
    )


def _document(answer: Answer, data: Mapping[str, Any], contract: Contract) -> Mapping[str, Any]:
    """Return the authority's JSON: where it is expected, or the body itself, or nothing."""
    for candidate in (data.get(contract["answer.data.document"]), answer.tree, data):
        if isinstance(candidate, Mapping) and isinstance(candidate.get("identificacion"), Mapping):
            return candidate
    return {}


def _seal(data: Mapping[str, Any], document: Mapping[str, Any], contract: Contract) -> str:
    """Return the document's own seal; the seal of an invalidation beside it is another one."""
    key, event = contract["answer.data.selloRecibido"], contract["answer.data.invalidation"]
    for place in (data, document):
        if place.get(key):
            return seal_of(None, place, contract)
    if key in data or key in document:
        return ""
    return seal_of([document, {name: value for name, value in data.items() if name != event}], {}, contract)


def _total(document: Mapping[str, Any]) -> Decimal | None:
    """Return what is to be paid; a credit note of the older generation has only the total of the operation."""
    for name in ("totalPagar", "montoTotalOperacion"):
        value = _at(document, "resumen", name)
        if isinstance(value, Decimal):
            return value
    return None


def _tax_id(document: Mapping[str, Any]) -> str:
    """Return the receiver's number without the hyphens that one generation writes and the other does not."""
    number = _word(_at(document, "receptor", "numDocumento") or _at(document, "receptor", "nit"))
    return number.replace("-", "") if _TAX_NUMBER.fullmatch(number) else number


def _kind(document: Mapping[str, Any], contract: Contract) -> str:
    code = _word(_at(document, "identificacion", "tipoDte"))
    return next((kind for kind, known in contract["kind.types"].items() if known == code), code)


def _references(document: Mapping[str, Any], contract: Contract) -> Iterator[str]:
    """Yield what could be a reference of ours: from the notes of both generations, the appendix and the payments."""
    pattern = re.compile(re.escape(contract["reference.format"]).replace("%s", r"(\S+)"))
    for place in ("resumen", "extension"):
        yield from pattern.findall(_word(_at(document, place, "observaciones")))
    appendix = document.get("apendice")
    payments = _at(document, "resumen", "pagos")
    for rows, key in ((appendix, "valor"), (payments, "referencia")):
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, Mapping) and isinstance(row.get(key), str):
                yield row[key]


def _issued_at(data: Mapping[str, Any], document: Mapping[str, Any], contract: Contract) -> datetime | None:
    day, hour = _at(document, "identificacion", "fecEmi"), _at(document, "identificacion", "horEmi")
    said = moment(data.get(contract["answer.data.fechaEmision"]))
    return said or (moment(f"{day}T{hour}") if day and hour else None)


def _invalidated_at(data: Mapping[str, Any], event: Mapping[str, Any], contract: Contract) -> datetime | None:
    key = contract["answer.data.fechaInvalidacion"]
    day, hour = event.get("fecEmi") or event.get("fecAnula"), event.get("horEmi") or event.get("horAnula")
    return moment(event.get(key)) or moment(data.get(key)) or (moment(f"{day}T{hour}") if day and hour else None)


def _day(value: Any) -> date | None:
    at = moment(value)
    return at.astimezone(FISCAL_ZONE).date() if at else None


def _at(tree: Mapping[str, Any], *path: str) -> Any:
    value: Any = tree
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""
