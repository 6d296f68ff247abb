"""The queue's doors to the glue."""

from config.alarms import raise_alarms_of_events


def beat() -> None:
    """Do nothing: that it came back is the sign of life, and `config/heartbeat.py` writes it down."""


def raise_alarms() -> None:
    """Warn of what the tables show and no service notices by itself."""
    raise_alarms_of_events()
