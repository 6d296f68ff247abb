"""Exchange rates from a CSV: read whole, judged line by line, and stored only when no line is wrong."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from billing.errors import RateRefused
from billing.models import ExchangeRate
from billing.services.record_rate import NewRate, check_rate, record_rate
from smartbill.permissions import require_person

COLUMNS = ("currency", "into", "day", "rate", "source")
MOST_LINES = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One line of the file, counted from 1 with the head: `new`, `same`, `replaces` or `wrong`, and why."""

    number: int
    verdict: str
    new: NewRate | None = None
    why: str = ""


def judge_rates(text: str) -> list[Judged]:
    """Say of every line what storing it would do; nothing is stored. Raises RateRefused where it is no such file."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    if not reader.fieldnames or not set(COLUMNS) <= set(reader.fieldnames):
        raise RateRefused(_("The first line must name the columns: %(columns)s.") % {"columns": ", ".join(COLUMNS)})
    read = [_read(number, row) for number, row in enumerate(reader, 2)]
    if not 0 < len(read) <= MOST_LINES:
        raise RateRefused(_("A file has between 1 and %(most)s rates.") % {"most": MOST_LINES})
    return list(_judged(read))


def import_rates(text: str, *, actor: Any, reason: str = "") -> list[Judged]:
    """Store all rates of a file or none; a reason is needed where one replaces another. Return what each was."""
    require_person(actor, "billing.add_exchangerate")
    judged = judge_rates(text)
    if any(line.verdict == "wrong" for line in judged):
        raise RateRefused(_("Some lines are wrong; nothing was stored."))
    with transaction.atomic():
        for line in judged:
            if line.new is not None and line.verdict != "same":
                record_rate(line.new, actor=actor, reason=reason)
    return judged


def _read(number: int, row: dict[str, str]) -> Judged:
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    try:
        new = NewRate(
            currency=cells["currency"].upper(),
            into=cells["into"].upper(),
            on=date.fromisoformat(cells["day"]),
            rate=Decimal(cells["rate"]),
            source=cells["source"],
        )
        check_rate(new)
    except RateRefused as error:
        return Judged(number=number, verdict="wrong", why=str(error))
    except ValueError:
        return Judged(number=number, verdict="wrong", why=_("Write the day as 2026-12-31."))
    except InvalidOperation:
        return Judged(number=number, verdict="wrong", why=_("Write the rate as a number with a decimal point."))
    return Judged(number=number, verdict="new", new=new)


def _judged(read: Sequence[Judged]) -> Iterator[Judged]:
    stored = _stored(read)
    seen: set[object] = set()
    for line in read:
        if line.new is None:
            yield line
            continue
        standing = stored.get(line.new.key)
        if line.new.key in seen:
            yield Judged(number=line.number, verdict="wrong", new=line.new, why=_("The file names this day twice."))
        elif standing is None:
            yield line
        else:
            verdict = "same" if line.new.is_same_as(standing) else "replaces"
            yield Judged(number=line.number, verdict=verdict, new=line.new, why=str(standing))
        seen.add(line.new.key)


def _stored(read: Sequence[Judged]) -> dict[object, ExchangeRate]:
    days = [line.new.on for line in read if line.new is not None]
    if not days:
        return {}
    rows = ExchangeRate.objects.in_force().filter(Q(on__gte=min(days)) & Q(on__lte=max(days)))
    return {(row.currency, row.into, row.on): row for row in rows}
