"""Checks of secrets, addresses and stores. `SELLO_ENVIRONMENT` says which rules apply.

What belongs to one app (its keys, its remote's address) is checked by that app.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host

from smartbill.checks import is_weak

MAKE_KEY = "Make one: python -c 'import secrets; print(secrets.token_urlsafe(48))'"


def is_production() -> bool:
    return str(settings.SELLO_ENVIRONMENT) == "production"


@register
def check_secrets(**_arguments: Any) -> list[CheckMessage]:
    """Refuse missing and weak keys; the suite's own are let through."""
    try:
        secret_key: str = settings.SECRET_KEY
    except ImproperlyConfigured:
        secret_key = ""
    if settings.SELLO_ENVIRONMENT == "test":
        return []
    found: list[CheckMessage] = []
    if is_weak(secret_key):
        found.append(Error("SECRET_KEY is missing, too short or an example.", hint=MAKE_KEY, id="sello.E001"))
    if secret_key and secret_key in settings.FIELD_ENCRYPTION_KEYS:
        hint = "Whoever steals one of them must not have the other. " + MAKE_KEY
        found.append(Error("SECRET_KEY is also used as a field encryption key.", hint=hint, id="sello.E003"))
    if settings.OPERATIONS_TOKEN and is_weak(settings.OPERATIONS_TOKEN):
        found.append(Error("OPERATIONS_TOKEN is too short or an example.", hint=MAKE_KEY, id="sello.E004"))
    return found


@register
def check_address(**_arguments: Any) -> list[CheckMessage]:
    """The address in mails must lead here, safely."""
    found: list[CheckMessage] = []
    parts = urlsplit(settings.PUBLIC_BASE_URL)
    if is_production() and parts.scheme != "https":
        hint = "Set PUBLIC_BASE_URL=https://… : customers follow links to their documents."
        found.append(Error("PUBLIC_BASE_URL is not an https address.", hint=hint, id="sello.E005"))
    if not parts.hostname or not validate_host(parts.hostname, settings.ALLOWED_HOSTS):
        hint = "Add its host to ALLOWED_HOSTS, or mend PUBLIC_BASE_URL."
        found.append(Error("PUBLIC_BASE_URL names a host that this site does not serve.", hint=hint, id="sello.E006"))
    if is_production() and "*" in settings.ALLOWED_HOSTS:
        hint = "Name the hosts: a forged Host header must not get into a link."
        found.append(Error("ALLOWED_HOSTS allows every host.", hint=hint, id="sello.E007"))
    return found


@register
def check_stores(**_arguments: Any) -> list[CheckMessage]:
    """The cache holds rate limits for all processes; SQLite must take its write lock at once."""
    found: list[CheckMessage] = []
    if is_production() and settings.CACHES["default"]["BACKEND"].endswith("LocMemCache"):
        hint = "Set CACHE_URL=rediscache://host:6379/0: with a cache per process every limit is multiplied."
        found.append(Error("The cache is local to each process.", hint=hint, id="sello.E008"))
    return [*found, *_database(settings.DATABASES["default"])]


def _database(database: Mapping[str, Any]) -> Iterator[CheckMessage]:
    if database["ENGINE"].endswith("sqlite3"):
        mode = database.get("OPTIONS", {}).get("transaction_mode")
        if mode != "IMMEDIATE":
            hint = "Set OPTIONS['transaction_mode'] = 'IMMEDIATE': two claims must not read the same row first."
            yield Error(f"SQLite's transaction mode is {mode}.", hint=hint, id="sello.E009")
    elif not database.get("CONN_HEALTH_CHECKS"):
        hint = "Set CONN_HEALTH_CHECKS = True: a connection that died with its server is then replaced."
        yield Warning("Kept database connections are not checked.", hint=hint, id="sello.W001")


@register
def check_remotes(**_arguments: Any) -> list[CheckMessage]:
    """Stand-ins and live money never meet."""
    return [*_stand_ins(), *_stripe()]


def _stand_ins() -> Iterator[CheckMessage]:
    if not is_production():
        return
    if settings.SELLO_SANDBOX:
        hint = "SELLO_SANDBOX belongs into settings of development and tests only."
        yield Error("The stand-ins are enabled in production.", hint=hint, id="sello.E010")
    if settings.STRIPE_API_BASE:
        hint = "Remove STRIPE_API_BASE: it is the address of a stand-in."
        yield Error("Stripe's address is replaced in production.", hint=hint, id="sello.E011")


def _stripe() -> Iterator[CheckMessage]:
    if settings.STRIPE_LIVE_MODE and (settings.DEBUG or settings.SELLO_SANDBOX or not is_production()):
        hint = "Use a key of test mode here, or the production settings with DEBUG off."
        yield Error("A live Stripe key is used outside production.", hint=hint, id="sello.E013")
    if is_production() and not settings.STRIPE_API_KEY:
        hint = "Set STRIPE_API_KEY to a restricted key (rk_live_… or rk_test_…)."
        yield Error("There is no key for Stripe.", hint=hint, id="sello.E014")
