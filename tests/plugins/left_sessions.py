"""Ends what is still connected to a test database before it is dropped, and says in one line what it was.

A server's thread whose browser has just gone, or the session of a process killed on purpose, can outlive the last test
by a moment; PostgreSQL does not drop a database under it, and a green run would end red.
"""

import gc
import sys
import time
from collections.abc import Iterator

import pytest
from django.db import connection

GRACE = 3.0  # seconds
OTHERS = (
    "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_type = 'client backend'"
)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            _end_other_sessions()


def _end_other_sessions() -> None:
    gc.collect()  # a thread that has ended leaves its connection in a cycle
    deadline = time.monotonic() + GRACE
    with connection.cursor() as cursor:
        while True:
            cursor.execute(f"SELECT pid, state, left(query, 200) {OTHERS}")
            left = cursor.fetchall()
            if not left or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        for session in left:
            sys.stderr.write(f"left connected to the test database: {session}\n")
        cursor.execute(f"SELECT pg_terminate_backend(pid) {OTHERS}")
    connection.close()
