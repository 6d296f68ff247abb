"""Evidence opens an outage, extends it and ends it; nothing else does."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils.timezone import now

from notifications.models import Alert
from smartbill.lifecycle import Status
from smartbill.models import Outage, OutageDocument
from smartbill.providers.base import Identifiers
from smartbill.services.accept import accept
from smartbill.services.outage_look_after import look_after
from smartbill.services.outage_note import note_contingency, note_late_stamp, note_stamp
from smartbill.services.outage_probe import ask_about_all
from tests.factories.documents import make_attempt, make_document
from tests.factories.outages import enter, seal, the_outage
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)


def test_the_first_document_without_a_seal_opens_an_outage_with_its_proof() -> None:
    document = enter(ago=2 * HOUR)
    outage = the_outage()
    assert (outage.first_evidence_at, outage.last_evidence_at) == (document.issued_at, document.issued_at)
    assert (outage.probe, outage.restored_at, outage.closed_at, outage.is_rehearsal) == (document, None, None, False)
    entry = outage.entries.get()
    assert (entry.document, entry.attempt, entry.reading) == (document, document.attempts.get(), None)
    assert outage.warn_at == outage.last_evidence_at + 12 * HOUR


def test_people_are_told_once_and_without_a_name() -> None:
    issuer = IssuerFactory.create()
    enter(issuer)
    enter(issuer)
    alert = Alert.objects.get()
    assert (alert.kind, alert.key) == ("outage_open", f"outage-{the_outage().pk}")
    assert alert.context["path"] == the_outage().get_absolute_url()
    assert "Ana" not in str(alert.context)


def test_a_second_document_joins_and_moves_the_evidence() -> None:
    issuer = IssuerFactory.create()
    later, earlier = enter(issuer, ago=HOUR), enter(issuer, ago=3 * HOUR)
    outage = the_outage()
    assert (outage.first_evidence_at, outage.last_evidence_at) == (earlier.issued_at, later.issued_at)
    assert [entry.document for entry in outage.entries.all()] == [later, earlier]


def test_each_issuer_has_its_own_outage() -> None:
    enter()
    enter()
    assert Outage.objects.open().count() == 2


def test_the_database_refuses_a_second_open_outage() -> None:
    document = enter()
    at = now()
    with pytest.raises(IntegrityError), transaction.atomic():
        Outage.objects.create(issuer=document.issuer, first_evidence_at=at, last_evidence_at=at)


def test_a_document_enters_once() -> None:
    document = enter()
    with pytest.raises(IntegrityError), transaction.atomic():
        note_contingency(document)
    assert OutageDocument.objects.count() == 1


def test_what_proves_an_outage_is_never_rewritten() -> None:
    enter()
    with pytest.raises(IntegrityError), transaction.atomic():
        OutageDocument.objects.update(attempt=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Outage.objects.update(opened_at=now())


def test_a_provider_whose_clock_is_ahead_puts_no_evidence_into_the_future() -> None:
    enter(ago=-5 * HOUR)
    assert the_outage().last_evidence_at <= now()


def test_a_seal_issued_after_the_last_evidence_proves_the_end() -> None:
    document = enter(ago=HOUR)
    stamped = make_document(Status.STAMPED, issuer=document.issuer, issued_at=now() - HOUR / 2)
    note_stamp(stamped)
    outage = the_outage()
    assert (outage.restored_at, outage.restored_by) == (stamped.issued_at, stamped)
    assert outage.is_open


@pytest.mark.parametrize("ago", [HOUR, 2 * HOUR])
def test_a_seal_issued_before_the_last_evidence_proves_nothing(ago: timedelta) -> None:
    document = enter(ago=HOUR)
    at = document.issued_at if ago == HOUR else now() - ago
    note_stamp(make_document(Status.STAMPED, issuer=document.issuer, issued_at=at))
    assert the_outage().restored_at is None


def test_the_seal_of_another_issuer_proves_nothing() -> None:
    enter(ago=HOUR)
    note_stamp(make_document(Status.STAMPED, issuer=IssuerFactory.create(), issued_at=now()))
    assert the_outage().restored_at is None


def test_a_late_seal_proves_the_end_and_has_the_rest_asked_about() -> None:
    issuer = IssuerFactory.create()
    document, _other = enter(issuer), enter(issuer)
    before = now()
    note_late_stamp(document)
    outage = the_outage()
    assert outage.restored_by == document
    assert before <= outage.restored_at == outage.seal_seen_at


def test_the_first_proof_of_the_end_stays() -> None:
    issuer = IssuerFactory.create()
    first, second = enter(issuer), enter(issuer)
    note_late_stamp(first)
    proved_at = the_outage().restored_at
    note_late_stamp(second)
    outage = the_outage()
    assert (outage.restored_at, outage.restored_by) == (proved_at, first)
    assert outage.seal_seen_at > proved_at


def test_it_was_not_over_when_another_one_is_issued_without_a_seal() -> None:
    document = enter(ago=HOUR)
    note_stamp(make_document(Status.STAMPED, issuer=document.issuer, issued_at=now() - HOUR / 2))
    enter(document.issuer, ago=HOUR / 4)
    outage = the_outage()
    assert (outage.restored_at, outage.restored_by) == (None, None)


def test_an_older_document_that_arrives_late_does_not_undo_the_end() -> None:
    document = enter(ago=HOUR)
    note_stamp(make_document(Status.STAMPED, issuer=document.issuer, issued_at=now() - HOUR / 2))
    enter(document.issuer, ago=3 * HOUR / 4)
    assert the_outage().restored_at is not None


def test_after_one_is_closed_the_next_document_opens_another() -> None:
    document = enter()
    seal(document)
    look_after(the_outage())
    enter(document.issuer)
    assert (Outage.objects.count(), Outage.objects.open().count()) == (2, 1)


@pytest.mark.parametrize(("number", "status", "outages"), [("", "contingency", 1), ("2026" + "B" * 36, "stamped", 0)])
def test_what_is_accepted_without_a_seal_is_entered_and_nothing_else(number: str, status: str, outages: int) -> None:
    document = make_document(Status.SUBMITTING)
    code = "0" * 8 + "-0000-4000-8000-" + "0" * 12
    accept(document, Identifiers(generation_code=code, control_number="DTE-01-M001P001-" + "9" * 15, seal=number))
    assert document.status == status
    assert Outage.objects.count() == outages


def test_what_is_rolled_back_leaves_no_outage() -> None:
    document = make_document(Status.CONTINGENCY)
    with transaction.atomic():
        note_contingency(document)
        transaction.set_rollback(True)
    assert (Outage.objects.count(), Alert.objects.count()) == (0, 0)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Call all at the same moment; one after the other where all threads share one page cache."""
    if connection.vendor == "sqlite":
        return [act() for act in acts]
    barrier = Barrier(len(acts))

    def start(act: Callable[[], Any]) -> Any:
        try:
            barrier.wait(timeout=20)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(start, acts))


