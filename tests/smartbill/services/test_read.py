"""Look-ups: one that cannot be made holds up no other, and is tried again."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from smartbill.lifecycle import Status
from smartbill.models import ReadingRecord
from smartbill.services.read import read_due_documents
from tests.factories.documents import make_document
from tests.factories.smartbill import IssuerFactory
from tests.flows.engine import issuer_with_keys

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_issuer_without_key_does_not_hold_up_the_others(smartbill_sandbox):
    waiting = make_document(Status.CONTINGENCY, issuer=IssuerFactory(), next_at=now() - timedelta(minutes=1))
    read = make_document(Status.CONTINGENCY, issuer=issuer_with_keys(), next_at=now())
    read_due_documents()
    assert [record.document for record in ReadingRecord.objects.all()] == [read]
    waiting.refresh_from_db()
    assert waiting.status == "contingency"
    assert waiting.next_at > now() + timedelta(minutes=4)
