"""A person at the desk: answers every document in doubt with what the provider's own list shows, over the admin."""

import threading
from collections import Counter
from typing import Any

import requests

from config.demo.staff import TIMEOUT, Form, Staff, StaffRefused
from smartbill.providers.el_salvador.sandbox import SandboxControl
from tests.faults.books import Books
from tests.faults.house import House
from tests.faults.lab import PASSWORD
from tests.faults.processes import Failed

LOOK_EVERY = 1.0
SIGN_IN_AGAIN_AFTER = 3.0
"""Seconds: whoever tries more often is slowed down as any other."""
IN_DOUBT = """
    SELECT document.id, document.reference, max(attempt.deadline_at) + interval '6 seconds' < now() AS quiet
    FROM smartbill_document document JOIN smartbill_attempt attempt ON attempt.document_id = document.id
    WHERE document.status = 'unknown' AND attempt.outcome = 'unknown' AND attempt.resolved_at IS NULL
      AND document.status_since < now() - interval '1 second'
    GROUP BY document.id ORDER BY document.id LIMIT 200
"""
WAITING_LONG = """
    SELECT id FROM smartbill_document
    WHERE status = 'ready' AND (next_at IS NULL OR next_at > now() + interval '4 seconds') ORDER BY id LIMIT 100
"""


KEYS: dict[str, str] = {}
"""What the clerk's app holds for each house: whoever signs in again shows a code of it."""


class Clerk(Staff):
    """Presses a button for many documents at once, and leaves the outcome to be seen in the books."""

    def __init__(self, web: str) -> None:
        super().__init__(web, "finance", PASSWORD, key=KEYS.get(web, ""))
        KEYS[web] = self.key
        self.documents = f"{web}/admin/smartbill/document/"

    def press(self, action: str, document_ids: list[int], **answers: str) -> None:
        token = self.browser.cookies["csrftoken"]
        chosen = [("action", action), *(("_selected_action", str(each)) for each in document_ids)]
        question = Form(self._send([*chosen, ("csrfmiddlewaretoken", token)]), "confirm").fields
        if not question:
            raise StaffRefused(f"{action}: no confirmation page")
        self._send(self.answered(question, **answers))

    def _send(self, fields: list[tuple[str, str]]) -> str:
        headers = {"Referer": self.documents}
        page = self.browser.post(self.documents, fields, headers=headers, timeout=TIMEOUT)
        page.raise_for_status()
        return page.text


class Desk:
    """Works until it is left. Whatever the web cannot take at the moment is done at the next look."""

    def __init__(self, house: House, authority: SandboxControl) -> None:
        self.house, self.authority = house, authority
        self.books = Books(house.database)
        self.answers: Counter[str] = Counter()
        self.error: Exception | None = None
        self._clerk: Clerk | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="desk")

    def __enter__(self) -> "Desk":
        # Before anything is killed: an app that is set up half is known to nobody.
        self._clerk = Clerk(self.house.web)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()
        self.books.close()
        if self.error:
            raise Failed(f"the desk was left: {self.error!r}") from self.error

    def _work(self) -> None:
        while not self._stop.wait(LOOK_EVERY):
            try:
                self._look()
            except (requests.RequestException, OSError):
                # The web was killed under our hands: the session outlives that.
                continue
            except (StaffRefused, KeyError):
                # Somebody else was faster, or the session is over: the next look shows what is left.
                self._clerk = None
                self._stop.wait(SIGN_IN_AGAIN_AFTER)
            except Exception as error:
                self.error = error
                return

    def _look(self) -> None:
        absent = []
        for row in self.books.rows(IN_DOUBT):
            if self._stop.is_set():
                return
            found = self.authority.documents(row["reference"])
            if found:
                self._press("found", [row["id"]], code=found[0].code)
            elif row["quiet"]:
                absent.append(row["id"])
        if absent:
            self._press("not_issued", absent[:100], reason="The provider's list shows no document with this reference.")
        waiting = [row["id"] for row in self.books.rows(WAITING_LONG)]
        if waiting:
            self._press("send", waiting)

    def _press(self, action: str, ids: list[int], **answers: Any) -> None:
        if self._clerk is None:
            self._clerk = Clerk(self.house.web)
        self._clerk.press(action, ids, **answers)
        self.answers[action] += len(ids)
