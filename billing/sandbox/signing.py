"""The `Stripe-Signature` of a delivery."""

import hashlib
import hmac


def sign(body: bytes, *, secret: str, timestamp: int) -> str:
    """Return the header: HMAC-SHA256 over the timestamp, a dot and the raw body."""
    message = str(timestamp).encode() + b"." + body
    digest = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"
