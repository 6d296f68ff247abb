"""The draft of a sale built anew from its frozen snapshot, and what of its problems only the customer can mend."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache

from django.db.models import QuerySet

from billing.conversion import converted, quote_of
from billing.drafts import draft_from_snapshot
from billing.kinds import CCF_OR_FACTURA
from billing.models import Sale, profile_of
from billing.profiles import Profile
from smartbill.drafts import Draft
from smartbill.errors import Problem
from smartbill.legal_limits import Limit
from smartbill.models import Document
from smartbill.models.legal_limit import known_limits
from smartbill.services.create import Findings, findings_of

ASKED = frozenset({CCF_OR_FACTURA, "kind_contradicts_country", "kind_unknown"})
"""Questions about the kind of document that the customer can answer; the others are the seller's."""
MOST_SALES = 20
"""Sales that one form is checked against; what passes for these passes for the others of the same buyer."""


def draft_of(sale: Sale, profile: Profile, *, is_consumer: bool = False, chosen: str = "") -> Draft:
    """Return the draft of a sale that has a document, with what is known of the buyer, by the rate it was made with.

    No rule has looked at it yet: what may be issued comes from `screen_sale.screened`.
    """
    draft = draft_from_snapshot(
        sale.snapshot.content,
        issuer=sale.endpoint.issuer,
        source=sale.key,
        profile=profile,
        is_consumer=is_consumer,
        chosen=chosen,
    )
    if sale.document is None:
        raise ValueError(f"{sale.key} has no document")
    before = sale.document.revisions.get(number=sale.document.revision).draft
    return converted(draft, quote_of(before)) if before.conversion else draft


def with_present_buyer(draft: Draft, sale: Sale, profile: Profile) -> Draft:
    """Return an issued draft with the buyer as Stripe's snapshot and the tax profile name them now.

    Without a profile nothing is known that was not known then, and the draft stays as it is.
    """
    if not profile.entries or not hasattr(sale, "snapshot"):
        return draft
    anew = draft_of(sale, profile)
    others = {path: origin for path, origin in draft.provenance.items() if not path.startswith("party.")}
    buyer = {path: origin for path, origin in anew.provenance.items() if path.startswith("party.") or path == "kind"}
    return replace(draft, party=anew.party, kind=anew.kind, provenance={**others, **buyer})


def draft_of_snapshot(sale: Sale) -> Draft:
    """Return the draft of a sale without a document, as far as its snapshot and its buyer are known now."""
    profile = profile_of(sale.buyer_id, livemode=sale.livemode)
    return draft_from_snapshot(sale.snapshot.content, issuer=sale.endpoint.issuer, source=sale.key, profile=profile)


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
    known = cache(known_limits)
    found = {
        (problem.field, problem.code): problem
        for sale in sales
        for problem in _findings(sale, draft_of(sale, profile), known).problems
        if is_for_customer(problem.field, problem.code)
    }
    return list(found.values())


def _findings(sale: Sale, draft: Draft, known: Callable[[str], Sequence[Limit]]) -> Findings:
    issuer = sale.endpoint.issuer
    return findings_of(issuer, draft, known=known(issuer.country))
