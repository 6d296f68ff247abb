"""Claiming: one issuer's trouble, or one document's, is not that of the others."""

import pytest
from django.db import OperationalError
from django.utils.timezone import now

from smartbill.drafts import Draft
from smartbill.lifecycle import Status
from smartbill.models import Attempt, Channel
from smartbill.providers.base import PreparedRequest
from smartbill.providers.el_salvador.provider import ElSalvador
from smartbill.services import submit
from smartbill.services.claim import Grant, claim_due
from smartbill.services.create import create_document
from tests.factories.documents import make_document
from tests.factories.smartbill import make_draft
from tests.flows.engine import claim_all, issuer_with_keys

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_key_that_cannot_be_opened_pauses_its_issuer_alone(settings):
    ours = settings.FIELD_ENCRYPTION_KEYS
    settings.FIELD_ENCRYPTION_KEYS = ["a key that was lost since"]
    first = issuer_with_keys(slug="first")
    settings.FIELD_ENCRYPTION_KEYS = ours
    second = issuer_with_keys(slug="second")
    stuck = create_document(draft=make_draft(first, source="invoice:in_1"))
    ready = create_document(draft=make_draft(second, source="invoice:in_2"))
    claims = claim_all(worker="w", limit=8)
    assert [made.attempt_id for made in claims] == [Attempt.objects.get().pk]
    assert Attempt.objects.get().document == ready
    stuck.refresh_from_db()
    assert stuck.status == "ready"
    assert Channel.objects.get(pk=first.pk).is_paused


def test_a_document_that_cannot_be_translated_is_held_alone(monkeypatch):
    issuer = issuer_with_keys()
    broken, fine = (create_document(draft=make_draft(issuer, source=f"invoice:in_{each}")) for each in (1, 2))
    submission = ElSalvador.submission

    def translate(provider: ElSalvador, draft: Draft, reference: str) -> PreparedRequest:
        if reference == broken.reference:
            raise ZeroDivisionError
        return submission(provider, draft, reference)

    monkeypatch.setattr(ElSalvador, "submission", translate)
    (made,) = claim_all(worker="w", limit=8)
    assert Attempt.objects.get(pk=made.attempt_id).document == fine
    broken.refresh_from_db()
    assert broken.status == "held"


def test_a_database_that_goes_away_during_the_claims_commit_leaves_nothing_in_doubt(monkeypatch, tmp_path, settings):
    settings.DATA_DIR = tmp_path
    issuer = issuer_with_keys()
    document = create_document(draft=make_draft(issuer))

    def commit_without_hearing_of_it(**rest: object):
        monkeypatch.setattr(submit, "claim_due", lambda **rest: Grant([], 0))
        claim_due(**rest)
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(submit, "claim_due", commit_without_hearing_of_it)
    submit.submit_due_documents(issuer.pk)
    document.refresh_from_db()
    assert (document.status, document.attempts.get().outcome) == ("ready", "not_sent")


def test_an_invalidation_without_manager_key_waits_alone():
    issuer = issuer_with_keys("transmitter")
    invalidating = make_document(Status.INVALIDATING, issuer=issuer, next_at=now())
    ready = create_document(draft=make_draft(issuer))
    (made,) = claim_all(worker="w", limit=8)
    assert Attempt.objects.get(pk=made.attempt_id).document == ready
    invalidating.refresh_from_db()
    assert invalidating.status == "invalidating"
    assert invalidating.next_at > now()
    assert not Channel.objects.filter(paused_until__isnull=False).exists()
