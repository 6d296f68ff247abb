"""Secrets at rest: AES-256-GCM text with a key id, several keys while one is being rotated.

Each value is bound to its column, so that a ciphertext moved to another column does not open. The first key of
`FIELD_ENCRYPTION_KEYS` encrypts, all of them decrypt; `manage.py rotate_keys` writes everything anew.
"""

import base64
import hashlib
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models

VERSION = "v1"


class Undecryptable(Exception):
    """None of `FIELD_ENCRYPTION_KEYS` opens this value: put back the key that wrote it."""


def _keys() -> dict[str, bytes]:
    if not settings.FIELD_ENCRYPTION_KEYS:
        raise ImproperlyConfigured(
            "Set FIELD_ENCRYPTION_KEYS (python -c 'import secrets; print(secrets.token_urlsafe(48))')."
        )
    derived = [hashlib.sha256(b"sello field key" + key.encode()).digest() for key in settings.FIELD_ENCRYPTION_KEYS]
    return {hashlib.sha256(b"id" + key).hexdigest()[:8]: key for key in derived}


def encrypt(plain: str, context: str) -> str:
    """Return `v1:<key id>:<nonce>:<ciphertext>` for this text; `context` must be given again to open it."""
    key_id, key = next(iter(_keys().items()))
    nonce = os.urandom(12)
    sealed = AESGCM(key).encrypt(nonce, plain.encode(), context.encode())
    return ":".join(
        [VERSION, key_id, base64.urlsafe_b64encode(nonce).decode(), base64.urlsafe_b64encode(sealed).decode()]
    )


def decrypt(stored: str, context: str) -> str:
    """Open what `encrypt` made, or raise Undecryptable."""
    try:
        version, key_id, nonce, sealed = stored.split(":")
        key = _keys()[key_id]
        opened = AESGCM(key).decrypt(
            base64.urlsafe_b64decode(nonce), base64.urlsafe_b64decode(sealed), context.encode()
        )
    except (ValueError, KeyError, InvalidTag) as error:
        raise Undecryptable(f"{context}: no key of FIELD_ENCRYPTION_KEYS opens this value") from error
    if version != VERSION:
        raise Undecryptable(f"{context}: unknown version {version}")
    return opened.decode()


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """A text that is clear in Python and sealed in the database. Look-ups by value are refused."""

    @property
    def _context(self) -> str:
        return f"{self.model._meta.label_lower}.{self.name}"

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return encrypt(text, self._context) if text else text

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return decrypt(value, self._context) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(f"{self._context} is encrypted: it cannot be searched by {lookup_name}")
