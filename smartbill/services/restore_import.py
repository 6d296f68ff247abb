"""What the journals of this host know of calls that a restored database has forgotten."""

from datetime import UTC, datetime
from itertools import chain
from typing import Any

from smartbill.journal import Orphan, kept, orphans, pack
from smartbill.lifecycle import Operation
from smartbill.models import Generation, LostSending
from smartbill.services.guard import unknown_to_database

TRACED = {"issuer": "issuer_slug", "route": "route", "source": "source", "purpose": "purpose"}
TRACED |= {"reference": "reference", "sha256": "request_sha256"}


def import_journals(generation: Generation) -> int:
    """Write down every journalled sending that the database does not know; return how many were new.

    May be repeated, and carried on after a kill: a sending is known by its journal and its number.
    """
    return sum(_import(journal, generation) for journal in chain(kept(), orphans()))


def forgotten_sendings() -> int:
    """Return how many journalled sendings the database does not know."""
    return sum(len(unknown_to_database(journal.name, journal.sending)) for journal in chain(kept(), orphans()))


def _import(journal: Orphan, generation: Generation) -> int:
    forgotten = sorted(unknown_to_database(journal.name, journal.sending))
    rows = [_row(journal, attempt_id, generation) for attempt_id in forgotten]
    LostSending.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _row(journal: Orphan, attempt_id: int, generation: Generation) -> LostSending:
    line: dict[str, Any] = journal.lines.get(attempt_id, {})
    exchange = journal.answers.get(attempt_id)
    return LostSending(
        generation=generation,
        worker=journal.name,
        attempt_key=attempt_id,
        operation=line.get("operation", Operation.SUBMIT),
        sent_at=datetime.fromtimestamp(line["at"], UTC) if "at" in line else None,
        exchange=pack(exchange) if exchange else None,
        **{column: line.get(name, "") for name, column in TRACED.items()},
    )
