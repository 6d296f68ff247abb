"""Who acts, and why: what the database writes beside every change of configuration (`config/trail_triggers.py`).

The trail is written by triggers, so that no way into a table goes around it: not the admin, not a command, not SQL by
hand. Only who and why have to be told, with `acting`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Note:
    """A person by key and name, or a command by its name; and the reason given."""

    actor_key: str = ""
    actor: str = ""
    reason: str = ""


NOBODY = Note()
_note: ContextVar[Note] = ContextVar("trail", default=NOBODY)


@contextmanager
def acting(actor: Any, *, reason: str = "") -> Iterator[None]:
    """Have every change of configuration inside, which is one transaction, say who made it and why.

    `actor` is a person, or the name of a command.
    """
    why = " ".join(reason.replace("\x00", "").split())[:LONGEST_REASON]
    by_command = isinstance(actor, str)
    note = Note("" if by_command else str(actor.pk), actor if by_command else actor.get_username(), why)
    with transaction.atomic():
        before = _note.get()
        token = _note.set(note)
        _tell(note)
        try:
            yield
        finally:
            _note.reset(token)
        _tell(before)


def on_connected(sender: Any, connection: Any, **_kwargs: Any) -> None:
    """Give SQLite the function by which its triggers ask; a receiver of `connection_created`."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("sello_note", 1, lambda name: getattr(_note.get(), name))


def _tell(note: Note) -> None:
    """Tell PostgreSQL, for the length of this transaction and no longer than its savepoint lives."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('sello.actor_key', %s, true), set_config('sello.actor', %s, true), "
            "set_config('sello.reason', %s, true)",
            [note.actor_key, note.actor, note.reason],
        )
