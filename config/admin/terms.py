"""What a search term is by its shape: an id of Stripe, an address, digits of a tax id, or part of a text.

Each shape is answered by one lookup that an index serves. Nothing is tried one after the other, and a text from which
no index could be searched is refused.
"""

import re
from typing import Any

from django.db.models import F, Q, Value
from django.db.models.functions import Upper
from django.db.models.lookups import Exact

PREFIXES = (
    "acct ba card ch cn cnlt cs cus dp du evt fee fr ii il in inpay li mandate ocm payco pi plink pm po price prod "
    "promo py pyr qt re seti si src sub sub_sched tok tr trr txcd txn txr we"
)
STRIPE_ID = re.compile(rf"(?:{'|'.join(PREFIXES.split())})_[A-Za-z0-9_]{{1,255}}")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
FRAGMENT = re.compile(r"[^\W_]{3}")
"""Three letters or digits in a row: less than that is no trigram, and the whole table would be read for it."""


def is_stripe_id(term: str) -> bool:
    """Whether the term is written as Stripe writes ids, of whatever kind: `in_1Q…`, `cs_test_a1…`."""
    return STRIPE_ID.fullmatch(term) is not None


def is_email(term: str) -> bool:
    return EMAIL.fullmatch(term) is not None


def is_fragment(term: str) -> bool:
    """Whether an index can be searched for the term as a part of a text."""
    return FRAGMENT.search(term) is not None


def same_text(column: str, term: str) -> Any:
    """Return the condition that a column holds this text, whatever its case; its index is over the upper-case text."""
    return Exact(Upper(F(column)), Upper(Value(term)))


def part_of(term: str, *columns: str) -> Q:
    """Return the condition that any of these columns holds the term; nothing where no index could be searched."""
    if not is_fragment(term):
        return Q(pk__in=[])
    found = Q()
    for column in columns:
        found |= Q(**{f"{column}__icontains": term})
    return found
