"""Tokens of the API: made once and shown once; we keep only what recognises them."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.timezone import now
from django.utils.translation import gettext as _

from config.models import ApiToken

READ_ALL = "read"
SCOPES = (READ_ALL, "approvals:read", "documents:read", "messages:read", "reversals:read", "sales:read")
PREFIX = "sello_"
SHOWN = 12


def make_token(
    *, name: str, scopes: Iterable[str], expires_at: datetime | None = None, created_by: Any = None
) -> tuple[ApiToken, str]:
    """Make a token and return it with its secret of 256 random bits, which cannot be read again later.

    Raises ValidationError for a missing name, an unknown scope, none at all, or an end that has passed.
    """
    wanted = sorted(set(scopes))
    if not name.strip():
        raise ValidationError(_("Give the token a name."))
    if not wanted or not set(wanted) <= set(SCOPES):
        raise ValidationError(_("Give at least one of these scopes: %(scopes)s.") % {"scopes": ", ".join(SCOPES)})
    if expires_at is not None and expires_at <= now():
        raise ValidationError(_("The token would have expired already."))
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        name=name.strip(),
        prefix=secret[:SHOWN],
        token_sha256=hash_of(secret),
        scopes=wanted,
        expires_at=expires_at,
        created_by=created_by,
    )
    return token, secret


def hash_of(secret: str) -> str:
    """Return what is stored and searched of a secret. It has 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def revoke_token(token: ApiToken) -> None:
    """End a token at once; repeating it changes nothing."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now())
    token.refresh_from_db()


def allows(token: ApiToken, scope: str | None) -> bool:
    """Whether the token may read this part of the API; None is what every token may read."""
    return scope is None or READ_ALL in token.scopes or f"{scope}:read" in token.scopes
