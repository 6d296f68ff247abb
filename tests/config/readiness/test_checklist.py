"""What is missing before going live: each point by what is stored, the same for the page and for the command."""

from collections.abc import Callable
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils.timezone import now
from pytest_django.fixtures import Settings

from config.heartbeat import WORKER, beat
from config.models import Heartbeat, Record
from config.provisioning.groups import set_groups
from config.provisioning.schedules import set_schedules
from config.readiness import Item, State, checklist
from config.records import record
from notifications.models import Alert, AlertRoute, AlertWebhook, WebhookPost
from smartbill.models import ApiKey, Issuer
from tests.factories.billing import InboundEventFactory, StripeEndpointFactory
from tests.factories.documents import make_document
from tests.factories.notifications import MessageFactory
from tests.factories.people import make_staff, signed_in
from tests.factories.smartbill import ApiKeyFactory, IssuerFactory

pytestmark = pytest.mark.django_db
PAGE = "/admin/readiness/"


def point(key: str) -> Item:
    found = [item for section in checklist() for item in section.items if item.key == key]
    assert len(found) == 1, key
    return found[0]


def state(key: str) -> State:
    return point(key).state


def test_an_empty_house_lacks_everything_and_guesses_nothing() -> None:
    states = {item.key: item.state for section in checklist() for item in section.items}
    missing = {key for key, found in states.items() if found == State.MISSING}
    assert {"issuers", "worker", "schedules", "groups", "deciders", "alerts", "https"} <= missing
    assert {key for key, found in states.items() if found == State.UNKNOWN} == {
        "stripe_account",
        "mail_works",
        "mail_domain",
        "backup",
    }


def test_every_point_that_is_not_ready_says_why_it_matters_and_how_it_is_mended() -> None:
    IssuerFactory.create()
    for section in checklist():
        for item in section.items:
            assert str(item.title), item.key
            assert str(item.found), item.key
            assert str(item.why), item.key
            assert item.state == State.READY or item.url or item.command, item.key


@pytest.mark.parametrize("field", ["nrc", "activity_code", "department", "phone"])
def test_an_issuer_without_its_data_is_named_with_the_field(field: str) -> None:
    issuer = IssuerFactory.create(slug="acme", **{field: ""})
    found = point("data:acme")
    assert (found.state, str(Issuer._meta.get_field(field).verbose_name) in str(found.found)) == (State.MISSING, True)
    Issuer.objects.filter(pk=issuer.pk).update(**{field: "1"})


@pytest.mark.parametrize(
    ("zone", "expected"),
    [("America/El_Salvador", State.READY), ("UTC", State.MISSING), ("Nowhere/At_All", State.MISSING)],
)
def test_the_zone_of_an_issuer_is_that_of_its_country(zone: str, expected: State) -> None:
    IssuerFactory.create(slug="acme", country="SV", time_zone=zone)
    assert state("zone:acme") == expected


def test_keys_are_told_by_their_roles() -> None:
    issuer = IssuerFactory.create(slug="acme")
    assert state("keys:acme") == State.MISSING
    key = ApiKeyFactory.create(issuer=issuer, role="transmitter")
    assert (state("keys:acme"), "role manager" in str(point("keys:acme").found)) == (State.MISSING, True)
    ApiKey.objects.filter(pk=key.pk).update(role="manager")
    assert state("keys:acme") == State.READY
    ApiKey.objects.filter(pk=key.pk).update(replace_on=date(2020, 1, 1))
    assert state("keys:acme") == State.ADVISED
    ApiKey.objects.filter(pk=key.pk).update(stopped_at=now())
    assert state("keys:acme") == State.MISSING


def test_whether_a_key_is_taken_is_known_from_calls_or_from_a_check() -> None:
    key = ApiKeyFactory.create(issuer=IssuerFactory.create(slug="acme"), label="Main")
    assert state("account:acme") == State.UNKNOWN
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=now() - timedelta(hours=1))
    assert state("account:acme") == State.READY
    record("connection:SmartBill acme/Main", is_good=False, detail="NOT AUTHORISED")
    assert state("account:acme") == State.MISSING


