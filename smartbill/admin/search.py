"""What a search term is: an exact identifier found by an index, or a fragment of a name or address."""

import re
from decimal import Decimal

from django.db.models import Q

CODE = re.compile(r"[0-9A-F]{8}-(?:[0-9A-F]{4}-){3}[0-9A-F]{12}")
CONTROL_NUMBER = re.compile(r"DTE-\d{2}-[0-9A-Z]{8}-\d{15}")
REFERENCE = re.compile(r"[2-9A-HJ-NP-Z]{10}")
AMOUNT = re.compile(r"\$?\s?(\d{1,3}(?:[.,]\d{3})+|\d{1,10})[.,](\d{2})(?:\s?[A-Za-z]{3})?")
SOURCES = {"in_": "invoice", "pi_": "payment_intent"}
SHORTEST = 2


def exact_lookup(term: str) -> Q | None:
    """Return the equality for a term whose shape says what it is, or None for a fragment of text."""
    upper = term.upper()
    digits = re.sub(r"[\s-]", "", term)
    if CODE.fullmatch(upper):
        return Q(generation_code=upper)
    if CONTROL_NUMBER.fullmatch(upper):
        return Q(control_number=upper)
    if term.startswith("cus_"):
        return Q(customer_reference=term)
    if term[:3] in SOURCES:
        return Q(source=f"{SOURCES[term[:3]]}:{term}")
    if re.fullmatch(r"\d{9,14}", digits):
        return Q(customer_tax_id__in=[term, digits])
    if amount := AMOUNT.fullmatch(term):
        return Q(total=Decimal(f"{re.sub('[.,]', '', amount[1])}.{amount[2]}"))
    return None


def looks_like_reference(term: str) -> bool:
    """Whether the term may be a document's own reference; ten letters may as well be a name."""
    return REFERENCE.fullmatch(term.upper()) is not None


def fragment_lookup(term: str) -> Q | None:
    """Return the search for a part of a name or address, or None when the term is too short to mean anything."""
    if len(term) < SHORTEST:
        return None
    if "@" in term:
        return Q(customer_email__icontains=term)
    return Q(customer_name__icontains=term) | Q(customer_email__icontains=term)
