"""The tokens of confirmation pages: signed, for one person and one question, good for an hour and for one answer."""

import secrets
from datetime import timedelta
from typing import Any

from django.core import signing
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from config.jobs.models import Job
from config.models import UsedConfirmation

VALID_FOR = timedelta(hours=1)
SALT = "config.admin.confirm"


def new_token(bound: list[Any]) -> str:
    """Return a fresh token that answers this question and no other."""
    return signing.dumps([secrets.token_urlsafe(18), bound], salt=SALT, compress=True)


def signed(token: str, *, max_age: timedelta | None) -> list[Any] | None:
    """Return the nonce and what the token was made for, or None when it is forged or too old."""
    try:
        opened = signing.loads(token, salt=SALT, max_age=max_age)
    except signing.BadSignature:
        return None
    return list(opened)


def job_of(token: str, about: list[Any]) -> Job | None:
    """Return the job that this person was asked about for this action, however long ago."""
    opened = signed(token, max_age=None)
    if opened is None or opened[1][:-1] != about or not isinstance(opened[1][-1], dict):
        return None
    return Job.objects.filter(pk=opened[1][-1]["job"], actor=about[0]).first()


def opened_nonce(token: str, bound: list[Any]) -> str | None:
    """Return the token's nonce, or None when it is too old, forged, or was made for another question."""
    opened = signed(token, max_age=VALID_FOR)
    return str(opened[0]) if opened is not None and opened[1] == bound else None


def first_use(nonce: str) -> bool:
    """Write the nonce down; of two requests that carry the same one, the database lets a single one pass."""
    UsedConfirmation.objects.filter(used_at__lt=now() - 2 * VALID_FOR).delete()
    try:
        with transaction.atomic():
            UsedConfirmation.objects.create(nonce=nonce)
    except IntegrityError:
        return False
    return True
