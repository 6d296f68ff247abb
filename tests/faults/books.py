"""The database as an auditor reads it: plain SQL beside the product's own code, patient while the server is down."""

import time
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.faults.processes import ending

Row = dict[str, Any]
PATIENCE = 60.0


class Books:
    """One database. A lost connection is opened anew; after a minute without server the error is raised."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._connection: psycopg.Connection[Row] | None = None

    def rows(self, query: str, *values: Any) -> list[Row]:
        give_up_at = time.monotonic() + PATIENCE
        while True:
            try:
                return self._ask(query, values)
            except psycopg.OperationalError:
                self.close()
                if time.monotonic() > give_up_at or ending.is_set():
                    raise
                time.sleep(0.2)

    def number(self, query: str, *values: Any) -> int:
        """Return the one number that a query asks for."""
        (row,) = self.rows(query, *values)
        return int(next(iter(row.values())))

    def change(self, statement: str, *values: Any) -> int:
        """Execute a statement and return how many rows it changed: to prepare a run, never to judge it."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(statement, values).rowcount  # type: ignore[arg-type]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, query: str, values: Any) -> list[Row]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self.url, autocommit=True, row_factory=dict_row, connect_timeout=5)
        return self._connection.execute(query, values).fetchall()  # type: ignore[arg-type]
