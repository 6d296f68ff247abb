"""Provisioning: idempotent, exact, all or nothing, and clear about what is wrong."""

from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django.fixtures import Settings

from billing.models import StripeEndpoint
from config.provisioning.groups import groups
from notifications.models import Reader
from smartbill.models import ApiKey, Issuer
from tests.factories.documents import make_document

pytestmark = pytest.mark.django_db

EXAMPLE = Path(__file__).resolve().parents[3] / "provision.example.toml"
SECRETS = {
    "SMARTBILL_SV_MANAGER_PUBLIC_KEY": "pub_0123456789",
    "SMARTBILL_SV_MANAGER_PRIVATE_KEY": "prv_abcdefWXYZ",
    "STRIPE_WEBHOOK_SECRET": "whsec_one",
    "STRIPE_WEBHOOK_UUID": "6f1c1f0e-1111-4222-8333-123456789abc",
    "SELLO_ADMIN_PASSWORD": "a long and dull passphrase",
}


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def provision(path: Path = EXAMPLE) -> list[str]:
    out = StringIO()
    call_command("provision", path, stdout=out)
    return out.getvalue().splitlines()


def refusal(tmp_path: Path, before: str, after: str) -> str:
    """Return what is said about the example with one text replaced; nothing may have been written."""
    text = EXAMPLE.read_text(encoding="utf-8")
    assert before in text
    path = tmp_path / "house.toml"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(CommandError) as refused:
        provision(path)
    assert not Issuer.objects.exists()
    assert not Group.objects.exists()
    assert not User.objects.exists()
    return str(refused.value)


def test_the_example_makes_a_house() -> None:
    assert provision() == [
        "created    group Finance clerk",
        "created    group Finance manager",
        "created    group Finance director",
        "created    group Collections",
        "created    group Auditor",
        "created    group Operator",
        *(f"created    schedule {name}" for name in settings.SCHEDULES),
        "created    issuer acme-sv",
        "created    API key acme-sv/Manager",
        "created    Stripe endpoint Stripe, test mode",
        "created    user admin",
    ]
    key = ApiKey.objects.get()
    assert (key.private_key, key.private_last4, key.role) == ("prv_abcdefWXYZ", "WXYZ", "manager")
    endpoint = StripeEndpoint.objects.get()
    assert endpoint.active_secrets == ["whsec_one"]
    assert endpoint.issuer == key.issuer == Issuer.objects.get(slug="acme-sv")
    assert User.objects.get(username="admin").check_password("a long and dull passphrase")


def test_a_second_run_changes_nothing() -> None:
    first = provision()
    assert provision() == [line.replace("created  ", "unchanged") for line in first]


def test_secrets_are_sealed_in_the_database() -> None:
    provision()
    with connection.cursor() as cursor:
        cursor.execute("SELECT private_key FROM smartbill_apikey")
        (sealed,) = cursor.fetchone()
    assert sealed.startswith("v1:")
    assert "abcdef" not in sealed


def test_a_change_is_named_by_its_field_and_never_by_its_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    provision()
    path = tmp_path / "house.toml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8").replace('phone = "22000000"', 'phone = "22999999"'))
    monkeypatch.setenv("SMARTBILL_SV_MANAGER_PRIVATE_KEY", "prv_new_5678")
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_two")
    changed = [line for line in provision(path) if not line.startswith("unchanged")]
    assert changed == [
        "changed    issuer acme-sv (phone)",
        "changed    API key acme-sv/Manager (private_key)",
        "changed    Stripe endpoint Stripe, test mode (secrets)",
    ]
    assert Issuer.objects.get().phone == "22999999"
    assert ApiKey.objects.get().private_last4 == "5678"


def test_a_new_pair_is_a_new_key_beside_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    provision()
    monkeypatch.setenv("SMARTBILL_SV_MANAGER_PUBLIC_KEY", "pub_second")
    assert "created    API key acme-sv/Manager" in provision()
    assert set(ApiKey.objects.values_list("public_key", flat=True)) == {"pub_0123456789", "pub_second"}


