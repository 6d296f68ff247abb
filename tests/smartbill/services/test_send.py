from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.timezone import now

from smartbill.errors import TransitionRefused
from smartbill.lifecycle import Status
from smartbill.models import Document, DocumentEvent
from smartbill.services.send import queue_submission, queue_submissions
from tests.factories.documents import make_document
from tests.factories.people import make_staff
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db
HELD = "This cannot be done while the document is “Held”."


@pytest.fixture
def clerk() -> Any:
    return make_staff("smartbill.submit_document")


@pytest.fixture
def documents() -> list[Document]:
    """Four that wait and one that is held."""
    issuer = IssuerFactory.create()
    later = now() + timedelta(days=1)
    ready = [make_document(Status.READY, issuer=issuer, next_at=later, tries=3) for _each in range(4)]
    return [*ready, make_document(Status.HELD, issuer=issuer)]


def keys_of(documents: list[Document]) -> list[int]:
    return [document.pk for document in documents]


def due() -> list[int]:
    return list(Document.objects.due(now()).order_by("pk").values_list("pk", flat=True))


def told() -> list[tuple[int, str, str, str, dict[str, Any], int]]:
    fields = ("document_id", "before", "after", "reason", "detail", "actor_id")
    return list(DocumentEvent.objects.order_by("document_id").values_list(*fields))


def test_a_document_is_due_at_once_and_its_page_says_who_asked(clerk: Any) -> None:
    document = make_document(Status.READY, next_at=now() + timedelta(days=1), tries=5)
    queue_submission(document, actor=clerk)
    document.refresh_from_db()
    assert (document.tries, due()) == (0, [document.pk])
    assert told() == [(document.pk, "ready", "ready", "Sending asked for.", {}, clerk.pk)]


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.READY}))
def test_what_is_not_ready_is_refused_and_left_as_it_is(clerk: Any, status: str) -> None:
    document = make_document(status)
    with pytest.raises(TransitionRefused):
        queue_submission(document, actor=clerk)
    assert (due(), told()) == ([], [])


def test_a_few_are_released_at_once_and_each_refusal_has_its_reason(clerk: Any, documents: list[Document]) -> None:
    *ready, held = documents
    assert queue_submissions(keys_of(documents), actor=clerk) == {held.pk: HELD}
    assert due() == keys_of(ready)
    assert [event[0] for event in told()] == keys_of(ready)


def test_a_person_without_the_right_releases_nothing(documents: list[Document]) -> None:
    with pytest.raises(PermissionDenied):
        queue_submissions(keys_of(documents), actor=make_staff())
    assert (due(), told()) == ([], [])
