"""Mail through Resend, with our key in the header that makes a repeated request harmless.

Anymail's own backend has no place for it: `esp_extra` goes into the body, and metadata into a header of the mail.
"""

from typing import Any

from anymail.backends.resend import EmailBackend, ResendPayload


class KeyedPayload(ResendPayload):  # type: ignore[misc]
    """Moves `idempotency_key` from the metadata to the request's Idempotency-Key header (at most 256 characters)."""

    def set_metadata(self, metadata: dict[str, Any]) -> None:
        rest = dict(metadata)
        key = rest.pop("idempotency_key", None)
        if key is not None:
            self.headers["Idempotency-Key"] = str(key)
        if rest:
            super().set_metadata(rest)


class ResendBackend(EmailBackend):  # type: ignore[misc]
    """Anymail's Resend backend with `KeyedPayload`."""

    def build_message_payload(self, message: Any, defaults: dict[str, Any]) -> KeyedPayload:
        return KeyedPayload(message, defaults, self)
