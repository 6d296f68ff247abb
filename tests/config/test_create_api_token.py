from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils.timezone import now

from config.models import ApiToken
from config.tokens import hash_of

pytestmark = pytest.mark.django_db


def create(*arguments):
    out, err = StringIO(), StringIO()
    call_command("create_api_token", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_secret_alone_is_printed_and_works():
    out, err = create("dashboard")
    token = ApiToken.objects.get()
    assert token.token_sha256 == hash_of(out.strip())
    assert (token.name, token.scopes, token.expires_at) == ("dashboard", ["read"], None)
    assert "until it is revoked" in err
    assert out.strip() not in err


def test_scopes_and_days_are_kept():
    create("dashboard", "--scope", "sales:read", "--scope", "documents:read", "--days", "30")
    token = ApiToken.objects.get()
    assert token.scopes == ["documents:read", "sales:read"]
    assert timedelta(days=29, hours=23) < token.expires_at - now() <= timedelta(days=30)


@pytest.mark.parametrize(
    "arguments", [("d", "--scope", "write"), ("d", "--days", "0"), ("d", "--days", "99999"), ("",)]
)
def test_nonsense_makes_no_token(arguments):
    with pytest.raises(CommandError):
        create(*arguments)
    assert ApiToken.objects.count() == 0
