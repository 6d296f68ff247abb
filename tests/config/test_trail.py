"""The trail of configuration: nothing goes around it, nobody edits it, and no secret stands in it."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from config.models import ApiToken, Change
from config.tokens import make_token, revoke_token
from config.trail import acting
from config.trail_triggers import WATCHED, install_trail
from smartbill.models import Holiday, Issuer
from tests.factories.billing import StripeEndpointFactory
from tests.factories.people import make_staff, signed_in
from tests.factories.rules import make_rule
from tests.factories.smartbill import ApiKeyFactory, IssuerFactory

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script> {{ x }} ' OR 1=1 --"
LIST = "/admin/config/change/"


def told(kind: str, row: object) -> list[Change]:
    return list(Change.objects.filter(kind=kind, row=str(row)).order_by("id"))


def differences(change: Change) -> dict[str, tuple[str, str]]:
    return {
        name: (change.before[name], change.after[name])
        for name in change.after
        if change.before[name] != change.after[name]
    }


def test_every_way_into_a_table_is_written_down() -> None:
    holiday = Holiday.objects.create(on="2027-01-02", scope="general", name="Decree 1")
    holiday.name = "Decree 2"
    holiday.save()
    Holiday.objects.filter(pk=holiday.pk).update(name="Decree 3")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE smartbill_holiday SET name = 'Decree 4' WHERE id = %s", [holiday.pk])
        cursor.execute("DELETE FROM smartbill_holiday WHERE id = %s", [holiday.pk])
    rows = told("smartbill.holiday", holiday.pk)
    assert [row.operation for row in rows] == ["added", "changed", "changed", "changed", "removed"]
    assert [differences(row) for row in rows[1:4]] == [
        {"name": (f"Decree {number}", f"Decree {number + 1}")} for number in (1, 2, 3)
    ]
    assert (rows[0].before, rows[0].after["name"]) == (None, "Decree 1")
    assert (rows[4].before["name"], rows[4].after) == ("Decree 4", None)


def test_who_and_why_stand_beside_and_last_no_longer_than_the_act() -> None:
    ana, issuer = make_staff(), IssuerFactory.create()
    with acting(ana, reason="  Moved\n house "):
        Issuer.objects.update(address="New street")
        with acting("manage.py provision", reason="acme.toml"):
            Issuer.objects.update(phone="1")
        Issuer.objects.update(phone="2")
    Issuer.objects.update(phone="3")
    rows = told("smartbill.issuer", issuer.pk)[1:]
    assert [(row.actor, row.actor_key, row.reason) for row in rows] == [
        (ana.username, str(ana.pk), "Moved house"),
        ("manage.py provision", "", "acme.toml"),
        (ana.username, str(ana.pk), "Moved house"),
        ("", "", ""),
    ]


def test_what_failed_leaves_nobody_behind() -> None:
    IssuerFactory.create()

    def fail() -> None:
        with acting(make_staff(), reason="Oops"):
            Issuer.objects.update(phone="1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    Issuer.objects.update(phone="2")
    last = Change.objects.filter(kind="smartbill.issuer").first()
    assert (last.actor, last.before["phone"] == "1", last.after["phone"]) == ("", False, "2")


def test_what_changes_nothing_leaves_nothing() -> None:
    token, _secret = make_token(name="Dashboard", scopes=["read"])
    person = make_staff()
    before = Change.objects.count()
    ApiToken.objects.update(name="Dashboard", last_used_at="2026-01-01T00:00Z")
    User.objects.filter(pk=person.pk).update(last_login="2026-01-01T00:00Z")
    assert Change.objects.count() == before
    revoke_token(token)
    assert Change.objects.count() == before + 1


def test_no_secret_stands_in_the_trail() -> None:
    key = ApiKeyFactory.create(private_key="prv_one")
    key.private_key = "prv_two"
    key.save()
    endpoint = StripeEndpointFactory.create(secrets="whsec_one")
    person = User.objects.create_user("bea", password="a long and dull passphrase")
    token, secret = make_token(name="Dashboard", scopes=["read"])
    text = " ".join(f"{row.before} {row.after}" for row in Change.objects.all())
    for hidden in ("prv_", "whsec_", "v1:", person.password, token.token_sha256, secret):
        assert hidden not in text
    assert differences(told("smartbill.apikey", key.pk)[1])["private_key"] == ("•••", "••• (replaced)")
    assert told("billing.stripeendpoint", endpoint.pk)[0].after["secrets"] == "•••"


def test_groups_and_rights_are_told_of_the_person_and_of_the_group() -> None:
    ana, group = make_staff(), Group.objects.create(name="Night shift")
    right = Permission.objects.get(codename="view_sale")
    with acting("manage.py provision", reason="x.toml"):
        ana.groups.add(group)
        group.permissions.add(right)
        ana.groups.remove(group)
    of_ana = [row for row in told("auth.user", ana.pk) if row.table == "auth_user_groups"]
    assert [(row.operation, (row.after or row.before)["group_id"]) for row in of_ana] == [
        ("added", str(group.pk)),
        ("removed", str(group.pk)),
    ]
    assert [row.after.get("permission_id") for row in told("auth.group", group.pk)] == [None, str(right.pk)]
    page = signed_in("auth.view_user").get(f"/admin/auth/user/{ana.pk}/history/").content.decode()
    assert "Night shift" in page


def test_nobody_edits_the_trail() -> None:
    Holiday.objects.create(on="2027-01-02", scope="general", name="Decree 1")
    for act in (
        lambda: Change.objects.update(actor="somebody else"),
        *([lambda: Change.objects.all().delete()] if connection.vendor == "postgresql" else []),
    ):
        with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
            act()
    client = signed_in(is_superuser=True)
    row = Change.objects.first()
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{row.pk}/change/", {"actor": "x"}).status_code == 403
    assert client.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(LIST).context["cl"].formset is None


def test_a_table_whose_trigger_is_gone_has_it_again_after_migrate() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'sello_trail_smartbill_holiday%'")
            cursor.execute(f'DROP TRIGGER "{cursor.fetchone()[0]}" ON smartbill_holiday')
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE name LIKE 'sello_trail_smartbill_holiday%'")
            for (name,) in cursor.fetchall():
                cursor.execute(f'DROP TRIGGER "{name}"')
    Holiday.objects.create(on="2027-01-02", scope="general", name="Unseen")
    assert not Change.objects.filter(kind="smartbill.holiday").exists()
    install_trail("default")
    install_trail("default")
    Holiday.objects.create(on="2027-01-03", scope="general", name="Seen")
    assert Change.objects.filter(kind="smartbill.holiday").count() == 1


def test_a_form_of_the_set_up_is_not_stored_without_a_reason() -> None:
    holiday = Holiday.objects.create(on="2027-01-02", scope="general", name="Decree 1")
    client = signed_in("smartbill.view_holiday", "smartbill.change_holiday")
    address = f"/admin/smartbill/holiday/{holiday.pk}/change/"
    values: dict[str, Any] = {"country": "SV", "on": "2027-01-02", "scope": "general", "name": HOSTILE}
    assert client.post(address, values).status_code == 200
    assert client.post(address, {**values, "ask-reason": "  "}).status_code == 200
    holiday.refresh_from_db()
    assert holiday.name == "Decree 1"
    assert client.post(address, {**values, "ask-reason": f"Because {HOSTILE}"}).status_code == 302
    row = told("smartbill.holiday", holiday.pk)[-1]
    person = User.objects.get()
    assert (row.actor_key, row.reason) == (str(person.pk), f"Because {HOSTILE}")
    for page in (
        client.get(f"/admin/smartbill/holiday/{holiday.pk}/history/"),
        signed_in("config.view_change").get(LIST),
    ):
        text = page.content.decode()
        assert "&lt;script&gt;alert(1)" in text
        assert "<script>alert(1)" not in text
        assert "Decree 1" in text


def test_a_rule_that_is_switched_has_its_reason_in_the_trail() -> None:
    rule = make_rule(IssuerFactory.create())
    client = signed_in("billing.view_rule", "billing.switch_rule")
    data = {"action": "switch_off", "_selected_action": [rule.pk]}
    token = client.post("/admin/billing/rule/", data).context["token"]
    client.post("/admin/billing/rule/", {**data, "_confirmed": token, "confirm-reason": "Too strict"})
    last = told("billing.rule", rule.pk)[-1]
    assert (last.operation, last.after["state"], last.reason) == ("changed", "off", "Too strict")


def test_commands_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_api_token", "dashboard", "--scope", "read")
    assert capsys.readouterr().out.startswith("sello_")
    assert [row.actor for row in Change.objects.filter(kind="config.apitoken")] == ["manage.py create_api_token"]


def test_the_list_reads_what_it_names_once_for_the_whole_page(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = signed_in("config.view_change")
    client.get(LIST)
    counts = []
    for _round in range(2):
        for _number in range(5):
            key = ApiKeyFactory.create()
            group, _new = Group.objects.get_or_create(name="A")
            make_staff("billing.view_sale", "smartbill.view_document").groups.add(group)
            key.save()
        with django_assert_max_num_queries(16) as seen:
            client.get(LIST)
        counts.append(len(seen.captured_queries))
    assert counts[0] == counts[1]


def test_the_list_is_for_those_who_may_see_it() -> None:
    assert signed_in("auth.view_user").get(LIST).status_code == 403
    holiday = Holiday.objects.create(on="2027-01-02", scope="general", name="Decree 1")
    assert signed_in("auth.view_user").get(f"/admin/smartbill/holiday/{holiday.pk}/history/").status_code == 403


def test_every_watched_column_exists() -> None:
    for watched in WATCHED:
        assert set(watched.secret) <= set(watched.columns), watched.model
        assert not set(watched.without) & set(watched.columns)
