"""What a search term is: an exact identifier found by one index, or a fragment of a name or address."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db.models import Q

from config.admin.terms import is_email, is_stripe_id, part_of, same_text

CODE = re.compile(r"[0-9A-F]{8}-(?:[0-9A-F]{4}-){3}[0-9A-F]{12}")
CONTROL_NUMBER = re.compile(r"DTE-\d{2}-[0-9A-Z]{8}-\d{15}")
REFERENCE = re.compile(r"[2-9A-HJ-NP-Z]{10}")
AMOUNT = re.compile(r"\$?\s?(\d{1,3}(?:[.,]\d{3})+|\d{1,10})[.,](\d{2})(?:\s?[A-Za-z]{3})?")

SOURCES = {"in_": "invoice", "pi_": "payment_intent"}

sources_of: list[Callable[[str], list[str]]] = []
"""How an id of the payment provider leads to the sources of documents; whoever knows these ids adds a function here."""


def lookup_of(term: str) -> Any:
    """Return the one condition that a term stands for, by its shape."""
    upper = term.upper()
    digits = re.sub(r"[\s-]", "", term)
    if CODE.fullmatch(upper):
        return Q(generation_code=upper)
    if CONTROL_NUMBER.fullmatch(upper):
        return Q(control_number=upper)
    if term.startswith("cus_"):
        return Q(customer_reference=term)
    if is_stripe_id(term):
        return Q(source__in=_sources(term))
    if is_email(term):
        return same_text("customer_email", term)
    if re.fullmatch(r"\d{9,14}", digits):
        return Q(customer_tax_id__in=[term, digits])
    if amount := AMOUNT.fullmatch(term):
        return Q(total=Decimal(f"{re.sub('[.,]', '', amount[1])}.{amount[2]}"))
    if REFERENCE.fullmatch(upper):
        # Ten letters may as well be a name: both are looked for, each by its index.
        return Q(reference=upper) | part_of(term, "customer_name", "customer_email")
    return part_of(term, "customer_name", "customer_email")


def _sources(stripe_id: str) -> list[str]:
    named = [f"{SOURCES[stripe_id[:3]]}:{stripe_id}"] if stripe_id[:3] in SOURCES else []
    return [*named, *(source for find in sources_of for source in find(stripe_id))]
