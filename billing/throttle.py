"""How often somebody may knock at a door, counted in the shared cache."""

import hashlib

from django.core.cache import cache


def may_pass(door: str, who: str, *, most: int, seconds: int) -> bool:
    """Count this knock and tell whether it is among the first `most` of a period that the first one began.

    `who` is hashed: a cache that is read by others must not hold the secret part of a link.
    """
    key = f"knock:{door}:{hashlib.sha256(who.encode()).hexdigest()}"
    cache.add(key, 0, timeout=seconds)
    try:
        return cache.incr(key) <= most
    except ValueError:
        # The period ended between the two calls.
        return True
