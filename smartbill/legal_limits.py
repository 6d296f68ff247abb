"""The amounts from which the law wants a buyer named: which of the dated rows is in force, and what follows from it.

There is one idea of a dated rule here, as in `legal_rules.py`: a row says from which day it holds and who states it,
a later row stands in its place, and none is ever changed. Legal times block nothing and come with a release; these
amounts stop documents, and their change is announced for a day, so they are rows of a table that staff extend. The
release brings its own rows into the same table (`data/legal_limits.json`); what a person enters for the same day wins.

| effect | what it does |
|---|---|
| warn | the document shows a warning and goes out |
| block | the document is held with the reason |
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from smartbill.drafts import Draft, Party
from smartbill.errors import Problem

IDENTITY, EMAIL = "identity", "email"
WARN, BLOCK = "warn", "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """From `valid_from` on, a document of this kind from `amount` on asks for `demand`; no amount: no document does."""

    kind: str
    demand: str
    effect: str
    amount: Decimal | None
    currency: str
    valid_from: date
    source: str
    by_person: bool = False
    number: int = 0

    @property
    def subject(self) -> tuple[str, str, str]:
        """What the limit is about: of several rows about the same, one is in force."""
        return self.kind, self.demand, self.effect

    @property
    def rank(self) -> tuple[date, bool, int]:
        """The later day wins; on the same day a person's row, and of several the newest."""
        return self.valid_from, self.by_person, self.number


def in_force(rows: Iterable[Limit], on: date) -> tuple[Limit, ...]:
    """Return of every subject the row in force on a day, the day on which the document is issued."""
    found: dict[tuple[str, str, str], Limit] = {}
    for row in sorted(rows, key=lambda row: row.rank):
        if row.valid_from <= on:
            found[row.subject] = row
    return tuple(found[subject] for subject in sorted(found))


def limit_problems(draft: Draft, limits: Sequence[Limit]) -> list[Problem]:
    """Return what a blocking limit holds the draft for."""
    return [problem for limit in _reached(draft, limits, BLOCK) for problem in _lacking(draft.party, limit)]


def limit_warnings(draft: Draft, limits: Sequence[Limit]) -> list[Problem]:
    """Return what a warning limit says about the draft; one that a blocking limit says already is left out."""
    blocked = {limit.demand for limit in _reached(draft, limits, BLOCK)}
    return [
        Problem(_FIELDS[limit.demand], f"{limit.demand}_asked", _asked(limit))
        for limit in _reached(draft, limits, WARN)
        if limit.demand not in blocked and not _is_met(draft.party, limit.demand)
    ]


_FIELDS = {IDENTITY: "party.tax_id", EMAIL: "party.email"}


def _reached(draft: Draft, limits: Sequence[Limit], effect: str) -> Iterator[Limit]:
    """Yield the limits that the draft reaches, compared in the currency of the document."""
    if not draft.total.is_finite():
        return
    for limit in limits:
        same = limit.effect == effect and limit.kind == draft.kind and limit.currency == draft.currency.upper()
        if same and limit.amount is not None and draft.total >= limit.amount:
            yield limit


def _is_met(party: Party, demand: str) -> bool:
    return bool((party.tax_id if demand == IDENTITY else party.email).strip())


def _lacking(party: Party, limit: Limit) -> Iterator[Problem]:
    if _is_met(party, limit.demand):
        return
    shown = {"limit": f"{limit.amount} {limit.currency}", "day": limit.valid_from.isoformat(), "source": limit.source}
    if limit.demand == EMAIL:
        text = _("From %(limit)s the buyer's e-mail address is required (since %(day)s: %(source)s): enter it.")
        yield Problem("party.email", "email_required", text % shown)
        return
    text = _(
        "From %(limit)s the buyer's identity document is required (since %(day)s: %(source)s): enter its kind and "
        "number."
    )
    yield Problem("party.tax_id", "identity_required", text % shown)
    if not party.name.strip():
        yield Problem("party.name", "missing", _("Enter the %(label)s.") % {"label": _("buyer's name")})


def _asked(limit: Limit) -> str:
    shown = {"limit": f"{limit.amount} {limit.currency}", "day": limit.valid_from.isoformat(), "source": limit.source}
    if limit.demand == EMAIL:
        text = _("From %(limit)s the buyer's e-mail address is asked for, not demanded (since %(day)s: %(source)s).")
    else:
        text = _("From %(limit)s the buyer's identity is asked for, not demanded (since %(day)s: %(source)s).")
    return text % shown
