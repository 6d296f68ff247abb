"""Secrets are sealed in the database, bound to their column, and can be rotated."""

import pytest
from django.core.exceptions import FieldError
from django.db import connection

from notifications.encryption import Undecryptable, decrypt, encrypt
from smartbill.models import ApiKey
from tests.factories.smartbill import ApiKeyFactory


def test_a_sealed_text_opens_only_in_its_own_column():
    sealed = encrypt("prv_ñ", "a.b")
    assert decrypt(sealed, "a.b") == "prv_ñ"
    with pytest.raises(Undecryptable):
        decrypt(sealed, "a.c")


def test_the_same_text_is_never_sealed_alike():
    assert encrypt("x", "a.b") != encrypt("x", "a.b")


def test_an_old_key_still_opens_and_a_removed_one_does_not(settings):
    settings.FIELD_ENCRYPTION_KEYS = ["old"]
    sealed = encrypt("secret", "a.b")
    settings.FIELD_ENCRYPTION_KEYS = ["new", "old"]
    assert decrypt(sealed, "a.b") == "secret"
    settings.FIELD_ENCRYPTION_KEYS = ["new"]
    with pytest.raises(Undecryptable):
        decrypt(sealed, "a.b")


@pytest.mark.parametrize("damaged", ["", "v1", "v1:a:b:c", "v2:aa:bb:cc", "v1:00000000:AAAA:AAAA"])
def test_a_damaged_value_is_refused_in_words(damaged):
    with pytest.raises(Undecryptable):
        decrypt(damaged, "a.b")


@pytest.mark.django_db
def test_the_private_key_is_never_clear_in_the_database():
    key = ApiKeyFactory(private_key="prv_canary_1234", private_last4="1234")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM smartbill_apikey")
        assert "canary" not in repr(cursor.fetchall())
    assert ApiKey.objects.get(pk=key.pk).private_key == "prv_canary_1234"
    assert "canary" not in f"{key} {key!r} {key.credentials!r}"


@pytest.mark.django_db
def test_a_sealed_column_cannot_be_searched():
    with pytest.raises(FieldError):
        ApiKey.objects.filter(private_key="prv").exists()
