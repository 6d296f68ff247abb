"""Many rows, each with its own values, behind the same condition: one prepared statement instead of a query each."""

from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.db.models import Model


def update_each(model: type[Model], rows: Mapping[int, Mapping[str, Any]], *, still: str, of: tuple[Any, ...]) -> int:
    """Give each row (by its id) its values while the SQL condition `still` holds for it; return how many it did.

    Every row names the same fields. `of` are the parameters of the condition. The caller compares the number with
    what it expected, inside its transaction.
    """
    wanted = next(iter(rows.values()))
    fields = [field for field in model._meta.concrete_fields if field.name in wanted]
    quote = connection.ops.quote_name
    sets = ", ".join(f"{quote(str(field.column))} = %s" for field in fields)
    key = quote("id")
    # Names come from the model and the condition from our source; every value is a parameter.
    sql = f"UPDATE {quote(model._meta.db_table)} SET {sets} WHERE {key} = %s AND {still}"  # noqa: S608
    parameters = [
        [*(field.get_db_prep_save(values[field.name], connection) for field in fields), pk, *of]
        for pk, values in rows.items()
    ]
    with connection.cursor() as cursor:
        cursor.executemany(sql, parameters)
        return int(cursor.rowcount)
