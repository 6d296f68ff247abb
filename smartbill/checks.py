"""System checks of this app's settings: what is missing or contradictory is said before anything is sent."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from smartbill.providers.el_salvador.contract import current, override_errors

SHORTEST_KEY, FEWEST_CHARACTERS = 40, 8
TELLTALES = ("change-me", "changeme", "django-insecure", "example", "not-a-secret")
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@register(Tags.security)
def check_encryption_keys(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Say what is wrong with the keys that seal secrets at rest."""
    return list(_encryption_keys(settings.FIELD_ENCRYPTION_KEYS))


@register()
def check_smartbill(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Say what is wrong with the settings of the provider."""
    contract = list(_contract(settings.SMARTBILL_SV_CONTRACT))
    return [*_address(settings.SMARTBILL_SV_BASE_URL), *_times(), *(contract or _quiet_periods())]


def is_weak(key: str) -> bool:
    """Whether a key is short, made of few characters, or was never changed from an example."""
    is_short = len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_CHARACTERS
    return is_short or any(word in key.lower() for word in TELLTALES)


def _encryption_keys(keys: Sequence[str]) -> Iterator[CheckMessage]:
    hint = (
        "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'. "
        "Keep old keys after a comma until `manage.py rotate_keys` has run."
    )
    if not keys:
        yield Error("FIELD_ENCRYPTION_KEYS is empty: API keys could not be stored.", hint=hint, id="sello.E201")
    if any(map(is_weak, keys)):
        yield Error("A key of FIELD_ENCRYPTION_KEYS is too short or an example.", hint=hint, id="sello.E202")
    if len(set(keys)) != len(keys):
        yield Error("FIELD_ENCRYPTION_KEYS names a key twice.", hint="Remove the copy.", id="sello.E203")


def _address(url: str) -> Iterator[CheckMessage]:
    parts = urlsplit(url)
    local = settings.SELLO_SANDBOX and parts.hostname in LOOPBACK
    if not parts.hostname or parts.username or parts.query or parts.fragment or parts.scheme not in {"http", "https"}:
        yield Error("SMARTBILL_SV_BASE_URL is no plain web address.", hint=f"It is {url!r}.", id="sello.E204")
    elif parts.scheme == "http" and not local:
        yield Error(
            "SMARTBILL_SV_BASE_URL sends keys over an open connection.",
            hint="Use https; http is for a stand-in on this machine.",
            id="sello.E205",
        )


def _times() -> Iterator[CheckMessage]:
    connect, read = settings.SMARTBILL_CONNECT_TIMEOUT, settings.SMARTBILL_READ_TIMEOUT
    if connect <= 0 or read <= 0:
        yield Error("SMARTBILL_CONNECT_TIMEOUT and SMARTBILL_READ_TIMEOUT must be above zero.", id="sello.E206")
    elif read < 30 and not settings.SELLO_SANDBOX:
        yield Warning(
            "SMARTBILL_READ_TIMEOUT is shorter than the provider's own tries: answers will be lost.",
            hint="With the tax authority down an answer takes 25 seconds; use 60.",
            id="sello.W206",
        )


def _quiet_periods() -> Iterator[CheckMessage]:
    contract = current()
    quiet, in_contingency = contract["quiet.period"], contract["quiet.contingency"]
    if quiet < 0:
        yield Error("quiet.period of SMARTBILL_SV_CONTRACT must not be negative.", id="sello.E207")
    elif quiet < settings.SMARTBILL_READ_TIMEOUT and not settings.SELLO_SANDBOX:
        yield Error(
            "quiet.period of SMARTBILL_SV_CONTRACT is shorter than a call: a document could be issued twice.",
            hint="Use 600 seconds.",
            id="sello.E208",
        )
    if in_contingency < quiet:
        yield Error(
            "quiet.contingency of SMARTBILL_SV_CONTRACT is shorter than quiet.period.",
            hint="The provider works longer on what it was sent while the tax authority is away; use 1800 seconds.",
            id="sello.E211",
        )


def _contract(overrides: Any) -> Iterator[CheckMessage]:
    if not isinstance(overrides, dict):
        yield Error("SMARTBILL_SV_CONTRACT must be a JSON object, path to value.", id="sello.E209")
        return
    for path, wrong in override_errors(overrides).items():
        yield Error(
            f"SMARTBILL_SV_CONTRACT[{path!r}]: {wrong}",
            hint="The rows are in smartbill/providers/el_salvador/contract_table.py.",
            id="sello.E210",
        )
