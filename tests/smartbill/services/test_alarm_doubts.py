"""A doubt that lasts is told at 15 minutes and at 4 hours, once each, and its end is told."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from notifications.models import Alert
from smartbill.lifecycle import Status
from smartbill.models import Document, DoubtAlarm
from smartbill.services.alarm_doubts import alarm_doubts, alarms_due
from tests.factories.documents import make_document

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def doubted(minutes, status=Status.UNKNOWN):
    return make_document(status, status_since=now() - minutes * MINUTE)


def rung(document):
    open_alerts = Alert.objects.filter(key=f"document:{document.pk}", resolved_at=None)
    return sorted(open_alerts.values_list("kind", flat=True))


@pytest.mark.parametrize("status", [Status.UNKNOWN, Status.INVALIDATION_UNKNOWN])
@pytest.mark.parametrize(
    ("minutes", "kinds"),
    [(14, []), (16, ["unknown_old"]), (239, ["unknown_old"]), (241, ["unknown_old", "unknown_very_old"])],
)
def test_it_rings_by_its_age(status, minutes, kinds):
    document = doubted(minutes, status)
    assert alarms_due(now()) is bool(kinds)
    alarm_doubts()
    assert rung(document) == kinds
    assert not alarms_due(now())


@pytest.mark.parametrize("status", sorted(set(Status.values) - {Status.UNKNOWN, Status.INVALIDATION_UNKNOWN}))
def test_other_states_never_ring(status):
    doubted(10_000, status)
    assert not alarms_due(now())


def test_it_rings_once_however_often_it_is_looked_at():
    document = doubted(20)
    for _time in range(3):
        alarm_doubts()
    assert rung(document) == ["unknown_old"]
    assert DoubtAlarm.objects.count() == Alert.objects.count() == 1


def test_its_end_is_told_once():
    document = doubted(300)
    alarm_doubts()
    document.move_to(Status.READY)
    assert alarms_due(now())
    alarm_doubts()
    assert rung(document) == []
    assert not alarms_due(now())
    assert not DoubtAlarm.objects.open().exists()


def test_a_later_doubt_of_the_same_document_has_its_own_alarm():
    document = doubted(20)
    alarm_doubts()
    Document.objects.filter(pk=document.pk).update(status_since=now() - 16 * MINUTE)
    alarm_doubts()
    assert rung(document) == ["unknown_old"]
    assert [alarm.ended_at is None for alarm in DoubtAlarm.objects.order_by("id")] == [False, True]


def test_what_is_told_names_no_customer_and_leads_to_the_evidence():
    document = doubted(20)
    alarm_doubts()
    alert = Alert.objects.get()
    assert alert.context["path"] == f"/admin/smartbill/document/{document.pk}/evidence/"
    assert document.reference in str(alert)
    assert not any(document.customer_name in str(value) for value in alert.context.values())


def test_looking_costs_the_same_few_queries_whatever_waits(django_assert_num_queries):
    for _number in range(5):
        doubted(20)
        make_document(Status.STAMPED)
    alarm_doubts()
    with django_assert_num_queries(3):
        assert not alarms_due(now())
