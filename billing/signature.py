"""Prove that Stripe sent these bytes (https://docs.stripe.com/webhooks#verify-manually).

Our own, because the SDK's check decodes first, accepts timestamps from the future and raises on hostile headers.
"""

import hashlib
import hmac
from collections.abc import Sequence

from billing.errors import SignatureRefused

LONGEST_HEADER = 1024
MOST_SIGNATURES = 8


def verify_signature(*, header: str, body: bytes, secrets: Sequence[str], now: float, tolerance: int) -> None:
    """Return if one of the `v1` values of the header signs the body with one of the secrets, near `now` (seconds).

    Raises SignatureRefused, which says why in words for a log: nothing of the request is in them.
    """
    if not header or len(header) > LONGEST_HEADER:
        raise SignatureRefused("The signature header is missing or too long.")
    stamps, signatures = _parts(header.encode("utf-8", "replace"))
    if len(stamps) != 1 or not stamps[0].isdigit() or len(stamps[0]) > 11:
        raise SignatureRefused("The signature header states no single time.")
    if abs(now - int(stamps[0])) > tolerance:
        raise SignatureRefused("The signature is too old or from the future.")
    signed = stamps[0] + b"." + body
    expected = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode() for secret in secrets]
    matches = [hmac.compare_digest(ours, theirs) for ours in expected for theirs in signatures]
    if not any(matches):
        raise SignatureRefused("No signature belongs to these bytes.")


def _parts(header: bytes) -> tuple[list[bytes], list[bytes]]:
    pairs = [part.partition(b"=") for part in header.split(b",")]
    stamps = [value for name, _, value in pairs if name == b"t"]
    return stamps, [value for name, _, value in pairs if name == b"v1"][:MOST_SIGNATURES]
