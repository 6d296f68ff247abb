"""A signature in the form of the real one (JWS compact); it proves nothing, because the stand-in has no certificate."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from smartbill.providers.el_salvador.sandbox import jsonio


def sign(document: Mapping[str, Any]) -> str:
    """Return header, payload and a digest in place of the RS512 signature."""
    payload = jsonio.dumps(document).encode()
    parts = (b'{"alg":"RS512"}', payload, hashlib.sha512(payload).digest())
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
