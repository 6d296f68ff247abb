import pickle
from base64 import b64encode
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.utils.timezone import now
from django_q.models import OrmQ, Schedule, Task

from config.models import ApiToken, Heartbeat
from config.pages.queue import texts_in
from notifications.models import Reader
from tests.factories.people import make_staff, signed_in

NO_READER = {"reader-TOTAL_FORMS": "0", "reader-INITIAL_FORMS": "0", "ask-reason": "As agreed."}

pytestmark = pytest.mark.django_db


class Bomb:
    """A pickle that touches a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (self.path,))  # type: ignore[return-value]


def store_task(**columns: str) -> None:
    """Put text into the pickled columns as somebody with access to the database could."""
    Task.objects.create(id="a" * 32, name="one", func="x.y", started=now(), stopped=now(), success=False)
    for name, value in columns.items():
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE django_q_task SET {name} = %s", [value])  # noqa: S608 - names of columns


def test_a_failed_task_is_shown_without_loading_its_pickles(tmp_path: Path) -> None:
    bomb = b64encode(pickle.dumps(Bomb(tmp_path / "went-off"))).decode()
    store_task(args=bomb, kwargs=bomb, result=bomb)
    client = signed_in("django_q.view_failure")
    assert client.get("/admin/django_q/failure/").status_code == 200
    assert client.get(f"/admin/django_q/failure/{'a' * 32}/change/").status_code == 200
    assert not (tmp_path / "went-off").exists()


def test_the_trace_of_a_failed_task_is_read_from_the_pickle_as_text() -> None:
    store_task(result=b64encode(pickle.dumps("ValueError : <b>bad</b>")).decode())
    page = signed_in("django_q.view_failure").get(f"/admin/django_q/failure/{'a' * 32}/change/").content.decode()
    assert "ValueError : &lt;b&gt;bad&lt;/b&gt;" in page


@pytest.mark.parametrize(
    "stored", ["", "not base64!", b64encode(b"no pickle").decode(), b64encode(b"\x80\x04").decode()]
)
def test_what_is_no_pickle_has_no_text(stored: str) -> None:
    assert texts_in(stored) == ""


def test_a_schedule_cannot_be_added_or_changed_even_by_a_superuser() -> None:
    schedule = Schedule.objects.create(name="beat", func="config.tasks.beat")
    client = signed_in(is_superuser=True)
    assert client.get("/admin/django_q/schedule/add/").status_code == 403
    answer = client.post(f"/admin/django_q/schedule/{schedule.pk}/change/", {"func": "os.system"})
    assert answer.status_code == 403
    assert Schedule.objects.get().func == "config.tasks.beat"


def test_the_payload_of_a_queued_task_stays_closed() -> None:
    row = OrmQ.objects.create(key="sello", payload="not a signed pickle", lock=now())
    page = signed_in("django_q.view_ormq").get(f"/admin/django_q/ormq/{row.pk}/change/")
    assert page.status_code == 200
    assert "not a signed pickle" not in page.content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "django_q/failure/",
        "django_q/schedule/",
        "django_q/ormq/",
        "django_q/success/",
        "config/apitoken/",
        "config/heartbeat/",
        "auth/user/",
        "auth/group/",
        "admin/logentry/",
    ],
)
def test_a_page_opens_for_its_right_and_for_no_other(address: str) -> None:
    app, model, _end = address.split("/")
    assert Client().get(f"/admin/{address}").status_code == 302
    assert signed_in().get(f"/admin/{address}").status_code == 403
    assert signed_in("smartbill.view_document").get(f"/admin/{address}").status_code == 403
    assert signed_in(f"{app}.view_{model}").get(f"/admin/{address}").status_code == 200


def test_a_silent_worker_is_the_first_thing_on_the_desk(settings: object) -> None:
    Heartbeat.objects.create(name="worker", beat_at="2026-01-01T00:00:00Z")
    Heartbeat.objects.create(name="something else", beat_at="2026-01-01T00:00:00Z")
    first = signed_in(is_superuser=True).get("/admin/").context["urgent"][0]
    assert (str(first.problem.label), first.count) == ("Background work is silent", 1)


def test_jobs_and_hosts_that_are_missed_are_on_the_desk_with_exactly_their_rows() -> None:
    late = [("sello.beat", 200), ("sello.catch_up_events", 2800), ("host:two", 300)]
    well = [("sello.sweep_events", 100), ("sello.sweep_attempts", 170), ("host:one", 200), ("worker", 10)]
    for name, seconds in [*late, *well]:
        Heartbeat.objects.create(name=name, beat_at=now() - timedelta(seconds=seconds))
    client = signed_in("config.view_heartbeat")
    shown = {
        str(card.problem.label): {row.name for row in client.get(card.url).context["cl"].result_list}
        for card in client.get("/admin/").context["urgent"]
    }
    assert shown == {
        "Periodic jobs that do not run": {"sello.beat", "sello.catch_up_events"},
        "Hosts whose worker is silent": {"host:two"},
    }
    page = client.get("/admin/config/heartbeat/").content.decode()
    assert (page.count(">silent<"), page.count(">alive<")) == (3, 4)


def test_rights_that_would_run_code_cannot_be_given() -> None:
    page = signed_in(is_superuser=True).get("/admin/auth/group/add/")
    offered = set(page.context["adminform"].form.fields["permissions"].queryset.values_list("codename", flat=True))
    assert {"view_schedule", "submit_document", "view_customer"} <= offered
    assert offered.isdisjoint({"add_schedule", "change_schedule", "add_customer", "change_webhookendpoint"})


def test_who_may_edit_people_cannot_make_themselves_a_superuser() -> None:
    client = signed_in("auth.view_user", "auth.change_user")
    me = User.objects.get()
    every = [permission.pk for permission in Permission.objects.all()]
    Group.objects.create(name="Finance manager")
    client.post(
        f"/admin/auth/user/{me.pk}/change/",
        {
            "username": "me",
            "is_active": "on",
            "is_staff": "on",
            "is_superuser": "on",
            "user_permissions": every,
            "groups": list(Group.objects.values_list("pk", flat=True)),
            "first_name": "Eve",
            "date_joined_0": "2026-01-01",
            "date_joined_1": "00:00:00",
            **NO_READER,
        },
    )
    me.refresh_from_db()
    assert (me.first_name, me.is_superuser, me.user_permissions.count(), me.groups.count()) == ("Eve", False, 2, 0)


def test_the_language_of_a_persons_mails_is_set_on_their_page_by_whoever_may_edit_people() -> None:
    ana = make_staff()
    address = f"/admin/auth/user/{ana.pk}/change/"
    values = {
        "username": ana.username,
        "is_active": "on",
        "is_staff": "on",
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
        **NO_READER,
        "reader-TOTAL_FORMS": "1",
        "reader-0-user": str(ana.pk),
        "reader-0-language": "ro",
    }
    assert signed_in("auth.view_user").post(address, values).status_code == 403
    assert not Reader.objects.exists()
    assert signed_in("auth.view_user", "auth.change_user").post(address, values).status_code == 302
    assert Reader.objects.get(user=ana).language == "ro"


def test_only_a_superuser_changes_a_superuser() -> None:
    boss = make_staff(is_superuser=True)
    client = signed_in("auth.view_user", "auth.change_user")
    assert client.post(f"/admin/auth/user/{boss.pk}/change/", {"username": "taken"}).status_code == 403
    assert client.get(f"/admin/auth/user/{boss.pk}/password/").status_code == 403


def test_the_secret_of_a_token_is_shown_once_and_not_kept() -> None:
    client = signed_in("config.view_apitoken", "config.add_apitoken")
    page = client.post("/admin/config/apitoken/add/", {"name": "Dashboard", "scopes": ["documents:read"]})
    secret = page.context["token"].secret
    token = ApiToken.objects.get()
    assert secret in page.content.decode()
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    assert (token.name, token.scopes, token.created_by) == ("Dashboard", ["documents:read"], User.objects.get())
    assert secret not in client.get("/admin/config/apitoken/").content.decode()
    assert secret not in client.get(f"/admin/config/apitoken/{token.pk}/change/").content.decode()


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "", "scopes": ["read"]},
        {"name": "x"},
        {"name": "x", "scopes": ["root"]},
        {"name": "x", "scopes": ["read"], "expires_at_0": "2020-01-01", "expires_at_1": "00:00"},
    ],
)
def test_an_incomplete_token_is_not_made(fields: dict[str, object]) -> None:
    page = signed_in("config.view_apitoken", "config.add_apitoken").post("/admin/config/apitoken/add/", fields)
    assert page.context["errors"]
    assert ApiToken.objects.count() == 0


def test_a_token_is_revoked_after_a_question() -> None:
    token = ApiToken.objects.create(name="Old", prefix="sello_abc", token_sha256="0" * 64, scopes=["read"])
    client = signed_in("config.view_apitoken", "config.change_apitoken")
    asked = {"action": "revoke", "_selected_action": [token.pk]}
    page = client.post("/admin/config/apitoken/", asked)
    assert ApiToken.objects.get().revoked_at is None
    client.post("/admin/config/apitoken/", {**asked, "_confirmed": page.context["token"]})
    assert ApiToken.objects.get().revoked_at is not None


def test_a_token_cannot_be_changed() -> None:
    token = ApiToken.objects.create(name="Old", prefix="sello_abc", token_sha256="0" * 64, scopes=["documents:read"])
    client = signed_in("config.view_apitoken", "config.change_apitoken")
    assert client.post(f"/admin/config/apitoken/{token.pk}/change/", {"scopes": ["read"]}).status_code == 403
    assert ApiToken.objects.get().scopes == ["documents:read"]
