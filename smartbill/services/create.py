"""A draft becomes a document: once per sale and purpose, whoever asks and however often."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.timezone import now

from smartbill.drafts import Draft
from smartbill.errors import Problem
from smartbill.legal_limits import Limit, in_force, limit_problems, limit_warnings
from smartbill.lifecycle import Status
from smartbill.models import Document, DocumentEvent, Issuer, Revision
from smartbill.models.legal_limit import known_limits
from smartbill.models.revision import content_hash
from smartbill.providers import provider_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What there is to say about a draft before it is issued: problems hold it, warnings are shown and stop nothing."""

    problems: Sequence[Problem] = field(default_factory=list)
    warnings: Sequence[Problem] = field(default_factory=list)


def create_document(*, draft: Draft, corrects: Document | None = None, replaces: Document | None = None) -> Document:
    """Freeze the draft as a document, READY when the provider finds no problem, HELD with all reasons otherwise.

    The second call for the same source and purpose returns the first one's document, whatever has become of it.
    `corrects` is the document that a credit note takes back from, `replaces` the one that is to be given up for this
    one: ask `services.credit` or `services.replace` for them.
    """
    existing = Document.objects.filter(source=draft.source, purpose=draft.purpose).first()
    if existing is not None:
        return existing
    issuer = Issuer.objects.get(pk=draft.issuer_id)
    findings = findings_of(issuer, draft)
    try:
        with transaction.atomic():
            document = _insert(issuer, draft, findings, corrects=corrects, replaces=replaces)
    except IntegrityError:
        return Document.objects.get(source=draft.source, purpose=draft.purpose)
    return document


def findings_of(issuer: Issuer, draft: Draft, *, known: Sequence[Limit] | None = None) -> Findings:
    """Return every reason why this issuer cannot issue the draft today, and what else there is to know; reads only.

    The provider's rules are about the form; the law's amounts are those in force on the day of issue, which is today.
    `known` are the limits of the issuer's country, for a caller who asks about many drafts.
    """
    limits = in_force(known_limits(issuer.country) if known is None else known, now().astimezone(issuer.zone).date())
    problems = [*provider_for(issuer).problems(draft), *limit_problems(draft, limits)]
    return Findings(problems=problems, warnings=limit_warnings(draft, limits))


def _insert(issuer: Issuer, draft: Draft, findings: Findings, **related: Document | None) -> Document:
    at, problems = now(), findings.problems
    document = Document.objects.create(
        issuer=issuer,
        source=draft.source,
        purpose=draft.purpose,
        livemode=draft.livemode,
        **related,
        status=Status.HELD if problems else Status.READY,
        status_since=at,
        next_at=None if problems else at,
        reason="\n".join(str(problem.message) for problem in problems),
        occurred_at=draft.occurred_at,
        created_at=at,
        updated_at=at,
        **columns_of(issuer, draft),
    )
    freeze(document, draft, findings, number=1)
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


def freeze(document: Document, draft: Draft, findings: Findings, *, number: int, actor: Any = None) -> Revision:
    """Write the draft as a revision; revisions are never changed afterwards."""
    content = draft.as_json()
    return Revision.objects.create(
        document=document,
        number=number,
        content=content,
        sha256=content_hash(content),
        problems=[problem.as_json() for problem in findings.problems],
        warnings=[warning.as_json() for warning in findings.warnings],
        actor=actor,
    )
