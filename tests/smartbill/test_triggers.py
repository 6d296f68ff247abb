"""The database refuses to change what is frozen, whoever asks."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils.timezone import now

from smartbill.lifecycle import ISSUED, Status
from smartbill.models import DocumentEvent, Revision
from tests.smartbill.test_lifecycle import a_document

pytestmark = pytest.mark.django_db


def refused(change):
    with pytest.raises(IntegrityError), transaction.atomic():
        change()


def test_an_event_is_never_rewritten():
    document = a_document(Status.READY)
    event = DocumentEvent.objects.create(document=document, after=document.status, reason="as it was")
    refused(lambda: DocumentEvent.objects.filter(pk=event.pk).update(reason="as I like it"))
    event.refresh_from_db()
    assert event.reason == "as it was"


def test_a_revision_is_never_rewritten():
    document = a_document(Status.HELD)
    revision = Revision.objects.create(document=document, number=1, content={"total": "1"}, sha256="0" * 64)
    refused(lambda: Revision.objects.filter(pk=revision.pk).update(content={"total": "2"}))


@pytest.mark.parametrize("status", sorted(ISSUED))
def test_the_amount_of_an_issued_document_is_frozen(status):
    document = a_document(status)
    refused(lambda: type(document).objects.filter(pk=document.pk).update(total="1.00"))


def test_the_amount_of_a_held_document_can_be_corrected():
    document = a_document(Status.HELD)
    type(document).objects.filter(pk=document.pk).update(total="1.00")
    document.refresh_from_db()
    assert str(document.total) == "1.000"


def test_what_changes_by_nature_still_changes_on_an_issued_document():
    document = a_document(Status.STAMPED)
    assert type(document).objects.filter(pk=document.pk).update(next_at=now(), difference="") == 1


def test_a_document_is_deleted_only_where_tests_empty_the_tables_by_deleting():
    document = a_document(Status.READY)
    if connection.vendor == "postgresql":
        refused(document.delete)
    assert type(document).objects.count() == 1
