from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.timezone import now

from smartbill.errors import TransitionRefused
from smartbill.lifecycle import Status
from smartbill.models import Document, DocumentEvent, SendOrder
from smartbill.services import send, send_orders
from smartbill.services.send import queue_submission, queue_submissions
from smartbill.services.send_orders import carry_out_orders
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
    assert not SendOrder.objects.exists()


def test_many_are_written_down_in_the_request_and_released_by_a_worker(
    clerk: Any, documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "BATCH", 2)
    monkeypatch.setattr(send_orders, "BATCH", 2)
    *ready, held = documents
    assert queue_submissions(keys_of(documents), actor=clerk) == {held.pk: HELD}
    order = SendOrder.objects.open().get()
    assert (order.keys, order.position, order.actor, due()) == (keys_of(ready), 0, clerk, [])
    carry_out_orders()
    order.refresh_from_db()
    assert (order.position, order.done_at is not None, SendOrder.objects.open().exists()) == (4, True, False)
    assert due() == keys_of(ready)
    assert told() == [(key, "ready", "ready", "Sending asked for.", {}, clerk.pk) for key in keys_of(ready)]


def test_what_was_abandoned_meanwhile_is_left_alone(
    clerk: Any, documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "BATCH", 2)
    *ready, _held = documents
    queue_submissions(keys_of(ready), actor=clerk)
    ready[0].move_to(Status.ABANDONED, reason="Paid twice.")
    carry_out_orders()
    assert due() == keys_of(ready[1:])
    assert Document.objects.get(pk=ready[0].pk).status == Status.ABANDONED


def test_a_worker_that_dies_in_a_batch_leaves_it_whole_to_the_next_one(
    clerk: Any, documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "BATCH", 2)
    monkeypatch.setattr(send_orders, "BATCH", 2)
    *ready, _held = documents
    queue_submissions(keys_of(ready), actor=clerk)

    def die(keys: list[int], *, actor: Any) -> None:
        send.release(keys, actor=actor)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(send_orders, "release", die)
        with pytest.raises(KeyboardInterrupt):
            carry_out_orders()
    assert (SendOrder.objects.get().position, due(), told()) == (0, [], [])
    carry_out_orders()
    assert due() == keys_of(ready)
    assert len(told()) == 4


def test_two_orders_for_the_same_documents_make_them_due_and_no_more(
    clerk: Any, documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "BATCH", 2)
    *ready, _held = documents
    for _click in range(2):
        queue_submissions(keys_of(ready), actor=clerk)
    carry_out_orders()
    assert due() == keys_of(ready)
    assert set(Document.objects.filter(pk__in=keys_of(ready)).values_list("status", flat=True)) == {Status.READY}


def test_without_the_right_nothing_is_written(documents: list[Document], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send, "BATCH", 2)
    with pytest.raises(PermissionDenied):
        queue_submissions(keys_of(documents), actor=make_staff("smartbill.view_document"))
    assert (due(), told(), SendOrder.objects.count()) == ([], [], 0)


def test_the_statements_do_not_grow_with_the_number(
    clerk: Any, documents: list[Document], django_assert_num_queries: Any
) -> None:
    clerk.has_perm("smartbill.submit_document")
    for keys in (keys_of(documents[:1]), keys_of(documents[:4])):
        with django_assert_num_queries(5):
            queue_submissions(keys, actor=clerk)
