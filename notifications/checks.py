"""System checks of mail: contradictory or forgotten settings are said before the first customer misses a mail."""

from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

FILES = "notifications.backends.files.FileBackend"
SMTP = "django.core.mail.backends.smtp.EmailBackend"


@register
def check_mail(**_arguments: Any) -> list[CheckMessage]:
    """Report two mail providers, none, an unsafe one, and a sender that nobody can answer."""
    return [*_check_provider(), *_check_sender()]


def _check_provider() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.RESEND_API_KEY and settings.EMAIL_URL:
        hint = "Unset one of them: it must be plain which way the mails go."
        found.append(Error("RESEND_API_KEY and EMAIL_URL are both set.", hint=hint, id="sello.E301"))
    if settings.EMAIL_BACKEND == FILES and not (settings.SELLO_SANDBOX or settings.DEBUG):
        hint = "Set RESEND_API_KEY or EMAIL_URL (smtp+tls://user:password@host:587)."
        found.append(Warning("Mails are written to files: customers get none.", hint=hint, id="sello.W301"))
    if settings.EMAIL_BACKEND == SMTP and not settings.DEBUG and not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL):
        hint = "Use smtp+tls:// or smtp+ssl:// in EMAIL_URL unless the server is on this machine."
        found.append(Warning("Mails and the mail password travel in the clear.", hint=hint, id="sello.W302"))
    return found


def _check_sender() -> list[CheckMessage]:
    if settings.SELLO_ENVIRONMENT != "production" or settings.EMAIL_BACKEND == FILES:
        return []
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    if host and host != "localhost" and not host.endswith(".localhost"):
        return []
    hint = "Set it to an address of a domain that your mail provider may send for: 'Seller <billing@example.com>'."
    return [Error("DEFAULT_FROM_EMAIL is missing.", hint=hint, id="sello.E302")]
