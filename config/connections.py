"""What this house depends on outside, and whether it answers. Every probe is read-only and ends by itself."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.utils.timezone import now
from redis.exceptions import RedisError

from billing import client as stripe
from billing.errors import BillingError, Unavailable
from config.heartbeat import WORKER, silence, worker_is_alive
from config.vitals import migrations_are_applied
from smartbill.models import ApiKey, Issuer
from smartbill.providers import provider_for

IMPOSSIBLE = str(UUID(int=0)).upper()
"""A generation code that no document can have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What was found out about one system; `authorised` is None where there is nothing to log in to."""

    name: str
    reachable: bool
    authorised: bool | None = None
    detail: str = ""

    @property
    def works(self) -> bool:
        return self.reachable and self.authorised is not False

    def __str__(self) -> str:
        words = ["reachable" if self.reachable else "NOT REACHABLE"]
        if self.reachable and self.authorised is not None:
            words.append("authorised" if self.authorised else "NOT AUTHORISED")
        if self.detail:
            words.append(self.detail)
        return f"{'ok' if self.works else 'FAIL':<5}{self.name:<30}  {', '.join(words)}"


def probe_database() -> Iterator[Connection]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        version = ".".join(map(str, connection.get_database_version()))
        detail = f"{connection.display_name} {version}"
        if not migrations_are_applied():
            yield Connection(name="database", reachable=True, authorised=False, detail=f"{detail}; run migrate")
            return
        yield Connection(name="database", reachable=True, authorised=True, detail=detail)
    except DatabaseError as error:
        yield Connection(name="database", reachable=False, detail=first_line(error))


def probe_cache() -> Iterator[Connection]:
    backend = settings.CACHES["default"]["BACKEND"].rpartition(".")[2]
    try:
        cache.set("sello.check", "1", 10)
        kept = cache.get("sello.check") == "1"
    except (RedisError, OSError) as error:
        yield Connection(name="cache", reachable=False, detail=first_line(error))
    else:
        yield Connection(name="cache", reachable=kept, detail=backend)


def probe_worker() -> Iterator[Connection]:
    try:
        quiet = silence(WORKER, now())
        alive = worker_is_alive(now())
    except DatabaseError as error:
        yield Connection(name="worker", reachable=False, detail=first_line(error))
        return
    said = (
        "never heard of; is manage.py qworker running?"
        if quiet is None
        else f"last beat {quiet.total_seconds():.0f} s ago"
    )
    yield Connection(name="worker", reachable=alive, detail=said)


def probe_stripe() -> Iterator[Connection]:
    mode = "live mode" if settings.STRIPE_LIVE_MODE else "test mode"
    detail = f"{mode}, API {settings.STRIPE_API_VERSION}"
    if settings.STRIPE_API_BASE:
        detail += f", stand-in at {settings.STRIPE_API_BASE}"
    try:
        stripe.get("/v1/customers", limit=1)
    except Unavailable as error:
        yield Connection(name="Stripe", reachable=False, detail=first_line(error))
    except BillingError as error:
        yield Connection(name="Stripe", reachable=True, authorised=False, detail=first_line(error))
    else:
        yield Connection(name="Stripe", reachable=True, authorised=True, detail=detail)


def probe_smartbill() -> Iterator[Connection]:
    """Read a code that cannot exist with each usable key: whatever the answer says, it says whether the key counts."""
    for issuer in Issuer.objects.filter(active=True):
        keys = list(issuer.api_keys.usable())
        if not keys:
            yield Connection(name=f"SmartBill {issuer.slug}", reachable=True, authorised=False, detail="no usable key")
        for key in keys:
            yield _probe_key(issuer, key)


def _probe_key(issuer: Issuer, key: ApiKey) -> Connection:
    name = f"SmartBill {issuer.slug}/{key.label}"
    provider = provider_for(issuer)
    request = provider.reading(IMPOSSIBLE)
    exchange = provider.send(request, key.credentials, not_after=time.monotonic() + 5)
    if exchange.status is None:
        return Connection(name=name, reachable=False, detail=first_line(exchange.failure))
    mode = "live mode" if issuer.livemode else "test mode"
    detail = f"{key.get_role_display()}, {mode}, contract {provider.contract_version}"
    if exchange.status in (401, 403):
        return Connection(name=name, reachable=True, authorised=False, detail=detail)
    if exchange.status >= 500:
        return Connection(name=name, reachable=False, detail=f"HTTP {exchange.status}")
    return Connection(name=name, reachable=True, authorised=True, detail=detail)


def probe_mail() -> Iterator[Connection]:
    """Open and close the backend's connection: SMTP logs in with it, an API is only asked at the first mail."""
    name = settings.EMAIL_BACKEND.rpartition(".")[2]
    backend = get_connection()
    try:
        opened = backend.open()
        backend.close()
    except OSError as error:  # smtplib's errors are OSErrors
        yield Connection(name="mail", reachable=False, detail=f"{name}: {first_line(error)}")
    else:
        is_smtp = "smtp" in settings.EMAIL_BACKEND
        yield Connection(name="mail", reachable=True, authorised=bool(opened) if is_smtp else None, detail=name)


PROBES: dict[str, Callable[[], Iterator[Connection]]] = {
    "database": probe_database,
    "cache": probe_cache,
    "worker": probe_worker,
    "stripe": probe_stripe,
    "smartbill": probe_smartbill,
    "mail": probe_mail,
}


def first_line(error: object) -> str:
    """Return the beginning of an error without the secrets a library may have put into it."""
    return (stripe.redact(str(error)).strip().splitlines() or [type(error).__name__])[0][:200]
