"""The state of one stand-in: objects by kind and id, in memory, in the order in which they were made."""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from billing.sandbox.clock import Clock
from billing.sandbox.errors import Json, StripeFault, missing
from billing.sandbox.shapes import blank, copy_of

PREFIXES = {
    "customer": "cus",
    "tax_id": "txi",
    "product": "prod",
    "price": "price",
    "tax_rate": "txr",
    "discount": "di",
    "invoiceitem": "ii",
    "invoice": "in",
    "line_item": "il",
    "invoice_payment": "inpay",
    "item": "li",
    "payment_intent": "pi",
    "payment_method": "pm",
    "payment_record": "pr",
    "charge": "ch",
    "balance_transaction": "txn",
    "refund": "re",
    "dispute": "du",
    "credit_note": "cn",
    "credit_note_line_item": "cnli",
    "subscription": "sub",
    "subscription_item": "si",
    "event": "evt",
}


class Store:
    """Objects as Stripe shows them; keys that begin with an underscore are ours and never leave the process.

    Hold `lock` around everything that reads or writes: one request is one step.
    """

    def __init__(self, *, clock: Clock, livemode: bool) -> None:
        self.clock = clock
        self.livemode = livemode
        self.lock = threading.RLock()
        self.tables: dict[str, dict[str, Json]] = {}
        self.outbox: list[Json] = []
        self.origin: Json = {"id": None, "idempotency_key": None}
        self.webhooks_pending: set[str] = set()
        self.journal: dict[tuple[str, str], Json | None] | None = None

    def clear(self) -> None:
        """Forget everything."""
        self.tables.clear()
        self.outbox.clear()
        self.webhooks_pending.clear()

    @contextmanager
    def step(self) -> Iterator[None]:
        """All or nothing: a refused request leaves no trace. A declined card (402) is no refusal, it happened."""
        self.journal = {}
        try:
            yield
        except StripeFault as error:
            if error.status != 402:
                self._undo(self.journal)
            raise
        finally:
            self.journal = None

    def _undo(self, journal: dict[tuple[str, str], Json | None]) -> None:
        for (kind, identifier), before in journal.items():
            row = self.tables[kind][identifier]
            if before is None:
                del self.tables[kind][identifier]
            else:
                row.clear()
                row.update(before)
        self.outbox.clear()

    def _touch(self, kind: str, identifier: str, row: Json) -> None:
        if self.journal is not None and (kind, identifier) not in self.journal:
            self.journal[kind, identifier] = copy_of(row)

    def create(self, kind: str, **fields: Any) -> Json:
        """Make an object of this kind, keep it and return it."""
        row = blank(kind)
        row["id"] = fields.pop("id", None) or f"{PREFIXES[kind]}_{secrets.token_hex(12)}"
        for name, value in (("created", self.clock.now()), ("livemode", self.livemode)):
            if name in row:
                row[name] = value
        row.update(fields)
        self.tables.setdefault(kind, {})[row["id"]] = row
        if self.journal is not None:
            self.journal[kind, row["id"]] = None
        return row

    def find(self, kind: str, identifier: str | None) -> Json | None:
        """The object, or None."""
        found = self.tables.get(kind, {}).get(identifier or "")
        if found is None or "_gone" in found:
            return None
        self._touch(kind, found["id"], found)
        return found

    def past(self, kind: str, identifier: str) -> Json:
        """The object even when it was deleted: what was made with it still needs it."""
        found = self.tables[kind][identifier]
        self._touch(kind, identifier, found)
        return found

    def get(self, kind: str, identifier: str) -> Json:
        """The object an address names, or 404."""
        found = self.find(kind, identifier)
        if found is None:
            raise missing(kind, identifier)
        return found

    def named(self, kind: str, identifier: str, param: str) -> Json:
        """The living object a parameter names, or 400."""
        found = self.find(kind, identifier)
        if found is None or found.get("deleted"):
            raise missing(kind, identifier, param=param, status=400)
        return found

    def rows(self, kind: str) -> Iterator[Json]:
        """Every object of this kind, newest first."""
        return (row for row in reversed(self.tables.get(kind, {}).values()) if "_gone" not in row)

    def discard(self, kind: str, identifier: str) -> Json:
        """Delete the object; what is left is the answer to a delete."""
        self.tables[kind][identifier]["_gone"] = True
        return {"id": identifier, "object": kind, "deleted": True}
