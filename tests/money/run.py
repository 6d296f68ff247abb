"""The long run: every figure of many invoices, and what it said."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from time import perf_counter

from billing.rates import Quote
from tests.factories.smartbill import IssuerFactory
from tests.money.invoices import charged
from tests.money.proof import prove, schema_complaints
from tests.money.speed import documents_per_second

GOAL = 5_000
QUOTE = Quote(currency="EUR", into="USD", rate=Decimal("1.0837"), on=date(2026, 11, 20), source="BCE")
FOREIGN = 8
"""One invoice in so many is in euros."""


@dataclass
class Tally:
    """What became of the invoices, why some are held, and what the issued ones contained."""

    words: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    marks: Counter[str] = field(default_factory=Counter)
    validated: int = 0
    wrong: int = 0


def prove_all(invoices: int, first: int, schemas: int) -> bool:
    """Follow each invoice, for an issuer that allows the rounding line and one that does not, and tell the speed."""
    issuers = [IssuerFactory.build(pk=7, rounding=rounding) for rounding in ("hold", "line")]
    tally, began = Tally(), perf_counter()
    for number in range(first, first + invoices):
        try:
            _prove(tally, number, issuers[number % 2], validates=number % schemas == 0)
        except AssertionError as error:
            tally.wrong += 1
            say(f"WRONG {error}")
    say(f"{invoices:,} invoices in {perf_counter() - began:.0f} s: {dict(tally.words)}; {tally.wrong} off")
    say(f"held because: {dict(tally.reasons.most_common())}")
    say(f"issued with: {dict(tally.marks.most_common())}")
    say(f"{tally.validated:,} documents validated by the authority's schemas of both generations")
    for what, speed in documents_per_second().items():
        say(f"{speed:,.0f} documents/s on one core: {what} (goal {GOAL:,})")
    return not tally.wrong


def _prove(tally: Tally, number: int, issuer: object, *, validates: bool) -> None:
    foreign = number % FOREIGN == FOREIGN - 1
    sold = charged(number, currency="eur" if foreign else "usd")
    outcome = prove(sold, issuer, number, quote=QUOTE if foreign else None)
    if outcome.document and validates:
        complaints = schema_complaints(outcome.document)
        assert not complaints, f"{number}: {complaints}"
        tally.validated += 1
    tally.words[outcome.word] += 1
    tally.reasons.update(set(outcome.codes))
    if outcome.word == "issued":
        tally.marks.update(sold.marks)
        tally.marks["converted"] += foreign


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - what a report is for
