"""The memory of the stand-in. Every method is atomic; what changes it is in the truth log before the method returns."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import RLock

from smartbill.providers.el_salvador.sandbox.pace import Stopped
from smartbill.providers.el_salvador.sandbox.records import Call, Invalidation, Issued, Mail
from smartbill.providers.el_salvador.sandbox.truth import TruthLog


class Store:
    """Documents, calls and mails, with the counters of the control numbers."""

    def __init__(self, truth_log: Path | None = None) -> None:
        self._lock = RLock()
        self._log = TruthLog(truth_log)
        self._forget()
        self._replay()
        self._log.open()
        self._closed = False

    def _forget(self) -> None:
        self._documents: dict[str, Issued] = {}
        self._calls: dict[int, Call] = {}
        self._mails: list[Mail] = []
        self._numbers: Counter[tuple[str, str, int]] = Counter()

    def _replay(self) -> None:
        for fact in self._log.facts():
            kind = fact.pop("fact")
            if kind == "issued":
                self._remember(Issued.from_json(fact))
            elif kind == "sealed":
                self._seal(self._documents[fact["code"]], fact["seal"], datetime.fromisoformat(fact["at"]))
            elif kind == "invalidated":
                at = datetime.fromisoformat(fact["at"])
                document = self._documents[fact["target"]]
                document.invalidation = Invalidation(code=fact["code"], seal=fact["seal"], at=at, event=fact["event"])
            elif kind == "mailed":
                self._mails.append(Mail.from_json(fact))
            elif kind == "call":
                self._calls[fact["number"]] = Call.from_json(fact)
            elif kind == "reset":
                self._forget()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold everything still while a decision and its change are made together."""
        with self._lock:
            yield

    def next_number(self, account: str, document_type: str, year: int) -> int:
        """Return the next number of this type in this year; it is taken only when a document is added."""
        with self._lock:
            return self._numbers[account, document_type, year] + 1

    def add(self, document: Issued) -> None:
        """Remember a document that was issued; raises Stopped when it is too late to remember it for good."""
        with self._lock:
            if self._closed:
                raise Stopped
            self._log.append("issued", **document.as_json())
            self._remember(document)

    def _remember(self, document: Issued) -> None:
        self._documents[document.code] = document
        identification = document.original["identificacion"]
        key = (document.account, identification["tipoDte"], int(identification["fecEmi"][:4]))
        self._numbers[key] = max(self._numbers[key], int(document.control_number[-15:]))

    def seal(self, document: Issued, seal: str, at: datetime) -> None:
        """Give a document of a contingency its seal."""
        with self._lock:
            self._log.append("sealed", code=document.code, seal=seal, at=at.isoformat())
            self._seal(document, seal, at)

    @staticmethod
    def _seal(document: Issued, seal: str, at: datetime) -> None:
        document.seal, document.sealed_at = seal, at

    def invalidate(self, document: Issued, invalidation: Invalidation) -> None:
        """Remember the event that invalidated a document."""
        with self._lock:
            self._log.append(
                "invalidated",
                target=document.code,
                code=invalidation.code,
                seal=invalidation.seal,
                at=invalidation.at.isoformat(),
                event=invalidation.event,
            )
            document.invalidation = invalidation

    def mail(self, mail: Mail) -> None:
        """Remember a mail."""
        with self._lock:
            self._log.append("mailed", **mail.as_json())
            self._mails.append(mail)

    def open_call(self, call: Call) -> Call:
        """Remember that a request arrived, under the next number."""
        with self._lock:
            call.number = len(self._calls) + 1
            self._calls[call.number] = call
            self._log.append("call", **call.as_json())
            return call

    def close_call(self, call: Call) -> None:
        """Remember what became of a request."""
        with self._lock:
            self._log.append("call", **call.as_json())

    def find(self, account: str, code: str) -> Issued | None:
        """Return this account's document of this code."""
        with self._lock:
            found = self._documents.get(code.upper())
            return found if found and found.account == account else None

    def notes_against(self, code: str) -> list[Issued]:
        """Return the credit notes against a document that are not invalidated."""
        with self._lock:
            return [note for note in self._documents.values() if note.related == code and not note.invalidation]

    def documents(self, text: str = "") -> list[Issued]:
        """Return the documents that a search finds, oldest first; all when nothing is searched."""
        with self._lock:
            return [document for document in self._documents.values() if not text or document.says(text)]

    def calls(self) -> list[Call]:
        """Return every call, oldest first."""
        with self._lock:
            return list(self._calls.values())

    def mails(self) -> list[Mail]:
        """Return every mail, oldest first."""
        with self._lock:
            return list(self._mails)

    def reset(self) -> None:
        """Forget everything; the log keeps its lines and says so."""
        with self._lock:
            self._log.append("reset")
            self._forget()

    def close(self) -> None:
        """Close the log."""
        with self._lock:
            self._closed = True
            self._log.close()
