"""The settable clock of the stand-in: fiscal dates are those of El Salvador (UTC-6, no daylight saving)."""

from datetime import UTC, datetime, timedelta
from threading import Lock
from zoneinfo import ZoneInfo

FISCAL_ZONE = ZoneInfo("America/El_Salvador")


class Clock:
    """Runs at the pace of the real clock, from wherever it was set."""

    def __init__(self) -> None:
        self._shift = timedelta(0)
        self._lock = Lock()

    def now(self) -> datetime:
        """Return the instant in UTC."""
        with self._lock:
            return datetime.now(UTC) + self._shift

    def local(self) -> datetime:
        """Return the instant as a clock on a wall in San Salvador shows it."""
        return self.now().astimezone(FISCAL_ZONE)

    def set(self, instant: datetime) -> None:
        """Let it be this instant now; naive instants are refused."""
        if instant.tzinfo is None:
            raise ValueError("the clock needs an aware instant")
        with self._lock:
            self._shift = instant - datetime.now(UTC)

    def advance(self, step: timedelta) -> None:
        """Move forward, or back with a negative step."""
        with self._lock:
            self._shift += step

    def reset(self) -> None:
        """Return to the real time."""
        with self._lock:
            self._shift = timedelta(0)