def test_the_password_of_an_existing_person_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    provision()
    monkeypatch.setenv("SELLO_ADMIN_PASSWORD", "another dull passphrase")
    provision()
    assert User.objects.get().check_password("a long and dull passphrase")


def edited(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    """Return the example with each text replaced once."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    path = tmp_path / "house.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("field", ["livemode", "provider"])
def test_what_the_first_document_settled_is_refused_with_its_line(tmp_path: Path, field: str) -> None:
    provision()
    make_document(issuer=Issuer.objects.get())
    changes = [('phone = "22000000"', 'phone = "22999999"')]
    if field == "livemode":
        changes.append(("livemode = false", "livemode = true"))
    else:
        # There is one provider to choose: the row is the one that differs.
        Issuer.objects.update(provider="elsewhere")
    before = Issuer.objects.values().get()
    path = edited(tmp_path, *changes)
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if text.startswith(f"{field} ="))
    with pytest.raises(CommandError) as refused:
        provision(path)
    said = f"line {line}: issuers[0].{field}: is settled by the documents of this issuer: make another issuer. "
    assert said in str(refused.value)
    assert Issuer.objects.values().get() == before


def test_an_issuer_without_documents_may_change_its_mode(tmp_path: Path) -> None:
    provision()
    path = edited(tmp_path, ("livemode = false", "livemode = true"))
    assert "changed    issuer acme-sv (livemode)" in provision(path)
    assert Issuer.objects.get().livemode is True


def test_an_issuer_with_documents_changes_in_all_else(tmp_path: Path) -> None:
    provision()
    make_document(issuer=Issuer.objects.get())
    path = edited(tmp_path, ('phone = "22000000"', 'phone = "22999999"'))
    assert "changed    issuer acme-sv (phone)" in provision(path)


def test_what_the_file_does_not_name_stays_as_people_set_it(tmp_path: Path) -> None:
    path = edited(tmp_path, ("superuser = true\n", ""), ('email = "admin@acme.example"\n', ""))
    provision(path)
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser, user.email, user.groups.count()) == (True, False, "", 0)
    user.groups.add(Group.objects.get(name="Auditor"))
    User.objects.update(is_superuser=True, is_staff=False, email="ana@acme.example")
    ApiKey.objects.update(replace_on=date(2027, 1, 31))
    StripeEndpoint.objects.update(api_version="2020-01-01", enabled=False)
    assert [line for line in provision(path) if not line.startswith("unchanged")] == []
    user.refresh_from_db()
    assert (user.is_staff, user.is_superuser, user.email) == (False, True, "ana@acme.example")
    assert [group.name for group in user.groups.all()] == ["Auditor"]
    assert ApiKey.objects.get().replace_on == date(2027, 1, 31)
    assert (StripeEndpoint.objects.get().api_version, StripeEndpoint.objects.get().enabled) == ("2020-01-01", False)


def test_what_the_file_names_of_a_person_is_set_again(tmp_path: Path) -> None:
    path = edited(tmp_path, ("superuser = true", 'superuser = false\ngroups = ["Auditor"]'))
    provision(path)
    user = User.objects.get()
    user.groups.set([Group.objects.get(name="Operator")])
    User.objects.update(is_superuser=True)
    assert "changed    user admin (is_superuser, groups)" in provision(path)
    user.refresh_from_db()
    assert (user.is_superuser, [group.name for group in user.groups.all()]) == (False, ["Auditor"])


def test_an_endpoint_that_names_no_version_begins_with_the_pinned_one(settings: Settings) -> None:
    provision()
    assert StripeEndpoint.objects.get().api_version == settings.STRIPE_API_VERSION


def test_two_signing_secrets_are_accepted_while_one_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEXT", "whsec_next")
    path = tmp_path / "house.toml"
    text = EXAMPLE.read_text(encoding="utf-8")
    path.write_text(
        text.replace('secrets_env = "STRIPE_WEBHOOK_SECRET"\n', 'secrets_env = ["STRIPE_WEBHOOK_SECRET", "NEXT"]\n')
    )
    provision(path)
    assert StripeEndpoint.objects.get().active_secrets == ["whsec_one", "whsec_next"]


def test_groups_are_brought_back_to_exactly_their_permissions() -> None:
    provision()
    clerk = Group.objects.get(name="Finance clerk")
    clerk.permissions.add(Group.objects.get(name="Operator").permissions.get(codename="change_apikey"))
    clerk.permissions.remove(clerk.permissions.get(codename="submit_document"))
    assert "changed    group Finance clerk (+submit_document, -change_apikey)" in provision()
    held = {f"{p.content_type.app_label}.{p.codename}" for p in clerk.permissions.select_related("content_type")}
    assert held == set(groups()["Finance clerk"])


def test_the_auditor_reads_everything_and_changes_nothing() -> None:
    provision()
    held = {f"{p.content_type.app_label}.{p.codename}" for p in Group.objects.get(name="Auditor").permissions.all()}
    ours = {
        f"{model._meta.app_label}.view_{model._meta.model_name}"
        for label in ("billing", "smartbill", "notifications", "config")
        for model in apps.get_app_config(label).get_models()
        if "view" in model._meta.default_permissions
    }
    assert ours <= held
    assert not [name for name in held if ".view_" not in name and ".export_" not in name]


def test_whoever_keeps_keys_moves_no_money() -> None:
    money = {"submit_document", "correct_document", "invalidate_document", "resolve_unknown", "retry_sale"}
    assert not [name for name in groups()["Operator"] if name.partition(".")[2] in money]
    keys = {"add_apikey", "change_apikey", "change_stripeendpoint", "change_issuer", "add_apitoken"}
    for group in ("Finance clerk", "Finance manager", "Collections", "Auditor"):
        assert not [name for name in groups()[group] if name.partition(".")[2] in keys]


def test_the_language_in_which_a_person_is_warned_is_set_and_changed(tmp_path: Path) -> None:
    provision()
    reader = Reader.objects.get(user__username="admin")
    assert reader.language == "en"
    path = edited(tmp_path, ('language = "en"        # of', 'language = "es"        # of'))
    assert "changed    user admin (language)" in provision(path)
    assert "unchanged  user admin" in provision(path)
    reader.refresh_from_db()
    assert reader.language == "es"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            'nrc = "1234567"',
            'nrcc = "1234567"',
            "house.toml: line 12: issuers[0].nrcc: unknown field; known are active, activity_code",
        ),
        ('tax_id = "06140101901012"\n', "", "house.toml: line 5: issuers[0].tax_id: is missing"),
        (
            'role = "manager"',
            'role = "king"',
            "house.toml: line 46: issuers[0].api_keys[0].role: Value 'king' is not a valid choice",
        ),
        (
            '"SMARTBILL_SV_MANAGER_PRIVATE_KEY"',
            '"NOT_SET"',
            "house.toml: line 48: issuers[0].api_keys[0].private_key_env: the environment variable NOT_SET is not set",
        ),
        ('issuer = "acme-sv"', 'issuer = "nobody"', "stripe_endpoints[0].issuer: there is no issuer 'nobody'"),
        ('uuid_env = "STRIPE_WEBHOOK_UUID"', 'uuid = "x"', "stripe_endpoints[0].uuid: “x” is not a valid UUID"),
        (
            'language = "en"        #',
            'language = "tlh"       #',
            "users[0].language: Value 'tlh' is not a valid choice",
        ),
        ("superuser = true", 'groups = ["Kings"]', "users[0].groups: there is no group 'Kings'"),
        ("[[users]]", "[[people]]", "people: unknown field; known are issuers, stripe_endpoints, users"),
        ("[[users]]", "[users]", "users: must be written as [[users]]"),
        ('slug = "acme-sv"', "slug = ", "house.toml: Invalid value (at line 6"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_changes_nothing(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    said_so = refusal(tmp_path, before, after)
    assert said in said_so
    assert said_so.endswith("Nothing was changed.")


def test_a_weak_password_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELLO_ADMIN_PASSWORD", "short")
    assert "users[0].password_env: This password is too short" in refusal(tmp_path, "superuser", "superuser")


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(CommandError, match="nowhere.toml: No such file or directory"):
        provision(Path("nowhere.toml"))
