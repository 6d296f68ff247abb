"""What the database itself refuses: changing what is frozen, deleting what is fiscal.

Installed after every `migrate`, because SQLite drops triggers whenever Django rebuilds a table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections

from smartbill.lifecycle import ISSUED

PREFIX = "sello_"


@dataclass(frozen=True, slots=True)
class Guard:
    """`frozen` columns may not change while `when` holds for the old row; empty means: no column, ever.

    A second guard of a table has a `name` of its own.
    """

    table: str
    frozen: Sequence[str] = ()
    when: str = ""
    name: str = ""

    @property
    def trigger(self) -> str:
        return PREFIX + (self.name or self.table)


_issued = "OLD.status IN ({})".format(", ".join(f"'{status}'" for status in sorted(ISSUED)))

GUARDS = [
    Guard(
        "billing_approval",
        frozen=["sale_id", "decision_id", "rules", "subject", "amount", "currency", "is_block", "people",
                "requested_by_id", "created_at"],
    ),
    Guard(
        "billing_approval",
        frozen=["state", "first_by_id", "ended_by_id", "ended_at"],
        when="OLD.state <> 'open'",
        name="billing_approval_ended",
    ),
    Guard("billing_approvalevent"),
    Guard(
        "billing_rule",
        frozen=["issuer_id", "name", "position", "valid_from", "valid_until", "conditions", "if_unknown", "action",
                "people", "terms", "chosen_kind", "version", "simulated_version"],
        when="OLD.state = 'on' AND NEW.state = 'on'",
    ),
    Guard("billing_rulechange"),
    Guard("billing_ruledecision"),
    Guard("billing_rulesimulation", frozen=["rule_id", "version", "text", "since", "until", "actor_id", "created_at"]),
    Guard("billing_simulatedsale"),
    Guard(
        "billing_exchangerate",
        frozen=["currency", "into_currency", "day", "rate", "source", "recorded_by_id", "recorded_at"],
    ),
    Guard("billing_correctionevent"),
    Guard(
        "billing_correction",
        frozen=["sale_id", "document_id", "wrong", "statement", "asked_by", "opened_by_id", "opened_at"],
    ),
    Guard(
        "billing_correction",
        frozen=["mending", "plan", "proposed_by_id", "confirmed_by_id"],
        when="OLD.begun_at IS NOT NULL",
        name="billing_correction_begun",
    ),
    Guard(
        "billing_manualentry",
        frozen=[
            "sale_id", "token", "fingerprint", "copy", "content", "buyer", "currency", "amount_minor", "paid_at", "why",
            "note", "expects_payment", "needs_second", "entered_by_id", "entered_at",
        ],
    ),
    Guard("config_change"),
    Guard("notifications_alert", frozen=["kind", "key", "context", "raised_at"]),
    Guard("smartbill_channelevent"),
    Guard("smartbill_documentevent"),
    Guard("smartbill_evidence"),
    Guard("smartbill_legallimit"),
    Guard("smartbill_revision"),
    Guard("smartbill_readingrecord"),
    Guard("smartbill_outage", frozen=["issuer_id", "is_rehearsal", "opened_at"]),
    Guard("smartbill_outagedocument", frozen=["outage_id", "document_id", "entered_at", "attempt_id", "reading_id"]),
    Guard("smartbill_outagefiling"),
    Guard(
        "smartbill_attempt",
        frozen=["document_id", "operation", "number", "revision", "api_key_id", "request", "request_sha256"],
    ),
    Guard(
        "smartbill_proposal",
        frozen=["document_id", "attempt_id", "answer", "code", "reason", "proposed_by_id", "proposed_at"],
    ),
    Guard(
        "smartbill_document",
        frozen=[
            "issuer_id", "source", "purpose", "revision", "kind", "livemode", "currency", "total", "charged_currency",
            "charged_total", "exchange_rate", "customer_name",
            "customer_tax_id", "generation_code", "issued_at", "corrects_id", "replaces_id",
        ],
        when=_issued,
    ),
]  # fmt: skip


def install_triggers(using: str, **_kwargs: Any) -> None:
    """Create every guard anew on this database; a receiver of `post_migrate`."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    make = {"postgresql": _postgresql, "sqlite": _sqlite}[connection.vendor]
    with connection.cursor() as cursor:
        for guard in GUARDS:
            if guard.table in tables:
                for statement in make(guard):
                    cursor.execute(statement)


def _condition(guard: Guard, differs: str) -> str:
    changed = " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in guard.frozen)
    return " AND ".join(f"({part})" for part in (guard.when, changed) if part)


def _postgresql(guard: Guard) -> list[str]:
    name, text = guard.trigger, f"{guard.table}: this row is frozen"
    condition = _condition(guard, "IS DISTINCT FROM")
    when = f"WHEN ({condition})" if condition else ""
    return [
        (
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{text}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        ),
        f"DROP TRIGGER IF EXISTS {name}_update ON {guard.table}",
        f"CREATE TRIGGER {name}_update BEFORE UPDATE ON {guard.table} FOR EACH ROW {when} EXECUTE FUNCTION {name}()",
        f"DROP TRIGGER IF EXISTS {name}_delete ON {guard.table}",
        f"CREATE TRIGGER {name}_delete BEFORE DELETE ON {guard.table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def _sqlite(guard: Guard) -> list[str]:
    # No guard against deletion: Django empties SQLite tables by DELETE between tests. PostgreSQL is production.
    name, text = guard.trigger, f"{guard.table}: this row is frozen"
    condition = _condition(guard, "IS NOT")
    when = f"WHEN {condition}" if condition else ""
    return [
        f"DROP TRIGGER IF EXISTS {name}_update",
        (
            f"CREATE TRIGGER {name}_update BEFORE UPDATE ON {guard.table} FOR EACH ROW {when} "
            f"BEGIN SELECT RAISE(ABORT, '{text}'); END"
        ),
    ]
