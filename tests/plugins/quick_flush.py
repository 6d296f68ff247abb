"""Empties PostgreSQL after a test by deleting the rows that there are: to TRUNCATE a hundred tables takes seconds."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.db.backends.postgresql.operations import DatabaseOperations

truncate = DatabaseOperations.sql_flush


def delete(self: Any, style: Any, tables: Sequence[str], **options: Any) -> list[str]:
    """Return the statements of a flush, for the tables that hold anything; past the guards against deletion."""
    if options.get("reset_sequences") or not tables:
        return truncate(self, style, tables, **options)
    names = {name: self.quote_name(name) for name in tables}
    # The names are those of our own tables.
    probe = " UNION ALL ".join(f"(SELECT '{name}' FROM {quoted} LIMIT 1)" for name, quoted in names.items())  # noqa: S608
    with self.connection.cursor() as cursor:
        cursor.execute(probe)
        full = [names[name] for (name,) in cursor.fetchall()]
    return ["SET LOCAL session_replication_role = replica", *(f"DELETE FROM {quoted}" for quoted in full)]  # noqa: S608


@pytest.fixture(autouse=True, scope="session")
def _quick_flush():
    patched = pytest.MonkeyPatch()
    patched.setattr(DatabaseOperations, "sql_flush", delete)
    yield
    patched.undo()
