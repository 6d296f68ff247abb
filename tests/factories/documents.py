"""Documents in any state, with the revision and the identifiers that the state demands."""

from itertools import count
from typing import Any
from uuid import UUID

from django.utils.timezone import now

from smartbill.drafts import Draft
from smartbill.lifecycle import ISSUED, Status
from smartbill.models import Attempt, Document, Issuer, Revision
from smartbill.models.revision import content_hash
from tests.factories.smartbill import ApiKeyFactory, IssuerFactory, make_draft

_numbers = count(1)


def make_document(
    status: str = Status.STAMPED,
    *,
    issuer: Issuer | None = None,
    draft: Draft | None = None,
    problems: Any = (),
    **changes: Any,
) -> Document:
    """Return a document with its first revision; `changes` are columns of the document."""
    number = next(_numbers)
    issuer = issuer or IssuerFactory.create()
    draft = draft or make_draft(issuer, source=f"invoice:in_{number:06d}")
    issued = status in ISSUED
    columns = {
        "issuer": issuer,
        "source": draft.source,
        "kind": draft.kind,
        "livemode": draft.livemode,
        "status": status,
        "currency": draft.currency,
        "total": draft.total,
        "customer_name": draft.party.name,
        "customer_tax_id": draft.party.tax_id,
        "customer_email": draft.party.email,
        "customer_reference": draft.customer_reference,
        "language": draft.language,
        "occurred_at": draft.occurred_at,
        "generation_code": str(UUID(int=number)).upper() if issued else "",
        "control_number": f"DTE-01-M001P001-{number:015d}" if issued else "",
        "seal": f"2026{number:036X}" if issued and status != Status.CONTINGENCY else "",
        "issued_at": now() if issued else None,
    }
    document = Document.objects.create(**{**columns, **changes})
    content = draft.as_json()
    Revision.objects.create(
        document=document, number=1, content=content, sha256=content_hash(content), problems=list(problems)
    )
    return document


def make_attempt(document: Document, **changes: Any) -> Attempt:
    """Return an accepted submission of the document."""
    columns = {
        "document": document,
        "operation": "submit",
        "number": 1,
        "revision": 1,
        "api_key": changes.pop("api_key", None) or ApiKeyFactory.create(issuer=document.issuer),
        "route": "submit_factura",
        "contract_version": "2026-08",
        "request": b'{"total": 113.00}',
        "request_sha256": "0" * 64,
        "worker": "here:1",
        "deadline_at": now(),
        "outcome": "accepted",
        "finished_at": now(),
        "http_status": 200,
        "answer": b'{"estado": "PROCESADO"}',
    }
    return Attempt.objects.create(**{**columns, **changes})
