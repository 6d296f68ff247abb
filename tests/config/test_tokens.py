import hashlib
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils.timezone import now

from config.models import ApiToken
from config.tokens import allows, make_token, revoke_token

pytestmark = pytest.mark.django_db


def test_only_the_hash_of_the_secret_is_kept():
    token, secret = make_token(name=" dashboard ", scopes=["sales:read", "documents:read", "sales:read"])
    row = ApiToken.objects.values().get()
    assert secret.startswith("sello_")
    assert len(secret) == 6 + 43
    assert row["token_sha256"] == hashlib.sha256(secret.encode()).hexdigest()
    assert row["prefix"] == secret[:12]
    assert secret not in str(row)
    assert (token.name, token.scopes) == ("dashboard", ["documents:read", "sales:read"])
    assert (token.expires_at, token.revoked_at, token.last_used_at) == (None, None, None)


def test_no_two_tokens_are_alike():
    assert make_token(name="a", scopes=["read"])[1] != make_token(name="a", scopes=["read"])[1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": []},
        {"scopes": ["write"]},
        {"scopes": ["read", "documents:write"]},
        {"name": "  "},
        {"expires_at": "past"},
    ],
)
def test_a_token_that_makes_no_sense_is_refused(wrong):
    if wrong.get("expires_at"):
        wrong = {"expires_at": now() - timedelta(seconds=1)}
    with pytest.raises(ValidationError):
        make_token(**{"name": "dashboard", "scopes": ["read"], **wrong})
    assert ApiToken.objects.count() == 0


def test_a_token_is_revoked_once():
    token, _secret = make_token(name="dashboard", scopes=["read"])
    revoke_token(token)
    first = token.revoked_at
    revoke_token(token)
    assert (first is None, token.revoked_at) == (False, first)


@pytest.mark.parametrize(
    ("scopes", "scope", "may"),
    [
        (["read"], "documents", True),
        (["documents:read"], "documents", True),
        (["documents:read"], "sales", False),
        (["sales:read", "messages:read"], "documents", False),
        (["sales:read"], None, True),
    ],
)
def test_a_scope_opens_its_part(scopes, scope, may):
    assert allows(make_token(name="dashboard", scopes=scopes)[0], scope) is may
