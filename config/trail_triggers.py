"""Triggers that write each change of configuration into `config_change`, whoever makes it and by whatever way.

Values are kept as text, secrets never: of those stands only that they were replaced. The names of the triggers carry a
sum of their text, so that those that stand are left alone.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connections

PREFIX = "sello_trail"
HIDDEN, REPLACED = "•••", "••• (replaced)"
ADDED, CHANGED, REMOVED = "added", "changed", "removed"


@dataclass(frozen=True, slots=True)
class Watched:
    """A table whose rows are about a `subject`, found by `key`; columns `without` are no configuration."""

    model: str
    subject: str = ""
    key: str = "id"
    secret: Sequence[str] = ()
    without: Sequence[str] = ()

    @property
    def kind(self) -> str:
        return (self.subject or self.model).lower()

    @property
    def table(self) -> str:
        return str(apps.get_model(self.model)._meta.db_table)

    @property
    def columns(self) -> list[str]:
        return [
            field.column for field in apps.get_model(self.model)._meta.local_fields if field.column not in self.without
        ]


WATCHED = [
    Watched("smartbill.Issuer"),
    Watched("smartbill.ApiKey", secret=["private_key"], without=["last_used_at"]),
    Watched("smartbill.Holiday"),
    Watched("smartbill.LegalLimit"),
    Watched("billing.StripeEndpoint", secret=["secrets"], without=["caught_up_to"]),
    Watched("billing.Rule"),
    Watched("billing.ExchangeRate"),
    Watched("config.ApiToken", secret=["token_sha256"], without=["last_used_at"]),
    Watched("auth.User", secret=["password"], without=["last_login"]),
    Watched("auth.User_groups", subject="auth.User", key="user_id"),
    Watched("auth.User_user_permissions", subject="auth.User", key="user_id"),
    Watched("notifications.Reader", subject="auth.User", key="user_id"),
    Watched("mfa.Authenticator", subject="auth.User", key="user_id", without=["data", "last_used_at"]),
    Watched("auth.Group"),
    Watched("auth.Group_permissions", subject="auth.Group", key="group_id"),
]


def is_watched(model: Any) -> bool:
    """Whether changes of this model's rows are written down under its own name."""
    return any(watched.kind == model._meta.label_lower for watched in WATCHED)


def install_trail(using: str, **_kwargs: Any) -> None:
    """Create what is missing and drop what is out of date; a receiver of `post_migrate`."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    if "config_change" not in tables:
        return
    make, standing = {"postgresql": (_postgresql, STANDING_POSTGRESQL), "sqlite": (_sqlite, STANDING_SQLITE)}[
        connection.vendor
    ]
    wanted = {
        name: (watched.table, statements)
        for watched in WATCHED
        if watched.table in tables
        for name, statements in make(watched).items()
    }
    with connection.cursor() as cursor:
        cursor.execute(standing)
        found = dict(cursor.fetchall())
        for name in found.keys() - wanted.keys():
            on = f' ON "{found[name]}"' if connection.vendor == "postgresql" else ""
            cursor.execute(f'DROP TRIGGER "{name}"{on}')
        for name in wanted.keys() - found.keys():
            for statement in wanted[name][1]:
                cursor.execute(statement)


STANDING_SQLITE = f"SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '{PREFIX}%'"  # noqa: S608
STANDING_POSTGRESQL = (
    "SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "  # noqa: S608
    f"WHERE NOT tgisinternal AND tgname LIKE '{PREFIX}%'"
)
INSERT = 'INSERT INTO config_change (at, "table", kind, "row", operation, before, after, actor_key, actor, reason)'


def _named(watched: Watched, *texts: str) -> str:
    """Return a name that changes with the text; PostgreSQL cuts names at 63 letters."""
    return f"{PREFIX}_{watched.table[:30]}_{hashlib.sha256(''.join(texts).encode()).hexdigest()[:12]}"


def _values(watched: Watched, row: str, *, cast: str, changes: bool) -> tuple[list[str], list[str]]:
    """Return the names of the columns and, as SQL, their values in this row."""
    values = []
    for column in watched.columns:
        if column not in watched.secret:
            values.append(cast.format(f'{row}."{column}"'))
        elif changes:
            values.append(f"CASE WHEN OLD.\"{column}\" = NEW.\"{column}\" THEN '{HIDDEN}' ELSE '{REPLACED}' END")
        else:
            values.append(f"'{HIDDEN}'")
    return [f"'{column}'" for column in watched.columns], values


def _sqlite(watched: Watched) -> dict[str, list[str]]:
    def row(name: str, *, changes: bool = False) -> str:
        pairs = zip(*_values(watched, name, cast="CAST({} AS TEXT)", changes=changes), strict=True)
        return f"json_object({', '.join(part for pair in pairs for part in pair)})"

    found = {}
    differs = " OR ".join(f'OLD."{column}" IS NOT NEW."{column}"' for column in watched.columns)
    for event, operation, before, after, when in (
        ("INSERT", ADDED, "NULL", row("NEW"), ""),
        ("UPDATE", CHANGED, row("OLD"), row("NEW", changes=True), f"WHEN {differs}"),
        ("DELETE", REMOVED, row("OLD"), "NULL", ""),
    ):
        key = f'{"OLD" if event == "DELETE" else "NEW"}."{watched.key}"'
        body = (
            f'AFTER {event} ON "{watched.table}" FOR EACH ROW {when} BEGIN {INSERT} VALUES '
            f"(strftime('%Y-%m-%d %H:%M:%f', 'now'), '{watched.table}', '{watched.kind}', CAST({key} AS TEXT), "
            f"'{operation}', {before}, {after}, sello_note('actor_key'), sello_note('actor'), sello_note('reason')); "
            "END"
        )
        name = _named(watched, body)
        found[name] = [f'CREATE TRIGGER "{name}" {body}']
    return found


def _postgresql(watched: Watched) -> dict[str, list[str]]:
    def row(name: str, *, changes: bool = False) -> str:
        names, values = _values(watched, name, cast="{}::text", changes=changes)
        return f"jsonb_object(ARRAY[{', '.join(names)}], ARRAY[{', '.join(values)}]::text[])"

    def told(name: str) -> str:
        return f"COALESCE(current_setting('sello.{name}', true), '')"

    def insert(key: str, operation: str, before: str, after: str) -> str:
        return (
            f"{INSERT} VALUES (clock_timestamp(), '{watched.table}', '{watched.kind}', {key}.\"{watched.key}\"::text, "
            f"'{operation}', {before}, {after}, {told('actor_key')}, {told('actor')}, {told('reason')});"
        )

    differs = " OR ".join(f'OLD."{column}" IS DISTINCT FROM NEW."{column}"' for column in watched.columns)
    body = (
        f"BEGIN IF TG_OP = 'INSERT' THEN {insert('NEW', ADDED, 'NULL', row('NEW'))} "
        f"ELSIF TG_OP = 'DELETE' THEN {insert('OLD', REMOVED, row('OLD'), 'NULL')} "
        f"ELSIF {differs} THEN {insert('NEW', CHANGED, row('OLD'), row('NEW', changes=True))} "
        "END IF; RETURN NULL; END"
    )
    name = _named(watched, body)
    function = f'CREATE OR REPLACE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql AS $trail$ {body} $trail$'
    events = f'AFTER INSERT OR UPDATE OR DELETE ON "{watched.table}"'
    return {name: [function, f'CREATE TRIGGER "{name}" {events} FOR EACH ROW EXECUTE FUNCTION "{name}"()']}
