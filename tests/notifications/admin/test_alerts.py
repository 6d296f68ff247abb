"""Alerts in the admin: to read, told on the desk while they go on."""

import pytest
from django.urls import reverse

from notifications.models import Alert
from notifications.services.alert import raise_alert, resolve_alert
from tests.factories.people import signed_in

pytestmark = pytest.mark.django_db
LIST = "/admin/notifications/alert/"
CONTEXT = {"name": "<b>Acme</b>", "why": "3 unknown", "path": "/admin/smartbill/issuer/1/change/"}


@pytest.fixture
def alert() -> Alert:
    raise_alert(kind="breaker_open", key="acme", context=CONTEXT)
    return Alert.objects.get()


def test_the_desk_counts_the_open_ones_until_they_are_over(alert: Alert):
    client = signed_in("notifications.view_alert")

    def told() -> list[tuple[str, int]]:
        return [(str(card.problem.label), card.count) for card in client.get("/admin/").context["urgent"]]

    assert told() == [("Open alerts", 1), ("Alerts that were not mailed", 1)]
    Alert.objects.update(told=2)
    assert told() == [("Open alerts", 1)]
    resolve_alert(kind="breaker_open", key="acme")
    assert told() == []


def test_the_page_says_what_happened_and_leads_to_the_matter(alert: Alert):
    client = signed_in("notifications.view_alert")
    text = client.get(reverse("admin:notifications_alert_change", args=[alert.pk])).content.decode()
    for words in (
        "Sending is stopped for an account",
        "Nothing is lost: the documents wait.",
        "3 unknown",
        '<a href="/admin/smartbill/issuer/1/change/">',
        "&lt;b&gt;Acme&lt;/b&gt;",
    ):
        assert words in text, words
    assert "<b>Acme</b>" not in text


def test_nobody_changes_adds_or_deletes_one(alert: Alert):
    client = signed_in(
        *(f"notifications.{right}_alert" for right in ("view", "change", "add", "delete")), is_superuser=False
    )
    page = reverse("admin:notifications_alert_change", args=[alert.pk])
    assert client.post(page, {"key": "other"}).status_code == 403
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(reverse("admin:notifications_alert_delete", args=[alert.pk]), {"post": "yes"}).status_code == 403
    alert.refresh_from_db()
    assert (alert.key, alert.resolved_at) == ("acme", None)


def test_it_is_closed_to_those_without_the_right(alert: Alert):
    assert signed_in().get(LIST).status_code == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [("", 2), ("?kind=breaker_open", 1), ("?kind=worker_stuck", 1), ("?problem=open", 1), ("?kind=nonsense", 2)],
)
def test_the_list_is_narrowed_by_kind_and_by_what_is_open(alert: Alert, query: str, found: int):
    raise_alert(kind="worker_stuck", key="sello.beat")
    resolve_alert(kind="breaker_open", key="acme")
    answer = signed_in("notifications.view_alert").get(LIST + query)
    assert len(answer.context["cl"].result_list) == found


def test_the_queries_of_the_list_do_not_grow(django_assert_num_queries):
    client = signed_in("notifications.view_alert")
    raise_alert(kind="worker_stuck", key="1")
    with django_assert_num_queries(6):
        client.get(LIST)
    for number in range(2, 20):
        raise_alert(kind="worker_stuck", key=str(number))
    with django_assert_num_queries(6):
        client.get(LIST)
