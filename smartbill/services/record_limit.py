"""New rows about the amounts of the law: those of the release, and those that a person enters for a known day."""

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connections

from smartbill.models.legal_limit import LegalLimit
from smartbill.permissions import require_person, require_reason

DATA = Path(__file__).parents[1] / "data" / "legal_limits.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLimit:
    """What is entered; without an amount the limit ends on that day."""

    country: str
    kind: str
    demand: str
    effect: str
    amount: Decimal | None
    currency: str
    valid_from: date
    source: str
    certainty: str


def record_limit(new: NewLimit, *, actor: Any, reason: str) -> LegalLimit:
    """Add a row. Nothing that stands is changed: from its first day on, the new row is the one in force.

    Raises PermissionDenied or ReasonMissing.
    """
    require_person(actor, "smartbill.add_legallimit")
    return LegalLimit.objects.create(
        country=new.country,
        kind=new.kind,
        demand=new.demand,
        effect=new.effect,
        amount=new.amount,
        currency=new.currency,
        valid_from=new.valid_from,
        source=new.source,
        certainty=new.certainty,
        reason=require_reason(reason),
        recorded_by=actor,
    )


def install_limits(using: str, **_kwargs: Any) -> None:
    """Add the rows of this release that the database does not know yet; a receiver of `post_migrate`."""
    if apps.get_model("smartbill", "LegalLimit")._meta.db_table not in connections[using].introspection.table_names():
        return
    rows = json.loads(DATA.read_text("utf-8"))["rows"]
    LegalLimit.objects.using(using).bulk_create(
        [
            LegalLimit(
                amount=None if row["amount"] is None else Decimal(row["amount"]),
                valid_from=date.fromisoformat(row["from"]),
                **{name: value for name, value in row.items() if name not in ("amount", "from")},
            )
            for row in rows
        ],
        ignore_conflicts=True,
    )
