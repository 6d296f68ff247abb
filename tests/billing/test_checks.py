import djstripe.models
import pytest
import stripe
from django.core.checks import Tags, run_checks
from django.core.management import call_command
from django.db import OperationalError, connection

from billing.checks import check_stripe_key, check_stripe_rows, check_stripe_versions
from tests.factories.billing import StripeEndpointFactory
from tests.factories.smartbill import IssuerFactory

TEST_KEY = "sk_test_" + "a" * 24
LIVE_KEY = "rk_live_" + "a" * 24


def ids(messages):
    return [message.id for message in messages]


def rows():
    return ids(check_stripe_rows(databases=["default"]))


@pytest.mark.django_db
def test_the_project_as_it_stands_has_nothing_to_complain_about():
    call_command("check", fail_level="WARNING", databases=["default"])


@pytest.mark.django_db
def test_a_stand_in_is_no_reason_for_a_warning_of_dj_stripe(settings):
    settings.STRIPE_API_HOST = "http://127.0.0.1:9"
    found = run_checks(tags=["djstripe"])
    assert [message.id for message in found if not message.is_silenced()] == []


@pytest.mark.parametrize(
    "key",
    [
        "sk_test_short",
        "pk_test_" + "a" * 24,
        "sk_org_" + "a" * 24,
        "sk_test_" + "a" * 24 + "\n",
        " sk_test_" + "a" * 24,
        "sk_prod_" + "a" * 24,
        "whsec_" + "a" * 24,
        "key",
    ],
)
def test_what_is_no_key_is_refused_and_not_printed(settings, key):
    settings.STRIPE_API_KEY = settings.STRIPE_SECRET_KEY = key
    (error,) = check_stripe_key()
    assert error.id == "sello.E101"
    assert "a" * 24 not in str(error)


@pytest.mark.parametrize("key", [TEST_KEY, LIVE_KEY, "", "rk_test_" + "A1" * 60])
def test_a_key_or_none_at_all_is_fine(settings, key):
    settings.STRIPE_API_KEY = settings.STRIPE_SECRET_KEY = key
    assert check_stripe_key() == []


def test_a_live_key_does_not_go_to_a_stand_in(settings):
    settings.STRIPE_API_KEY = settings.STRIPE_SECRET_KEY = LIVE_KEY
    settings.STRIPE_LIVE_MODE = True
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    assert ids(check_stripe_key()) == ["sello.E102"]


def test_dj_stripe_must_use_the_same_key(settings):
    settings.STRIPE_SECRET_KEY = LIVE_KEY
    assert ids(check_stripe_key()) == ["sello.E103"]


def test_the_versions_that_are_pinned_agree():
    assert check_stripe_versions() == []


def test_another_version_of_the_sdk_is_noticed(monkeypatch):
    monkeypatch.setattr(stripe, "api_version", "2026-10-28.endive")
    assert ids(check_stripe_versions()) == ["sello.W101"]


def test_another_version_of_dj_stripe_is_noticed(settings):
    settings.STRIPE_API_VERSION = ""
    assert "sello.E104" in ids(check_stripe_versions())


@pytest.mark.django_db
def test_a_good_endpoint_has_nothing_to_complain_about():
    StripeEndpointFactory()
    assert rows() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"secrets": ""}, ["sello.W104"]),
        ({"secrets": " \n \n"}, ["sello.W104"]),
        ({"api_version": "2025-02-24.acacia"}, ["sello.W105"]),
        ({"livemode": True}, ["sello.W106", "sello.W107"]),
    ],
)
def test_what_is_wrong_with_an_endpoint_is_said(changes, expected):
    StripeEndpointFactory(**changes)
    assert rows() == expected


@pytest.mark.django_db
def test_test_sales_do_not_go_to_a_live_issuer():
    StripeEndpointFactory(issuer=IssuerFactory(livemode=True))
    assert rows() == ["sello.W107"]


@pytest.mark.django_db
def test_a_disabled_endpoint_may_be_anything():
    StripeEndpointFactory(enabled=False, secrets="", livemode=True, api_version="old")
    assert rows() == []


@pytest.mark.django_db
def test_secrets_that_cannot_be_opened_are_noticed(settings):
    StripeEndpointFactory()
    settings.FIELD_ENCRYPTION_KEYS = ["another key, by mistake"]
    assert rows() == ["sello.W102"]


@pytest.mark.django_db
def test_keys_in_clear_are_noticed():
    djstripe.models.APIKey.objects.create(secret=TEST_KEY, type="secret", livemode=False)
    assert rows() == ["sello.W103"]


@pytest.mark.django_db
def test_before_the_first_migration_there_is_nothing_to_look_at():
    def no_table(execute, sql, params, many, context):
        raise OperationalError("no such table")

    with connection.execute_wrapper(no_table):
        assert rows() == []


@pytest.mark.django_db
def test_without_the_database_tag_no_row_is_read(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert check_stripe_rows(databases=None) == []
        run_checks(tags=[Tags.security])
