"""The draft of a sale built anew from its frozen snapshot, and what of its problems only the customer can mend."""

from collections.abc import Iterable, Mapping

from django.db.models import QuerySet

from billing.conversion import converted, quote_of
from billing.drafts import draft_from_snapshot
from billing.models import Sale
from billing.profiles import Profile
from smartbill.drafts import Draft
from smartbill.errors import Problem
from smartbill.models import Document
from smartbill.services.create import problems_of

ASKED = frozenset({"ccf_or_factura", "kind_contradicts_country", "kind_unknown"})
"""Questions about the kind of document that the customer can answer; the others are the seller's."""
MOST_SALES = 20
"""Sales that one form is checked against; what passes for these passes for the others of the same buyer."""


def draft_of(sale: Sale, profile: Profile, *, is_consumer: bool = False) -> Draft:
    """Return the draft of a sale that has a document, with what is known of the buyer, by the rate it was made with."""
    draft = draft_from_snapshot(
        sale.snapshot.content,
        issuer=sale.endpoint.issuer,
        source=sale.key,
        profile=profile,
        is_consumer=is_consumer,
    )
    if sale.document is None:
        raise ValueError(f"{sale.key} has no document")
    before = sale.document.revisions.get(number=sale.document.revision).draft
    return converted(draft, quote_of(before)) if before.conversion else draft


def is_for_customer(field: str, code: str) -> bool:
    """Tell whether a problem lies in what only the buyer knows."""
    return field.startswith("party.") or code in ASKED


def wants_customer(document: Document) -> bool:
    """Tell whether a document's present revision has a problem that the customer can mend."""
    problems: Iterable[Mapping[str, str]] = document.revisions.get(number=document.revision).problems
    return any(is_for_customer(row["field"], row["code"]) for row in problems)


def waiting_sales(customer_id: str, *, livemode: bool) -> QuerySet[Sale]:
    """Return the sales of a buyer whose document waits for data, oldest first."""
    waiting = Sale.objects.of_buyer(customer_id, livemode=livemode).waiting_for_data()
    return waiting.select_related("document", "snapshot", "endpoint__issuer").order_by("id")


def buyer_problems(sales: Iterable[Sale], profile: Profile) -> list[Problem]:
    """Return what the customer still had to mend if this were the profile; each problem once."""
    found = {
        (problem.field, problem.code): problem
        for sale in sales
        for problem in problems_of(sale.endpoint.issuer, draft_of(sale, profile))
        if is_for_customer(problem.field, problem.code)
    }
    return list(found.values())
