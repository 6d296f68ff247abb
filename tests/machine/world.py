"""What surrounds the engine in the machine: time, the people at the desk, the healing of all that was broken."""

import sqlite3
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils.timezone import now

from smartbill import journal
from smartbill.errors import SmartbillError
from smartbill.lifecycle import Status
from smartbill.models import ApiKey, Attempt, Channel, Document, Issuer
from smartbill.providers.el_salvador.sandbox import SandboxControl
from smartbill.providers.el_salvador.sandbox.control import IssuedDocument
from smartbill.services import guard
from smartbill.services.correct import correct_document
from smartbill.services.read import read_due_documents
from smartbill.services.resolve import adopt_found, send_again
from smartbill.services.settle_twin import settle_twin
from smartbill.services.sweep import sweep_attempts
from tests.machine.process import Worker

LONG = timedelta(days=2)
ROUNDS = 25


def let_time_pass(issuer: Issuer) -> None:
    """Let every deadline, quiet period, pause and next step lie in the past."""
    Attempt.objects.filter(document__issuer=issuer).update(deadline_at=now() - LONG)
    Document.objects.filter(issuer=issuer, next_at__isnull=False).update(next_at=now() - timedelta(seconds=1))
    Channel.objects.filter(issuer=issuer).update(paused_until=None, unknowns=[])
    Channel.objects.filter(issuer=issuer).exclude(probe_at=None).update(probe_at=now() - timedelta(seconds=1))


def read(worker: Worker) -> None:
    with worker.at_work():
        read_due_documents()


def sweep(worker: Worker) -> None:
    with worker.at_work():
        sweep_attempts()


def found_for(oracle: SandboxControl, document: Document) -> list[IssuedDocument]:
    """Return what the oracle holds in force for the sale of this document; each sale has an amount of its own."""
    return [row for row in oracle.documents() if row.total == document.total and not row.invalidated_at]


def answer_doubt(oracle: SandboxControl, document: Document, person: Any) -> None:
    """Let a person look at the provider and answer truthfully; a refusal of the house changes nothing."""
    if document.status != Status.UNKNOWN:
        return
    found = found_for(oracle, document)
    with suppress(SmartbillError):
        if found:
            adopt_found(document, code=found[0].code, actor=person)
        else:
            send_again(document, actor=person, reason="Not in the platform.")


def heal(oracle: SandboxControl, issuer: Issuer) -> None:
    """Let everything outside work again."""
    oracle.clear_faults()
    oracle.hacienda(True)
    ApiKey.objects.filter(issuer=issuer).update(stopped_at=None)


def drain_to_the_end(oracle: SandboxControl, issuer: Issuer, person: Any, worker: Worker) -> list[Document]:
    """Let the healed world, one worker and the people at the desk work until every document is final; return those that
    are not."""
    heal(oracle, issuer)
    for _round in range(ROUNDS):
        let_time_pass(issuer)
        sweep(worker)
        worker.drain()
        oracle.regularise()
        read(worker)
        left = [document for document in Document.objects.filter(issuer=issuer) if not document.is_final]
        if not left and not Document.objects.filter(issuer=issuer).exclude(twin_code="").exists():
            return []
        for document in Document.objects.filter(issuer=issuer):
            decide(oracle, document, person)
    return [document for document in Document.objects.filter(issuer=issuer) if not document.is_final]


def decide(oracle: SandboxControl, document: Document, person: Any) -> None:
    """Let a person end what stands on the desk; a refusal of the house changes nothing."""
    if document.status == Status.UNKNOWN:
        answer_doubt(oracle, document, person)
    elif document.status in (Status.REJECTED, Status.HELD):
        draft = document.revisions.get(number=document.revision).draft
        with suppress(SmartbillError):
            correct_document(document, draft=draft, actor=person, reason="Looked at and right.")
    if document.twin_code:
        with suppress(SmartbillError):
            settle_twin(document, actor=person, reason="Invalidated at the provider.")


# Backups: of the whole SQLite database in memory ----------------------------------------------------------------------


def can_restore() -> bool:
    return connection.vendor == "sqlite"


def back_up() -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:")
    connection.ensure_connection()
    connection.connection.backup(copy)
    return copy


def restore(copy: sqlite3.Connection) -> None:
    connection.ensure_connection()
    copy.backup(connection.connection)


def newest_sending_is_known() -> bool:
    """Whether the database knows all that the journals say was sent."""
    return not any(guard.unknown_to_database(each.name, each.sending) for each in [*journal.kept(), *journal.orphans()])
