"""Documents by the thousand, that differ in what must be unique."""

from collections.abc import Iterator
from datetime import datetime
from itertools import count

from django.utils.timezone import now

from smartbill.drafts import Draft
from smartbill.lifecycle import Status
from smartbill.models import Document, Issuer, Revision
from smartbill.models.revision import content_hash
from smartbill.providers.el_salvador.sandbox import DEMO_ACCOUNT
from tests.factories.smartbill import ApiKeyFactory, IssuerFactory, make_draft

_numbers = count(1)


def issuer_with_keys(**fields: object) -> Issuer:
    """Return an issuer that can send."""
    issuer: Issuer = IssuerFactory.create(**fields)
    key = DEMO_ACCOUNT.keys[0]
    ApiKeyFactory.create(issuer=issuer, role=key.role, public_key=key.public_key, private_key=key.private_key)
    return issuer


def stock(issuer: Issuer, number: int, *, status: str = Status.READY, next_at: datetime | None = None) -> list[int]:
    """Store so many documents with their first revisions and return their keys."""
    drafts = [make_draft(issuer, source=f"invoice:in_{next(_numbers):08d}") for _each in range(number)]
    documents = Document.objects.bulk_create((_document(issuer, draft, status, next_at) for draft in drafts), 1000)
    Revision.objects.bulk_create(_revisions(documents, drafts), 1000)
    return [document.pk for document in documents]


def _document(issuer: Issuer, draft: Draft, status: str, next_at: datetime | None) -> Document:
    return Document(
        issuer=issuer,
        source=draft.source,
        kind=draft.kind,
        livemode=draft.livemode,
        status=status,
        next_at=next_at,
        currency=draft.currency,
        total=draft.total,
        customer_name=draft.party.name,
        customer_email=draft.party.email,
        customer_reference=draft.source.replace("invoice:in", "cus"),
        language=draft.language,
        occurred_at=draft.occurred_at,
    )


def _revisions(documents: list[Document], drafts: list[Draft]) -> Iterator[Revision]:
    for document, draft in zip(documents, drafts, strict=True):
        content = draft.as_json()
        yield Revision(document=document, number=1, content=content, sha256=content_hash(content), created_at=now())
