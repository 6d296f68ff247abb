"""The only place that reaches the provider's network."""

from collections.abc import Mapping

from django.conf import settings

from smartbill.providers import transport
from smartbill.providers.base import Credentials, Exchange, PreparedRequest
from smartbill.providers.el_salvador.answers import UNUSABLE_KEY
from smartbill.providers.el_salvador.contract import Contract

# After its last read an answer has this long to end; the attempt's own deadline is later still.
MARGIN = 10


def send(request: PreparedRequest, credentials: Credentials, contract: Contract, *, not_after: float) -> Exchange:
    """Send a frozen request once with both keys; the timeouts are settings, in seconds."""
    if not (_is_header(credentials.public_key) and _is_header(credentials.private_key)):
        return Exchange(
            written=False, failure=f"{UNUSABLE_KEY}: a key is empty or holds characters no header can carry"
        )
    connect, read = settings.SMARTBILL_CONNECT_TIMEOUT, settings.SMARTBILL_READ_TIMEOUT
    return transport.post(
        settings.SMARTBILL_SV_BASE_URL.rstrip("/") + contract[f"route.{request.route}"],
        request.body,
        _headers(credentials, contract),
        timeouts=(connect, read),
        whole=connect + read + MARGIN,
        not_after=not_after,
        most=contract["answer.max_bytes"],
        secrets=(credentials.public_key, credentials.private_key),
    )


def _headers(credentials: Credentials, contract: Contract) -> Mapping[str, str]:
    return {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "sello",
        contract["header.public_key"]: credentials.public_key,
        contract["header.private_key"]: credentials.private_key,
    }


def _is_header(key: str) -> bool:
    return bool(key) and key.isascii() and key.isprintable() and " " not in key