def test_an_endpoint_needs_a_secret_its_issuers_mode_and_an_event() -> None:
    issuer = IssuerFactory.create(slug="acme", livemode=False)
    assert state("endpoint:acme") == State.MISSING
    endpoint = StripeEndpointFactory.create(issuer=issuer, livemode=False)
    key = f"endpoint:{endpoint.pk}"
    assert (state(key), f"/stripe/webhook/{endpoint.uuid}/" in str(point(key).found)) == (State.UNKNOWN, True)
    InboundEventFactory(endpoint=endpoint)
    assert state(key) == State.READY
    endpoint.livemode = True
    endpoint.save()
    assert state(key) == State.MISSING
    endpoint.livemode, endpoint.secrets = False, " \n"
    endpoint.save()
    assert state(key) == State.MISSING


def test_a_lost_encryption_key_is_told_and_breaks_no_other_point(settings: Settings) -> None:
    issuer = IssuerFactory.create(slug="acme")
    ApiKeyFactory.create(issuer=issuer)
    endpoint = StripeEndpointFactory.create(issuer=issuer)
    assert state("sealed") == State.READY
    old = settings.FIELD_ENCRYPTION_KEYS
    settings.FIELD_ENCRYPTION_KEYS = ["another-key-that-protects-nothing-either-0123456789", *old]
    assert state("sealed") == State.ADVISED
    settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEYS[:1]
    assert (state("sealed"), state(f"endpoint:{endpoint.pk}")) == (State.MISSING, State.MISSING)


def test_the_series_is_seen_on_what_was_issued() -> None:
    issuer = IssuerFactory.create(slug="acme")
    assert state("series:acme") == State.UNKNOWN
    document = make_document("stamped", issuer=issuer)
    assert (state("series:acme"), str(point("series:acme").found)) == (State.READY, document.control_number)


def test_worker_schedules_and_jobs_are_seen_by_their_signs_of_life() -> None:
    set_schedules()
    beat(WORKER)
    assert [state(key) for key in ("worker", "schedules", "jobs")] == [State.READY] * 3
    Heartbeat.objects.update(beat_at=now() - timedelta(days=1))
    assert [state(key) for key in ("worker", "schedules", "jobs")] == [State.MISSING, State.READY, State.MISSING]


def test_a_backup_is_what_the_script_recorded() -> None:
    call_command("record_backup", "--detail", "42 GB", stdout=StringIO())
    assert (state("backup"), "42 GB" in str(point("backup").found)) == (State.READY, True)
    call_command("record_backup", "--failed", stdout=StringIO())
    assert state("backup") == State.MISSING
    Record.objects.all().delete()
    made = (now() - timedelta(hours=30)).isoformat()
    call_command("record_backup", "--made-at", made, stdout=StringIO())
    assert state("backup") == State.MISSING


@pytest.mark.parametrize(
    "made_at", ["yesterday", "2026-11-21T10:00:00", "2999-01-01T00:00:00Z", "2026-13-01T00:00:00Z"]
)
def test_a_time_that_cannot_be_is_not_recorded(made_at: str) -> None:
    with pytest.raises(CommandError):
        call_command("record_backup", "--made-at", made_at, stdout=StringIO())
    assert not Record.objects.exists()


def test_groups_are_as_provisioned_or_named() -> None:
    set_groups()
    assert state("groups") == State.READY
    Group.objects.get(name="Auditor").permissions.clear()
    assert (state("groups"), "Auditor" in str(point("groups").found)) == (State.MISSING, True)


