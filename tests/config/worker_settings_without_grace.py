"""The worker's settings, with next to no patience at a stop."""

from tests.config.worker_settings import *  # noqa: F403
from tests.config.worker_settings import QWORKER

QWORKER = {**QWORKER, "grace": 1}
SILENCED_SYSTEM_CHECKS = ["sello.E032"]
