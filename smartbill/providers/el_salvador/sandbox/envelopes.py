"""The answers of the platform: one envelope for success and one for failure, in the names of the contract."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from smartbill.providers.el_salvador import contract
from smartbill.providers.el_salvador.sandbox import jsonio
from smartbill.providers.el_salvador.sandbox.fields import Complaint


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer. `code` is the generation code of the document that the call issued, for the call log."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    code: str = ""


class ApiError(Exception):
    """A refusal by the platform: `row` names the contract's row with status and code ("error.data")."""

    def __init__(self, row: str, message: str, details: Sequence[Complaint] = ()) -> None:
        self.row, self.message, self.details = row, message, list(details)
        super().__init__(message)


def success(*, code: str = "", **values: Any) -> Answer:
    """Answer 200 with these values under their contract names."""
    names = contract.current()
    data = {names[f"answer.data.{name}"]: value for name, value in values.items()}
    return json_answer(200, {names["answer.success"]: True, names["answer.data"]: data}, code=code)


def failure(error: ApiError, *, retry_after: int | None = None) -> Answer:
    """Answer with the status and code of the contract's row, and the details."""
    names = contract.current()
    status, code = names[error.row]
    details = [
        {
            names["answer.detail.field"]: one.field,
            names["answer.detail.code"]: one.code,
            names["answer.detail.message"]: one.message,
        }
        for one in error.details
    ]
    body = {
        names["answer.error.code"]: code,
        names["answer.error.message"]: error.message,
        names["answer.error.details"]: details,
    }
    headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
    return json_answer(status, {names["answer.success"]: False, names["answer.error"]: body}, headers=headers)


def json_answer(status: int, body: Any, *, headers: Mapping[str, str] | None = None, code: str = "") -> Answer:
    """Answer with any JSON body."""
    return Answer(status=status, body=jsonio.dumps(body).encode(), headers=headers or {}, code=code)


def html_answer(status: int, text: str, *, content: str = "") -> Answer:
    """Answer with a page, as a proxy in front of the platform would."""
    title = escape(text)
    page = f"<!doctype html><html><head><title>{title}</title></head><body><h1>{title}</h1>{content}</body></html>"
    return Answer(status=status, body=page.encode(), content_type="text/html; charset=utf-8")