def test_two_people_decide_where_an_issuer_asks_for_a_second_one() -> None:
    set_groups()
    issuer = IssuerFactory.create(second_person_above=None)
    first, second = make_staff(), make_staff()
    first.groups.add(Group.objects.get(name="Finance manager"))
    assert state("deciders") == State.READY
    Issuer.objects.filter(pk=issuer.pk).update(second_person_above=1000)
    assert state("deciders") == State.MISSING
    second.groups.add(Group.objects.get(name="Finance director"))
    assert state("deciders") == State.READY


def test_alerts_that_nobody_would_get_are_named_until_a_webhook_takes_them() -> None:
    assert state("alerts") == State.MISSING
    webhook = AlertWebhook.objects.create(name="Ops", url="https://hooks.slack.example/x", url_last4="le/x")
    AlertRoute.objects.create(webhook=webhook)
    key = f"webhook:{webhook.pk}"
    assert (state("alerts"), state(key)) == (State.READY, State.UNKNOWN)
    alert = Alert.objects.create(kind="test", key="1")
    post = WebhookPost.objects.create(
        alert=alert, webhook=webhook, moment="raised", status="failed", last_error="HTTP 404"
    )
    assert (state(key), point(key).found) == (State.MISSING, "HTTP 404")
    WebhookPost.objects.filter(pk=post.pk).update(status="sent")
    assert state(key) == State.READY


def test_mail_is_judged_by_what_left(settings: Settings) -> None:
    assert state("mail_works") == State.UNKNOWN
    MessageFactory.create(status="sent", sent_at=now())
    assert state("mail_works") == State.READY
    MessageFactory.create(attempts=2, next_at=now() + timedelta(hours=1), last_error="HTTP 401")
    assert state("mail_works") == State.MISSING
    settings.EMAIL_BACKEND = "notifications.backends.files.FileBackend"
    assert state("mail_settings") == State.MISSING


@pytest.mark.parametrize(
    ("key", "expected"), [("", State.MISSING), ("sk_live_1", State.ADVISED), ("rk_live_1", State.READY)]
)
def test_stripes_key_is_best_a_restricted_one_and_never_shown(settings: Settings, key: str, expected: State) -> None:
    settings.STRIPE_API_KEY = key
    assert state("stripe_key") == expected
    assert not key or key not in str(point("stripe_key"))


def test_the_page_and_the_command_tell_the_same(settings: Settings) -> None:
    IssuerFactory.create(slug="acme")
    client = signed_in("config.view_readiness")
    page = client.get(PAGE)
    shown = [row["item"] for _title, rows in page.context["sections"] for row in rows]
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("check_connections", "database", "--live", stdout=out)
    told = out.getvalue()
    for item in shown:
        assert f"{item.title}: {item.found}" in told
    text = page.content.decode()
    assert page.status_code == 200
    assert "/admin/smartbill/issuer/" in text
    assert settings.STRIPE_API_KEY not in text
    assert settings.STRIPE_API_KEY not in told


def test_the_command_ends_well_while_what_is_missing_is_only_told() -> None:
    out = StringIO()
    call_command("check_connections", "database", stdout=out)
    assert "Before going live" not in out.getvalue()


@pytest.mark.parametrize(
    ("browser", "status"),
    [(lambda: Client(), 302), (lambda: signed_in(), 403), (lambda: signed_in("config.view_heartbeat"), 403)],
)
def test_the_page_is_for_its_right(browser: Callable[[], Client], status: int) -> None:
    client = browser()
    assert client.get(PAGE).status_code == status
    if status == 403:
        assert PAGE not in client.get("/admin/").content.decode()


def test_who_has_the_right_finds_it_in_the_menu() -> None:
    assert PAGE in signed_in("config.view_readiness").get("/admin/").content.decode()


def test_the_page_asks_nobody_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any, **_more: Any) -> Any:
        raise AssertionError("it called outside")

    monkeypatch.setattr("socket.getaddrinfo", refuse)
    assert signed_in("config.view_readiness").get(PAGE).status_code == 200
