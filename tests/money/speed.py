"""How fast documents are built with validation: from the snapshot to the bytes that would be sent."""

import hashlib
from collections.abc import Sequence
from statistics import median
from time import process_time

from billing.rules import decide
from smartbill.drafts import Draft
from smartbill.models import Issuer
from smartbill.providers import provider_for
from tests.factories.smartbill import IssuerFactory
from tests.money.invoices import Charged, charged

SAMPLE, ROUNDS = 400, 7


def documents_per_second() -> dict[str, float]:
    """Return documents per second of processor time, the median of several rounds, by what is built."""
    issuer = IssuerFactory.build(pk=7, rounding="line")
    issued = [sold for sold in map(charged, range(4_000)) if _build(sold, issuer)]
    single = [sold for sold in issued if len(_lines(sold)) == 1][:SAMPLE]
    eight = [sold for sold in issued if 6 <= len(_lines(sold)) <= 10][:SAMPLE]
    return {
        "invoices as they come": _speed(issued[:SAMPLE], issuer),
        "of one line": _speed(single, issuer),
        "of 6 to 10 lines": _speed(eight, issuer),
    }


def _lines(sold: Charged) -> Sequence[object]:
    return sold.content.get("lines") or sold.content.get("session_lines") or [None]


def _speed(sample: Sequence[Charged], issuer: Issuer) -> float:
    return median(_round(sample, issuer) for _round_ in range(ROUNDS))


def _round(sample: Sequence[Charged], issuer: Issuer) -> float:
    began = process_time()
    for sold in sample:
        _build(sold, issuer)
    return len(sample) / (process_time() - began)


def _build(sold: Charged, issuer: Issuer) -> bytes:
    """Read, decide, draft, check every rule, and write the request with its hash; empty where it is held."""
    draft = decide(sold.content, issuer=issuer, source="invoice:in_1")
    if not isinstance(draft, Draft):
        return b""
    provider = provider_for(issuer)
    if provider.problems(draft):
        return b""
    body = provider.submission(draft, "ABCDEFGHJK").body
    hashlib.sha256(body).hexdigest()
    return body
