"""A draft becomes a document: once per sale and purpose, whoever asks and however often."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from smartbill.drafts import Draft
from smartbill.errors import Problem
from smartbill.lifecycle import Status
from smartbill.models import Document, DocumentEvent, Issuer, Revision
from smartbill.models.revision import content_hash
from smartbill.providers import provider_for


def create_document(*, draft: Draft, corrects: Document | None = None) -> Document:
    """Freeze the draft as a document, READY when the provider finds no problem, HELD with all reasons otherwise.

    The second call for the same source and purpose returns the first one's document, whatever has become of it.
    `corrects` is the document that a credit note takes back from: ask `services.credit` for one.
    """
    existing = Document.objects.filter(source=draft.source, purpose=draft.purpose).first()
    if existing is not None:
        return existing
    issuer = Issuer.objects.get(pk=draft.issuer_id)
    problems = problems_of(issuer, draft)
    try:
        with transaction.atomic():
            document = _insert(issuer, draft, problems, corrects)
    except IntegrityError:
        return Document.objects.get(source=draft.source, purpose=draft.purpose)
    return document


def problems_of(issuer: Issuer, draft: Draft) -> list[Problem]:
    """Return every reason why this issuer cannot issue the draft: the provider's, and the mode."""
    problems = provider_for(issuer).problems(draft)
    if draft.livemode != issuer.livemode:
        message = _("A payment of the other mode (test or live) never reaches this issuer.")
        problems.append(Problem("livemode", "wrong_mode", message))
    return problems


def _insert(issuer: Issuer, draft: Draft, problems: list[Problem], corrects: Document | None) -> Document:
    at = now()
    document = Document.objects.create(
        issuer=issuer,
        source=draft.source,
        purpose=draft.purpose,
        livemode=draft.livemode,
        corrects=corrects,
        status=Status.HELD if problems else Status.READY,
        status_since=at,
        next_at=None if problems else at,
        reason="\n".join(str(problem.message) for problem in problems),
        occurred_at=draft.occurred_at,
        created_at=at,
        updated_at=at,
        **columns_of(issuer, draft),
    )
    freeze(document, draft, problems, number=1)
    DocumentEvent.objects.create(document=document, after=document.status, reason=document.reason, created_at=at)
    return document


def columns_of(issuer: Issuer, draft: Draft) -> dict[str, object]:
    """Return the columns that lists show and search; the draft itself is kept whole in the revision."""
    return {
        "kind": draft.kind,
        "series": provider_for(issuer).series(draft),
        "total": draft.total,
        "currency": draft.currency,
        **_charged(draft),
        "language": draft.language,
        "customer_name": draft.party.name[:250],
        "customer_tax_id": draft.party.tax_id[:25],
        "customer_email": draft.party.email[:254],
        "customer_reference": draft.customer_reference[:120],
    }


def _charged(draft: Draft) -> dict[str, object]:
    """Return what was charged in another currency; nothing is said where it is the same one."""
    found = draft.conversion
    if found is None:
        return {"charged_currency": "", "charged_total": None, "exchange_rate": None}
    return {"charged_currency": found.currency, "charged_total": found.total, "exchange_rate": found.rate}


def freeze(document: Document, draft: Draft, problems: list[Problem], *, number: int, actor: Any = None) -> Revision:
    """Write the draft as a revision; revisions are never changed afterwards."""
    content = draft.as_json()
    return Revision.objects.create(
        document=document,
        number=number,
        content=content,
        sha256=content_hash(content),
        problems=[problem.as_json() for problem in problems],
        actor=actor,
    )
