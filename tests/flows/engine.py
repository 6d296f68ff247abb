"""What the flow tests of the engine share: an issuer with keys of the stand-in, and the passing of time."""

from datetime import timedelta

from django.utils.timezone import now

from smartbill.models import Document, Issuer
from smartbill.providers.el_salvador.sandbox import DEMO_ACCOUNT
from smartbill.services.claim import Claim, claim_due, issuers_with_work
from smartbill.services.read import read_due_documents
from smartbill.services.submit import submit_due_documents
from tests.factories.smartbill import ApiKeyFactory, IssuerFactory


def issuer_with_keys(*roles: str, **fields: object) -> Issuer:
    """Return an issuer holding the stand-in's keys of these roles (manager and transmitter when none is named)."""
    issuer = IssuerFactory(**fields)
    for key in DEMO_ACCOUNT.keys[:2]:
        if not roles or key.role in roles:
            ApiKeyFactory(
                issuer=issuer, role=key.role, public_key=key.public_key, private_key=key.private_key, label=key.role
            )
    return issuer


def claim_all(*, worker: str, limit: int) -> list[Claim]:
    """Claim what is due of every issuer."""
    issuers = issuers_with_work(now())
    return [claim for each in issuers for claim in claim_due(issuer_id=each, worker=worker, limit=limit).claims]


def submit_all() -> None:
    """Let a worker send what is due of every issuer."""
    for issuer_id in issuers_with_work(now()):
        submit_due_documents(issuer_id)


def work() -> None:
    """Let a worker do everything that is due now."""
    submit_all()
    read_due_documents()


def bring_forward(document: Document) -> None:
    """Let the time of the document's next step come."""
    Document.objects.filter(pk=document.pk).update(next_at=now())


def let_quiet_period_pass(document: Document) -> None:
    """Let the deadline of the last attempt and the provider's quiet period lie in the past."""
    document.attempts.update(deadline_at=now() - timedelta(days=1))
