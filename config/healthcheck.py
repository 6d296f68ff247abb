"""The container's health check: `python -m config.healthcheck`, without Django, so that it costs next to nothing.

It is also the clock by which the web looks whether any worker lives: nobody else asks so reliably.
"""

import os
import sys
from http.client import HTTPConnection, HTTPException


def main() -> int:
    """Return 0 if the web server of this container answers /healthz under a name that it serves."""
    if status_of("/healthz") != 200:
        return 1
    # The answer is of no matter here: a silent worker, or a database that is away, restarts no web server.
    status_of("/readyz/worker")
    return 0


def status_of(path: str) -> int | None:
    """Return the status with which the web server answers, or None if it does not."""
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].lstrip(".")
    connection = HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=2)
    try:
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
