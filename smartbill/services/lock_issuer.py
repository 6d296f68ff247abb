"""Two ways to hold an issuer's row for a transaction: many may share it while documents are made, one may close it.

Who closes it sees all that was made before, and who shares it after sees what was written meanwhile. Foreign keys do
not do this: they are checked at the commit.
"""

from django.db import connection

from smartbill.models import Issuer


def share_issuer(issuer_id: int) -> None:
    """Keep the row from being closed until the end of the transaction; any number may do so at once.

    SQLite lets one transaction write at a time, and needs nothing.
    """
    if connection.features.has_select_for_update:
        with connection.cursor() as cursor:
            table = connection.ops.quote_name(Issuer._meta.db_table)
            # The name is that of our own model.
            cursor.execute(f"SELECT 1 FROM {table} WHERE id = %s FOR SHARE", [issuer_id])  # noqa: S608


def close_issuer(issuer_id: int) -> Issuer:
    """Return the issuer when nobody shares its row any more; nobody else does until the end of the transaction."""
    return Issuer.objects.select_for_update().get(pk=issuer_id)
