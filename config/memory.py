"""Keeps a process with many threads small."""

import ctypes

ARENA_MAX = -8
"""glibc's M_ARENA_MAX (malloc.h)."""
ARENAS = 2


def share_heaps() -> None:
    """Let all threads share two heaps, as MALLOC_ARENA_MAX=2 does; call before the first thread begins.

    glibc would give each thread one of its own, up to eight per core, which keeps what a call once needed. Elsewhere
    than on glibc nothing happens.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(ARENA_MAX, ARENAS)
