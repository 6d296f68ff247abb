"""Where alerts go, in the admin: addresses that cannot be read again, routes by kind, and a test alert."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client

from notifications.models import Alert, AlertRoute, AlertWebhook, Message, WebhookPost
from notifications.services.alert import raise_alert
from notifications.services.rehearse_alert import rehearse_route, rehearse_webhook
from notifications.services.save_webhook import save_webhook
from tests.factories.people import make_staff, signed_in

pytestmark = pytest.mark.django_db
HOOKS, ROUTES = "/admin/notifications/alertwebhook/", "/admin/notifications/alertroute/"
URL = "https://hooks.slack.example/services/T0/B0/very-secret"


@pytest.fixture
def client() -> Client:
    verbs = [f"notifications.{verb}_{model}" for verb in ("view", "add", "change") for model in MODELS]
    return signed_in(*verbs, "notifications.send_test_alert")


MODELS = ("alertwebhook", "alertroute")


def hook(**values: Any) -> AlertWebhook:
    return AlertWebhook.objects.create(**{"name": "Ops", "url": URL, "url_last4": "cret", **values})


def person(name: str, group: str) -> User:
    user = User.objects.create_user(name, email=f"{name}@house.example")
    user.groups.add(Group.objects.get_or_create(name=group)[0])
    return user


def act(client: Client, address: str, row: Any) -> list[str]:
    asked = client.post(address, {"action": "send_test", "index": "0", "_selected_action": [row.pk]})
    token = asked.context["token"]
    fields = {"action": "send_test", "_selected_action": [row.pk], "_confirmed": token}
    done = client.post(address, fields, follow=True)
    return [str(message) for message in done.context["messages"]]


def test_an_address_is_typed_once_sealed_and_never_shown_again(client: Client) -> None:
    values = {"name": "Ops", "new_url": URL, "language": "es", "enabled": "on"}
    assert client.post(f"{HOOKS}add/", values).status_code == 302
    webhook = AlertWebhook.objects.get()
    assert (webhook.url, webhook.hint) == (URL, "hooks.slack.example …cret")
    with connection.cursor() as cursor:
        cursor.execute("SELECT url FROM notifications_alertwebhook")
        assert "secret" not in cursor.fetchone()[0]
    for address in (HOOKS, f"{HOOKS}{webhook.pk}/change/", f"{HOOKS}{webhook.pk}/history/"):
        assert "very-secret" not in client.get(address).content.decode()
    client.post(f"{HOOKS}{webhook.pk}/change/", {**values, "new_url": "", "name": "Operations"})
    webhook.refresh_from_db()
    assert (webhook.name, webhook.url) == ("Operations", URL)


@pytest.mark.parametrize("url", ["", "http://hooks.slack.example/x", "https://10.0.0.1/x", "https://localhost/x"])
def test_an_address_that_may_not_be_called_is_not_kept(client: Client, url: str, settings: Any) -> None:
    settings.SELLO_SANDBOX = False
    page = client.post(f"{HOOKS}add/", {"name": "Ops", "new_url": url, "language": "en", "enabled": "on"})
    assert "new_url" in page.context["adminform"].form.errors
    assert not AlertWebhook.objects.exists()
    if url:
        with pytest.raises(ValidationError):
            save_webhook(AlertWebhook(name="Ops"), url=url, actor=make_staff(is_superuser=True))


def test_a_route_leads_somewhere_and_takes_the_place_of_the_usual_groups(client: Client) -> None:
    person("ana", "Finance manager")
    person("otto", "Night watch")
    group = Group.objects.get(name="Night watch")
    page = client.post(f"{ROUTES}add/", {"kind": "breaker_open", "group": "", "webhook": "", "enabled": "on"})
    assert "Name a group, a webhook, or both." in page.content.decode()
    assert (
        client.post(
            f"{ROUTES}add/", {"kind": "breaker_open", "group": group.pk, "webhook": "", "enabled": "on"}
        ).status_code
        == 302
    )
    raise_alert(kind="breaker_open", key="acme")
    assert list(Message.objects.values_list("recipient", flat=True)) == ["otto@house.example"]
    raise_alert(kind="dead_letters", key="events")
    assert Message.objects.filter(recipient="ana@house.example").count() == 1
    route = AlertRoute.objects.get()
    assert client.post(f"{ROUTES}{route.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(f"{ROUTES}{route.pk}/change/", {"kind": "breaker_open", "group": group.pk, "webhook": ""})
    raise_alert(kind="breaker_open", key="other")
    assert Message.objects.filter(recipient="ana@house.example").count() == 2


def test_the_same_route_is_not_made_twice(client: Client) -> None:
    group = Group.objects.create(name="Operator")
    for expected in (302, 200):
        assert (
            client.post(f"{ROUTES}add/", {"kind": "", "group": group.pk, "webhook": "", "enabled": "on"}).status_code
            == expected
        )
    assert AlertRoute.objects.count() == 1


def test_a_test_alert_goes_exactly_where_the_route_leads_and_stands_on_no_desk(client: Client) -> None:
    person("otto", "Night watch")
    person("ana", "Operator")
    route = AlertRoute.objects.create(kind="breaker_open", group=Group.objects.get(name="Night watch"), webhook=hook())
    assert act(client, ROUTES, route) == [f"{route}: queued"]
    alert = Alert.objects.get()
    assert (alert.kind, alert.resolved_at is not None, alert.told) == ("test", True, 2)
    assert list(Message.objects.values_list("recipient", flat=True)) == ["otto@house.example"]
    assert WebhookPost.objects.get().alert == alert


def test_a_test_alert_to_a_webhook_is_one_post(client: Client) -> None:
    webhook = hook()
    assert act(client, HOOKS, webhook) == ["Ops: queued; the list of posts says when"]
    assert (WebhookPost.objects.count(), Message.objects.count()) == (1, 0)
    webhook.enabled = False
    webhook.save()
    assert act(client, HOOKS, webhook) == ["Ops: refused. The webhook is switched off."]


def test_a_test_that_would_reach_nobody_says_so() -> None:
    boss = make_staff(is_superuser=True)
    route = AlertRoute.objects.create(group=Group.objects.create(name="Empty"))
    with pytest.raises(ValidationError, match="Nobody of this group"):
        rehearse_route(route, actor=boss)
    with pytest.raises(ValidationError, match="switched off"):
        rehearse_route(AlertRoute.objects.create(webhook=hook(enabled=False)), actor=boss)
    assert not Alert.objects.exists()


def test_without_the_right_nothing_is_sent_and_nothing_saved() -> None:
    webhook = hook()
    route = AlertRoute.objects.create(webhook=webhook)
    for actor in (make_staff("notifications.view_alertwebhook"), None):
        with pytest.raises(PermissionDenied):
            rehearse_webhook(webhook, actor=actor)
        with pytest.raises(PermissionDenied):
            rehearse_route(route, actor=actor)
        with pytest.raises(PermissionDenied):
            save_webhook(webhook, url=URL, actor=actor)
    reader = signed_in("notifications.view_alertwebhook", "notifications.view_alertroute")
    assert reader.post(f"{HOOKS}add/", {"name": "x"}).status_code == 403
    asked = {"action": "send_test", "index": "0", "_selected_action": [webhook.pk]}
    assert reader.post(HOOKS, asked).status_code == 403
    assert not WebhookPost.objects.exists()


def test_a_webhook_whose_last_post_was_given_up_is_on_the_desk(client: Client) -> None:
    webhook = hook()
    alert = Alert.objects.create(kind="test", key="1")
    post = WebhookPost.objects.create(
        alert=alert, webhook=webhook, moment="raised", status="failed", last_error="HTTP 404"
    )
    labels = [str(card.problem.label) for card in client.get("/admin/").context["urgent"]]
    assert "Webhooks that take no alerts" in labels
    assert client.get(f"{HOOKS}?problem=failing").context["cl"].result_count == 1
    WebhookPost.objects.create(alert=alert, webhook=webhook, moment="resolved", status="sent")
    assert client.get(f"{HOOKS}?problem=failing").context["cl"].result_count == 0
    assert post.pk
