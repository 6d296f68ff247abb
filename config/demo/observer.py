"""What can be seen from outside: the API, the mails that left, the customer's pages. The story believes only these."""

import email
import email.policy
import re
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

import requests

Json = dict[str, Any]
T = TypeVar("T")
PATIENCE = 40
TIMEOUT = 30
PAUSE = 0.15
"""Seconds between two looks: a token may ask some ten times a second."""


class NotSeen(Exception):
    """What was awaited did not happen in time; the text says what."""


def until(what: str, look: Callable[[], T | None], patience: float = PATIENCE) -> T:
    """Look again and again until something is there, or raise NotSeen."""
    give_up_at = time.monotonic() + patience
    while time.monotonic() < give_up_at:
        seen = look()
        if seen is not None:
            return seen
        time.sleep(PAUSE)
    raise NotSeen(f"{what} was not seen within {patience:.0f} s")


class Observer:
    """Reads the API with a token of its own, the mail directory, and pages without any login."""

    def __init__(self, web: str, token: str, mail_folder: Path) -> None:
        self.web, self.mail_folder = web, mail_folder
        self.api = requests.Session()
        self.api.headers["Authorization"] = f"Bearer {token}"

    def rows(self, kind: str, **query: str) -> list[Json]:
        """Return all rows of `sales`, `documents`, `reversals` or `messages` that answer the query."""
        found: list[Json] = []
        url: str | None = f"{self.web}/api/v1/{kind}/"
        while url:
            answer = self.api.get(url, params=query, timeout=TIMEOUT)
            if answer.status_code == requests.codes.too_many_requests:
                time.sleep(int(answer.headers["Retry-After"]))
                continue
            answer.raise_for_status()
            page = answer.json()
            found += page["results"]
            url, query = page["next"], {}
        return found

    def document(self, source: str, *statuses: str) -> Json:
        """Wait for the document of this sale to be in one of these states."""

        def look() -> Json | None:
            rows = [row for row in self.rows("documents", source=source) if row["purpose"] == "sale"]
            return rows[0] if rows and rows[0]["status"] in statuses else None

        return until(f"{source} in {' or '.join(statuses)}", look)

    def sent(self, document: Json) -> Json:
        """Wait for the customer's mail of this document to have been sent."""

        def look() -> Json | None:
            rows = self.messages(document)
            return rows[0] if rows and rows[0]["status"] == "sent" else None

        return until(f"the mail of {document['reference']}", look)

    def messages(self, document: Json) -> list[Json]:
        return self.rows("messages", reference=f"document:{document['id']}")

    def mails_to(self, recipient: str) -> list[EmailMessage]:
        """Return the mails that left for this address, the oldest first; the names of their files tell no order."""
        paths = sorted(self.mail_folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        mails = map(_parsed, paths)
        return [mail for mail in mails if recipient in str(mail["To"])]

    def link_in(self, mail: EmailMessage, door: str = "d") -> str:
        """Return the customer's link as the mail's text gives it: to a document (d) or to the form for tax data (t)."""
        body = mail.get_body(("plain",))
        found = re.search(rf"{re.escape(self.web)}/{door}/[\w-]+/", body.get_content() if body else "")
        if found is None:
            raise NotSeen("a link in the mail")
        return found[0]

    def page(self, link: str) -> str:
        """Return the customer's page as anybody with the link sees it."""
        answer = requests.get(link, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.text

    def page_status(self, link: str) -> str:
        answer = requests.get(f"{link}status", timeout=TIMEOUT)
        answer.raise_for_status()
        return str(answer.json()["status"])

    def file(self, link: str, name: str) -> bytes:
        """Wait until this file of the page can be had."""

        def look() -> bytes | None:
            answer = requests.get(f"{link}{name}", timeout=TIMEOUT)
            return answer.content if answer.status_code == 200 else None

        return until(f"{name} of {link}", look)


def _parsed(path: Path) -> EmailMessage:
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
