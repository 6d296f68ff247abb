"""System checks of the connection to Stripe. `config/checks/environment.py` has those of the environment itself.

Checks of rows carry the tag `database` (`manage.py check --database default`) and only warn: an error would stop
`manage.py migrate`, which runs them first.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import stripe
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError
from djstripe.models import APIKey
from djstripe.settings import djstripe_settings

from billing.models import StripeEndpoint
from notifications.encryption import Undecryptable

KEY = re.compile(r"(sk|rk)_(test|live)_[A-Za-z0-9]{24,}", re.ASCII)


@register
def check_stripe_key(**_arguments: Any) -> list[CheckMessage]:
    """A key that dj-stripe would refuse, in an error that prints it, must not get that far."""
    found: list[CheckMessage] = []
    if settings.STRIPE_API_KEY and not KEY.fullmatch(settings.STRIPE_API_KEY):
        hint = "Set it to a whole secret or restricted key: (sk|rk)_(test|live)_ and 24 or more letters and digits."
        found.append(Error("STRIPE_API_KEY is no key of the Stripe API.", hint=hint, id="sello.E101"))
    if settings.STRIPE_LIVE_MODE and settings.STRIPE_API_BASE:
        hint = "Remove STRIPE_API_BASE, or use a key of test mode: the key would be sent to the stand-in."
        found.append(Error("A live Stripe key is used with a stand-in.", hint=hint, id="sello.E102"))
    if djstripe_settings.STRIPE_SECRET_KEY != settings.STRIPE_API_KEY:
        hint = "Keep STRIPE_SECRET_KEY = STRIPE_API_KEY in the settings."
        found.append(Error("dj-stripe uses another key than we do.", hint=hint, id="sello.E103"))
    return found


@register
def check_stripe_versions(**_arguments: Any) -> list[CheckMessage]:
    """The SDK, dj-stripe and we speak one version of the API."""
    found: list[CheckMessage] = []
    pinned = settings.STRIPE_API_VERSION
    spoken = djstripe_settings.STRIPE_API_VERSION
    if spoken != pinned:
        hint = f"Set STRIPE_API_VERSION to {spoken}, or mend dj-stripe's settings."
        found.append(Error("dj-stripe speaks another API version than we do.", hint=hint, id="sello.E104"))
    if stripe.api_version != pinned:
        hint = "Read Stripe's changelog between the two, then change STRIPE_API_VERSION and the pin of `stripe`."
        message = f"The Stripe SDK was made for {stripe.api_version}, the settings name {pinned}."
        found.append(Warning(message, hint=hint, id="sello.W101"))
    return found


@register(Tags.database)
def check_stripe_rows(databases: Sequence[str] | None = None, **_arguments: Any) -> list[CheckMessage]:
    """What the rows of endpoints say agrees with the settings, and no key lies in the database."""
    if not databases:
        return []
    looks: list[Callable[[], Iterator[CheckMessage]]] = [_keys_in_clear, _endpoints]
    return [message for look in looks for message in _unless_unmigrated(look)]


def _unless_unmigrated(look: Callable[[], Iterator[CheckMessage]]) -> list[CheckMessage]:
    try:
        return list(look())
    except DatabaseError:
        return []
    except Undecryptable:
        hint = "Put back the key of FIELD_ENCRYPTION_KEYS that wrote them, or enter the secrets again."
        return [Warning("The signing secrets of an endpoint cannot be opened.", hint=hint, id="sello.W102")]


def _keys_in_clear() -> Iterator[CheckMessage]:
    if APIKey.objects.exists():
        hint = "Delete the rows of djstripe_apikey and make new keys at Stripe: these lie in every backup."
        yield Warning("dj-stripe's table holds API keys in clear.", hint=hint, id="sello.W103")


def _endpoints() -> Iterator[CheckMessage]:
    for endpoint in StripeEndpoint.objects.filter(enabled=True).select_related("issuer"):
        if not endpoint.active_secrets:
            hint = "Enter the endpoint's signing secret (whsec_…) from Stripe."
            yield Warning("An endpoint without a secret refuses every event.", hint=hint, obj=endpoint, id="sello.W104")
        if endpoint.api_version != settings.STRIPE_API_VERSION:
            hint = f"Make the endpoint anew at Stripe with the version {settings.STRIPE_API_VERSION}."
            message = f"The endpoint sends events of version {endpoint.api_version}."
            yield Warning(message, hint=hint, obj=endpoint, id="sello.W105")
        if endpoint.livemode != settings.STRIPE_LIVE_MODE:
            hint = "Disable it, or set STRIPE_API_KEY to a key of its mode: its events cannot be processed."
            yield Warning("The endpoint is of the other mode than the key.", hint=hint, obj=endpoint, id="sello.W106")
        if endpoint.livemode != endpoint.issuer.livemode:
            hint = "Choose an issuer of the same mode: test sales must not become real documents."
            yield Warning("The endpoint and its issuer differ in mode.", hint=hint, obj=endpoint, id="sello.W107")
