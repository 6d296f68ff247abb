"""How a search term leads to sales and reversals: by one identifier through its index, or by a part of the name."""

import re
from typing import Any

from django.db.models import Q, QuerySet

from billing.models import Reversal, ReversalAlias, SaleAlias
from config.admin.terms import is_email, is_stripe_id, part_of, same_text
from smartbill.admin.search import CODE, CONTROL_NUMBER

KEY = re.compile(r"[a-z_]+:\S+")
MOST = 100
"""So many sales of one id at most; an id belongs to one, or to a few where Stripe uses it for several."""


def sale_lookup(term: str) -> Any:
    """Return the one condition of the sales that a term stands for, by its shape."""
    upper = term.upper()
    digits = re.sub(r"[\s-]", "", term)
    if term.startswith("cus_"):
        return Q(customer_id=term)
    if is_stripe_id(term):
        return Q(pk__in=SaleAlias.objects.filter(stripe_id=term).values("sale"))
    if KEY.fullmatch(term):
        return Q(key=term)
    if CODE.fullmatch(upper):
        return Q(document__generation_code=upper)
    if CONTROL_NUMBER.fullmatch(upper):
        return Q(document__control_number=upper)
    if is_email(term):
        return same_text("document__customer_email", term)
    if re.fullmatch(r"\d{9,14}", digits):
        return Q(document__customer_tax_id__in=[term, digits])
    return Q(number=term) | part_of(term, "customer_name")


def reversal_lookup(term: str) -> Any:
    """Return the one condition of the reversals that a term stands for: an id of theirs, or of their sale."""
    if is_stripe_id(term) and not term.startswith("cus_"):
        own = ReversalAlias.objects.filter(stripe_id=term).values("reversal")
        return Q(pk__in=own.union(Reversal.objects.filter(sale__aliases__stripe_id=term).order_by().values("pk")))
    if term.startswith("cus_"):
        return Q(sale__customer_id=term)
    if KEY.fullmatch(term):
        of_sale = Reversal.objects.filter(sale__key=term).order_by().values("pk")
        return Q(pk__in=Reversal.objects.filter(key=term).order_by().values("pk").union(of_sale))
    return Q(sale__number=term)


def sources_of(stripe_id: str) -> list[str]:
    """Return the sources of the documents of an id: of anything in the purchase, or of what went back of it."""
    of_sales = SaleAlias.objects.filter(stripe_id=stripe_id).values_list("sale__key", flat=True)
    of_reversals = ReversalAlias.objects.filter(stripe_id=stripe_id).values_list("reversal__sale__key", flat=True)
    found: QuerySet[Any, Any] = of_sales.union(of_reversals)
    return list(found[:MOST])
