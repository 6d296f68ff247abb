"""One document is asked about often, the rest seldom, and all at once when a seal is seen."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.timezone import now

from smartbill.errors import PreconditionFailed
from smartbill.lifecycle import Status
from smartbill.models import Document, Outage
from smartbill.services.outage_probe import (
    ask_about_all,
    choose_probe,
    is_wave_due,
    next_question,
    queue_outage_readings,
)
from tests.factories.documents import make_document
from tests.factories.outages import enter, seal, the_outage
from tests.factories.people import make_staff
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def wait(document: Document) -> timedelta:
    return next_question(document) - now() + timedelta(seconds=1)


@pytest.mark.parametrize(("tries", "seconds"), [(0, 60), (1, 120), (2, 300), (3, 600), (4, 900), (40, 900)])
def test_the_probe_is_asked_about_often(tries: int, seconds: int) -> None:
    document = enter()
    document.tries = tries
    assert int(wait(document).total_seconds()) == seconds


def test_after_a_day_the_probe_is_asked_about_every_hour() -> None:
    document = enter()
    document.tries = 9
    Outage.objects.update(seal_seen_at=now() - DAY - MINUTE)
    assert int(wait(document).total_seconds()) == 3600


def test_the_rest_is_asked_about_once_an_hour() -> None:
    issuer = IssuerFactory.create()
    enter(issuer)
    assert int(wait(enter(issuer)).total_seconds()) == 3600


def test_a_thousand_documents_are_asked_about_four_times_a_minute_in_all(django_assert_max_num_queries) -> None:
    issuer = IssuerFactory.create()
    documents = [enter(issuer)]
    outage = the_outage()
    plain = [make_document(Status.CONTINGENCY, issuer=issuer) for _each in range(999)]
    outage.entries.model.objects.bulk_create(outage.entries.model(outage=outage, document=each) for each in plain)
    documents += plain
    with django_assert_max_num_queries(2):
        asked_after = wait(documents[-1])
    assert int(asked_after.total_seconds()) == 1000 * 15


def test_a_document_outside_any_outage_is_asked_about_often() -> None:
    document = make_document(Status.CONTINGENCY)
    assert int(wait(document).total_seconds()) == 60


def test_when_the_probe_has_its_seal_the_oldest_that_waits_is_the_next() -> None:
    issuer = IssuerFactory.create()
    first, second, third = (enter(issuer) for _each in range(3))
    Document.objects.update(next_at=now() + HOUR, tries=7)
    seal(first, show=False)
    choose_probe(the_outage())
    assert the_outage().probe == second
    second.refresh_from_db()
    assert second.tries == 0
    assert second.next_at <= now() + MINUTE
    third.refresh_from_db()
    assert third.tries == 7


def test_a_document_that_the_provider_does_not_find_is_no_probe_while_there_is_another() -> None:
    issuer = IssuerFactory.create()
    first, second = enter(issuer), enter(issuer)
    Document.objects.filter(pk=first.pk).update(difference="The provider no longer knows it.")
    choose_probe(the_outage())
    assert the_outage().probe == second
    Document.objects.filter(pk=second.pk).update(difference="Neither.")
    choose_probe(the_outage())
    assert the_outage().probe == first


def test_a_seal_has_all_the_others_asked_about_at_once_and_no_other_issuers() -> None:
    issuer = IssuerFactory.create()
    first, second, third = (enter(issuer) for _each in range(3))
    stranger = enter()
    Document.objects.update(next_at=now() + HOUR)
    seal(first, show=False)
    outage = Outage.objects.get(issuer=issuer)
    assert is_wave_due(outage, now())
    assert set(ask_about_all(outage)) == {second.pk, third.pk}
    due = set(Document.objects.due(now()).filter(status=Status.CONTINGENCY))
    assert due == {second, third}
    assert stranger not in due


def test_while_seals_arrive_one_by_one_all_are_asked_about_every_five_minutes() -> None:
    issuer = IssuerFactory.create()
    first, second, _third = (enter(issuer) for _each in range(3))
    seal(first, show=False)
    ask_about_all(the_outage())
    assert not is_wave_due(the_outage(), now() + 10 * MINUTE)
    seal(second, show=False)
    assert not is_wave_due(the_outage(), now())
    assert is_wave_due(the_outage(), now() + 5 * MINUTE)


@pytest.mark.parametrize(
    ("day", "hour", "is_due"), [(31, 23, False), (1, 0, True), (2, 12, True), (3, 23, True), (4, 0, False)]
)
def test_on_the_first_three_days_of_a_month_all_are_asked_about(day: int, hour: int, is_due: bool) -> None:
    enter()
    zone = ZoneInfo("America/El_Salvador")
    month = 12 if day == 31 else 1
    at = datetime(2026 if month == 12 else 2027, month, day, hour, 30, tzinfo=zone)
    outage = the_outage()
    outage.opened_at = datetime(2026, 12, 20, tzinfo=UTC)
    assert is_wave_due(outage, at) is is_due
    outage.drained_at = at
    assert not is_wave_due(outage, at + 10 * MINUTE)


def test_a_person_has_all_asked_about_and_each_page_says_who() -> None:
    issuer = IssuerFactory.create()
    documents = [enter(issuer) for _each in range(2)]
    Document.objects.update(next_at=now() + HOUR)
    person = make_staff("smartbill.submit_document")
    queue_outage_readings(the_outage(), actor=person)
    assert Document.objects.due(now()).count() == 2
    assert [document.events.get().actor for document in documents] == [person, person]


def test_whoever_may_not_send_may_not_ask() -> None:
    enter()
    Document.objects.update(next_at=now() + HOUR)
    with pytest.raises(PermissionDenied):
        queue_outage_readings(the_outage(), actor=make_staff("smartbill.view_outage"))
    assert Document.objects.due(now()).count() == 0


def test_there_is_nothing_to_ask_when_all_have_their_seal(admin_user) -> None:
    seal(enter(), show=False)
    with pytest.raises(PreconditionFailed):
        queue_outage_readings(the_outage(), actor=admin_user)
