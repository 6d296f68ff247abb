"""The indexes of PostgreSQL by which a part of a name or an address is found among a million.

Django's `icontains` is `UPPER(column) LIKE …` there, so the index is over the upper-case text (GIN, pg_trgm). They are
made after every `migrate`: a migration runs on SQLite as well, which reads the table instead.
"""

import logging
from typing import Any

from django.db import DatabaseError, connections, transaction

logger = logging.getLogger(__name__)

COLUMNS = (
    ("smartbill_document", "customer_name"),
    ("smartbill_document", "customer_email"),
    ("billing_sale", "customer_name"),
    ("billing_taxprofile", "name"),
    ("notifications_message", "recipient"),
)
"""The columns that lists search for a part of a text."""


def install_fragments(using: str, **_kwargs: Any) -> None:
    """Create what is missing on this database; a receiver of `post_migrate`."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    tables = set(connection.introspection.table_names())
    try:
        with transaction.atomic(using=using), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            for table, column in COLUMNS:
                if table in tables:
                    name = f"{table}_{column}_fragments"
                    cursor.execute(
                        f"CREATE INDEX IF NOT EXISTS {name} ON {table} USING gin (UPPER({column}::text) gin_trgm_ops)"
                    )
    except DatabaseError:
        # A role may lack the right to the extension; everything works without, and searches read the table.
        logger.warning("pg_trgm could not be set up: searches for part of a name will be slow.", exc_info=True)