@pytest.mark.parametrize("turn", range(3))
def test_documents_that_enter_at_once_make_one_outage(turn: int) -> None:
    issuer = IssuerFactory.create()
    documents = [make_document(Status.CONTINGENCY, issuer=issuer) for _each in range(8)]
    for document in documents:
        make_attempt(document)
    found = at_once(*(partial(note_contingency, document) for document in documents))
    assert {outage.pk for outage in found} == {the_outage().pk}
    assert {entry.document for entry in OutageDocument.objects.all()} == set(documents)
    assert Alert.objects.count() == 1


@pytest.mark.parametrize("turn", range(5))
def test_a_document_that_enters_while_the_outage_is_closed_is_never_left_in_a_closed_one(turn: int) -> None:
    document = enter()
    seal(document)
    late = make_document(Status.CONTINGENCY, issuer=document.issuer)
    outage = the_outage()
    acts = [partial(note_contingency, late), partial(look_after, outage)]
    at_once(*(acts if turn % 2 else reversed(acts)))
    assert OutageDocument.objects.select_related("outage").get(document=late).outage.is_open


@pytest.mark.parametrize("turn", range(5))
def test_seals_questions_and_new_documents_at_once_do_not_wait_for_each_other(turn: int) -> None:
    issuer = IssuerFactory.create()
    waiting = [enter(issuer) for _each in range(6)]
    arriving = [make_document(Status.CONTINGENCY, issuer=issuer) for _each in range(3)]
    outage = the_outage()
    at_once(
        *(partial(seal, document, show=False) for document in waiting[:4]),
        *(partial(note_contingency, document) for document in arriving),
        partial(ask_about_all, outage),
        partial(look_after, outage),
    )
    assert the_outage().entries.unsealed().count() == 5
    assert the_outage().entries.count() == 9
