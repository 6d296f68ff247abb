"""Stripe's answers from a book of objects, for cases that no stand-in should be able to reach: links that appear late,
objects that are gone, shapes of older versions. Whole stories run against the stand-in over HTTP instead.
"""

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
import responses

BASE = "https://api.stripe.com/v1/"
NOT_FOUND = {"error": {"type": "invalid_request_error", "code": "resource_missing", "message": "No such object"}}


class StripeBook:
    """Put objects in, as `book.put("invoices", {...})`; lists are answered from the same objects."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.objects: dict[tuple[str, str], dict[str, Any]] = {}
        self.invoice_payments: list[dict[str, Any]] = []
        self.lines: dict[str, list[dict[str, Any]]] = {}
        self.calls: list[str] = []
        self.failures: list[int] = []
        mock.add_callback(responses.GET, re.compile(re.escape(BASE)), callback=self.answer)

    def put(self, collection: str, found: dict[str, Any]) -> None:
        self.objects[collection, found["id"]] = found

    def answer(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        url = urlsplit(str(request.url))
        path, query = url.path.removeprefix("/v1/"), parse_qs(url.query)
        self.calls.append(path)
        if self.failures:
            return self.failures.pop(0), {}, '{"error": {"type": "api_error", "message": "down"}}'
        status, body = self._found(path, query)
        return status, {}, json.dumps(body)

    def _found(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        if path == "invoice_payments":
            intent = query.get("payment[payment_intent]", [""])[0]
            return 200, _list([row for row in self.invoice_payments if _matches(row, intent, query)])
        if path == "checkout/sessions":
            wanted = {name: values[0] for name, values in query.items() if name in ("payment_intent", "subscription")}
            rows = [row for (kind, _id), row in self.objects.items() if kind == path]
            return 200, _list([row for row in rows if all(row.get(name) == value for name, value in wanted.items())])
        if nested := re.fullmatch(r"(?:invoices|checkout/sessions)/(\w+)/(?:lines|line_items)", path):
            return 200, self._page(self.lines[nested.group(1)], query)
        collection, _slash, stripe_id = path.rpartition("/")
        found = self.objects.get((collection, stripe_id))
        return (200, found) if found else (404, NOT_FOUND)

    def _page(self, rows: list[dict[str, Any]], query: dict[str, list[str]]) -> dict[str, Any]:
        """Pages of 10, to see that all of them are read."""
        after = query.get("starting_after", [""])[0]
        start = next((i + 1 for i, row in enumerate(rows) if row["id"] == after), 0)
        return _list(rows[start : start + 10], more=len(rows) > start + 10)


def _matches(row: dict[str, Any], intent: str, query: dict[str, list[str]]) -> bool:
    if intent:
        return row["payment"].get("payment_intent") == intent
    return row["invoice"] == query["invoice"][0]


def _list(rows: list[dict[str, Any]], *, more: bool = False) -> dict[str, Any]:
    return {"object": "list", "data": rows, "has_more": more}
