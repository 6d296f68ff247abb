"""The life of an API key: stored, stopped by a refusal of the provider, resumed by a person, revoked for ever."""

from typing import Any

from django.utils.timezone import now
from django.utils.translation import gettext as _

from smartbill.errors import PreconditionFailed
from smartbill.models import ApiKey
from smartbill.permissions import require, require_reason


def save_key(key: ApiKey, *, private_key: str, actor: Any) -> ApiKey:
    """Store a new key, or the changes to one; an empty `private_key` keeps the one that is stored.

    A new private key also ends a stop: what the provider refused was the old one.
    """
    require(actor, "smartbill.change_apikey" if key.pk else "smartbill.add_apikey")
    secret = private_key.strip()
    if secret:
        key.private_key, key.private_last4 = secret, secret[-4:]
        key.stopped_at, key.last_error = None, ""
    elif not key.pk:
        raise PreconditionFailed(_("Enter the private key."))
    key.save()
    return key


def revoke_key(key: ApiKey, *, actor: Any, reason: str) -> None:
    """Never use the key again. Calls that are under way end with it; the next ones take another key."""
    require(actor, "smartbill.change_apikey")
    note = _("Revoked by %(who)s: %(why)s") % {"who": actor, "why": require_reason(reason)}
    if not ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now(), last_error=note[:300]):
        raise PreconditionFailed(_("This key is revoked already."))


def resume_key(key: ApiKey, *, actor: Any) -> None:
    """Use a stopped key again, after what the provider refused was mended there."""
    require(actor, "smartbill.change_apikey")
    stopped = ApiKey.objects.filter(pk=key.pk, revoked_at=None, stopped_at__isnull=False)
    if not stopped.update(stopped_at=None, last_error=""):
        raise PreconditionFailed(_("Only a stopped key can be resumed."))
