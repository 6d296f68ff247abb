"""`manage.py rotate_keys`: afterwards the old key can go."""

from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django.fixtures import Settings

from config.demo.authenticator import new_key
from config.sign_in.adapters import SEALED
from notifications.encryption import Undecryptable, decrypt
from smartbill.models import ApiKey
from tests.factories.people import make_staff
from tests.factories.smartbill import ApiKeyFactory

pytestmark = pytest.mark.django_db
OLD, NEW = "the-old-field-key-0123456789", "the-new-field-key-0123456789"


def rotate() -> list[str]:
    out = StringIO()
    call_command("rotate_keys", stdout=out)
    return out.getvalue().splitlines()


def sealed() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT private_key FROM smartbill_apikey ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def test_everything_opens_with_the_new_key_alone(settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    keys = [ApiKeyFactory(private_key="prv_first"), ApiKeyFactory(private_key="prv_second")]
    before = sealed()
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    assert "smartbill.ApiKey.private_key: 2 sealed anew" in rotate()
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert [ApiKey.objects.get(pk=key.pk).private_key for key in keys] == ["prv_first", "prv_second"]
    assert not set(before) & set(sealed())


def test_the_old_key_alone_opens_nothing_any_more(settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    key = ApiKeyFactory()
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    rotate()
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    with pytest.raises(Undecryptable):
        ApiKey.objects.get(pk=key.pk)


def test_a_key_that_is_lost_is_named_and_nothing_is_overwritten(settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    ApiKeyFactory()
    before = sealed()
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    with pytest.raises(CommandError, match=r"smartbill\.ApiKey\.private_key: .* Put the lost key back"):
        rotate()
    assert sealed() == before


def test_the_key_of_an_authenticator_app_moves_to_the_new_key(settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    key = new_key()
    TOTP.activate(make_staff(), key)
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    assert "second factors: 1 sealed anew" in rotate()
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert decrypt(Authenticator.objects.get().data["secret"], SEALED) == key
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    with pytest.raises(CommandError, match="second factors"):
        rotate()
