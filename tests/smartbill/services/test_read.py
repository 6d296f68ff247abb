"""Look-ups: one that cannot be made holds up no other, and is tried again."""

from datetime import timedelta
from threading import Barrier

import pytest
from django.utils.timezone import now

from smartbill.lifecycle import Status
from smartbill.models import ReadingRecord
from smartbill.providers.el_salvador.provider import ElSalvador
from smartbill.providers.el_salvador.sandbox import SandboxControl
from smartbill.services.read import AT_ONCE, read_due_documents
from tests.factories.documents import make_document
from tests.factories.smartbill import ApiKeyFactory, IssuerFactory
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


def test_look_ups_of_an_outage_are_under_way_together(smartbill_sandbox, monkeypatch):
    issuer = issuer_with_keys()
    documents = [make_document(Status.CONTINGENCY, issuer=issuer, next_at=now()) for _number in range(2 * AT_ONCE)]
    send, together = ElSalvador.send, Barrier(AT_ONCE, timeout=10)

    def wait_for_the_others(*arguments, **options):
        together.wait()
        return send(*arguments, **options)

    monkeypatch.setattr(ElSalvador, "send", wait_for_the_others)
    read_due_documents()
    assert ReadingRecord.objects.count() == len(documents), "a barrier that nobody else reaches breaks"


def test_the_next_key_is_asked_when_one_is_refused_for_looking(smartbill_sandbox):
    issuer = issuer_with_keys("manager")
    ApiKeyFactory(issuer=issuer, role="transmitter", public_key="pk_refused", private_key="sk_refused")
    make_document(Status.CONTINGENCY, issuer=issuer, next_at=now())
    read_due_documents()
    assert ReadingRecord.objects.get().http_status == 404, "the good key's answer"
    assert [call.status for call in SandboxControl(smartbill_sandbox.url).calls()] == [401, 404]
