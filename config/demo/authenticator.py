"""What an authenticator app does: six digits from a key and the time (RFC 6238)."""

import base64
import hashlib
import hmac
import secrets
import struct
import time

PERIOD = 30


def new_key() -> str:
    """Return a random key as apps take it."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(key: str, moment: float) -> str:
    """Return the six digits that an app shows at this moment."""
    counter = struct.pack(">Q", int(moment) // PERIOD)
    digest = hmac.new(base64.b32decode(key), counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def seconds_left(moment: float) -> float:
    """Return how long the digits of this moment stay the same."""
    return PERIOD - moment % PERIOD


def next_code(key: str) -> str:
    """Wait for new digits and return them: the same ones are taken once only."""
    time.sleep(seconds_left(time.time()) + 0.1)
    return code_at(key, time.time())
