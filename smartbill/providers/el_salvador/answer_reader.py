"""A tolerant reading of the provider's bodies: identifiers are found by their form, wherever they stand.

The names of keys are assumptions, the forms of the identifiers are the tax authority's. Nothing here decides what an
answer means.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from smartbill.errors import Problem
from smartbill.providers.base import Identifiers
from smartbill.providers.el_salvador import jsontext
from smartbill.providers.el_salvador.contract import Contract

CODE = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
SEAL = re.compile(r"[A-Z0-9]{40}")
CONTROL_NUMBER = re.compile(r"DTE-[0-9]{2}-[A-Z0-9]{8}-[0-9]{15}")
FISCAL_ZONE = ZoneInfo("America/El_Salvador")
LONGEST_URL = 500
FIRST_YEAR, LAST_YEAR = 2000, 2200
"""A moment outside is no moment of a document: zero values of other languages, which not every database can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A body as read. `tree` is None where it is no JSON object.

    `named` are the codes under the key of a generation code, `codes` those that are a whole text anywhere, `traces`
    those that occur at all, if only inside another text. The weaker, the more likely it is another's request number.
    """

    tree: Mapping[str, Any] | None
    named: tuple[str, ...]
    codes: tuple[str, ...]
    traces: tuple[str, ...]

    @property
    def evidence(self) -> str:
        """The one code that is worth a look-up, or nothing where there is none or a choice."""
        return self.traces[0] if len(self.traces) == 1 else ""

    def part(self, name: str) -> Mapping[str, Any]:
        """Return a member that is an object, or an empty one."""
        value = (self.tree or {}).get(name)
        return value if isinstance(value, Mapping) else {}


def read_answer(body: bytes, request_body: bytes, contract: Contract) -> Answer:
    """Read a body; codes that were in our own request are no answer."""
    own = codes_in(request_body)
    traces = tuple(code for code in codes_in(body) if code not in own)
    try:
        tree = jsontext.from_bytes(body)
    except jsontext.Unreadable:
        return Answer(tree=None, named=(), codes=(), traces=traces)
    codes = _codes(_texts(tree), own)
    return Answer(
        tree=tree if isinstance(tree, Mapping) else None,
        named=_codes(_values(tree, contract["answer.data.codigoGeneracion"]), own),
        codes=codes,
        traces=tuple(dict.fromkeys((*codes, *traces))),
    )


def _codes(values: Iterable[Any], own: tuple[str, ...]) -> tuple[str, ...]:
    found = dict.fromkeys(value.upper() for value in values if isinstance(value, str) and CODE.fullmatch(value))
    return tuple(code for code in found if code not in own)


def codes_in(body: bytes) -> tuple[str, ...]:
    """Return every generation code that occurs in these bytes, whatever they are, in upper case."""
    text = body.decode("utf-8", "replace")
    return tuple(dict.fromkeys(found.upper() for found in CODE.findall(text)))


def identifiers(answer: Answer, code: str, contract: Contract) -> Identifiers:
    """Return what an answer calls the document with this code."""
    data = answer.part(contract["answer.data"])
    return Identifiers(
        generation_code=code,
        control_number=_control_number(answer, data, contract),
        seal=seal_of(answer.tree, data, contract),
        issued_at=moment(data.get(contract["answer.data.fechaEmision"])),
        url=address(data.get(contract["answer.data.url"])),
        pdf_url=address(data.get(contract["answer.data.pdfUrl"])),
    )


def seal_of(tree: Any, data: Mapping[str, Any], contract: Contract) -> str:
    """Return the seal, or nothing. A key that is there and empty says "pending", whatever else looks like a seal."""
    key = contract["answer.data.selloRecibido"]
    if key in data:
        text = data[key]
        return text if isinstance(text, str) and SEAL.fullmatch(text) else ""
    found = {text for text in _texts(tree) if SEAL.fullmatch(text)}
    return found.pop() if len(found) == 1 else ""


def state_of(answer: Answer, contract: Contract) -> str:
    """Return the state word of an answer in upper case, or nothing."""
    word = answer.part(contract["answer.data"]).get(contract["answer.data.estado"])
    return word.strip().upper() if isinstance(word, str) else ""


def states_failure(answer: Answer, contract: Contract) -> bool:
    """Whether the body says that it failed: `success` false, or the word of a refused state."""
    success = (answer.tree or {}).get(contract["answer.success"])
    return success is False or success == "false" or state_of(answer, contract) in contract["states.refused"]


def error_problems(answer: Answer, contract: Contract) -> list[Problem]:
    """Return the provider's structured error as problems; empty where there is none, so it proves no verdict."""
    error = answer.part(contract["answer.error"])
    code, message = _text(error.get(contract["answer.error.code"])), _text(error.get(contract["answer.error.message"]))
    if (answer.tree or {}).get(contract["answer.success"]) is True or not (code or message):
        return []
    found = [Problem("", code, message or code)]
    details = error.get(contract["answer.error.details"])
    for detail in details if isinstance(details, list) else [details]:
        if isinstance(detail, Mapping):
            values = [_text(detail.get(contract[f"answer.detail.{name}"])) for name in ("field", "code", "message")]
            found.append(Problem(*values))
    return found


def hacienda_codes(answer: Answer, contract: Contract) -> set[str]:
    """Return the authority's message codes that the provider handed on, wherever they stand."""
    return {_text(value) for value in _values(answer.tree, contract["answer.hacienda_code"])}


def moment(value: Any) -> datetime | None:
    """Return an ISO moment as an aware time; one without zone is the tax authority's local time."""
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    if not FIRST_YEAR <= parsed.year <= LAST_YEAR:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=FISCAL_ZONE)


def address(value: Any) -> str:
    """Return a web address fit to be shown, or nothing."""
    fits = (
        isinstance(value, str)
        and value.isascii()
        and value.isprintable()
        and len(value) <= LONGEST_URL
        and value.startswith(("https://", "http://"))
    )
    return value if fits else ""


def _control_number(answer: Answer, data: Mapping[str, Any], contract: Contract) -> str:
    said = data.get(contract["answer.data.numeroControl"])
    texts = [said] if isinstance(said, str) else _texts(answer.tree)
    found = {text for text in texts if CONTROL_NUMBER.fullmatch(text)}
    return found.pop() if len(found) == 1 else ""


def _text(value: Any) -> str:
    """Return a word of the provider that every database keeps: no U+0000, no half of a pair."""
    text = "" if value is None or isinstance(value, Mapping | list) else str(value)[:1000]
    return text.replace("\x00", "�").encode("utf-8", "replace").decode()


def _values(tree: Any, key: str) -> Iterator[Any]:
    return (branch[key] for branch in _branches(tree) if isinstance(branch, Mapping) and key in branch)


def _texts(tree: Any) -> Iterator[str]:
    return (value for value in _branches(tree) if isinstance(value, str))


def _branches(tree: Any) -> Iterator[Any]:
    """Yield every value of a tree without recursion: its depth is the sender's choice."""
    waiting = [tree]
    while waiting:
        value = waiting.pop()
        yield value
        if isinstance(value, Mapping):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
