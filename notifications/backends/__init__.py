"""Ways of sending, and which of them may be asked twice.

A provider that knows our key answers a repeated request with its first answer, for as long as it remembers the key.
SMTP has no such thing: whatever was perhaps sent is never sent again by a machine.
"""

from collections.abc import Mapping
from datetime import timedelta

REMEMBERS_FOR: Mapping[str, timedelta] = {
    # One file per key, for ever.
    "notifications.backends.files.FileBackend": timedelta(days=36_500),
    # 24 hours (resend.com/docs/dashboard/emails/idempotency-keys), less an hour for clocks and calls under way.
    "notifications.backends.resend.ResendBackend": timedelta(hours=23),
}


def remembers_for(backend: str) -> timedelta:
    """Return how long after the first request this backend recognises a repeated one; zero means never."""
    return REMEMBERS_FOR.get(backend, timedelta())
