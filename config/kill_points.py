"""Named points at which a process dies or stops on purpose, so that a fault run can prove what is left behind.

`CRASH_AT=after_claim` ends the process at once when it reaches that point, `CRASH_AT=after_claim:3` the third time;
`CRASH_AT=pause_before_send` stops it (SIGSTOP) until somebody sends SIGCONT. Only where the stand-ins are allowed:
a production process passes every point, whatever its environment says.
"""

import os
import signal
import threading

from django.conf import settings

CRASHED = 9

_lock = threading.Lock()
_reached: dict[str, int] = {}


def reach(point: str) -> None:
    """Do what CRASH_AT asks for at this point; nothing when it names another one."""
    name, _sep, turn = os.environ.get("CRASH_AT", "").partition(":")
    if name != point or not settings.SELLO_SANDBOX:
        return
    with _lock:
        _reached[point] = _reached.get(point, 0) + 1
        if _reached[point] != int(turn or 1):
            return
    if point.startswith("pause_"):
        os.kill(os.getpid(), signal.SIGSTOP)
    else:
        os._exit(CRASHED)
