"""Drains of the worker's tests: work is due while the file `<name>.due` lies in the data directory."""

import time
from datetime import datetime
from pathlib import Path

from django.conf import settings

from config.queue import drain_task


def place(name: str) -> Path:
    return Path(settings.DATA_DIR) / name


def quick_is_due(at: datetime) -> bool:
    return place("quick.due").exists()


def slow_is_due(at: datetime) -> bool:
    return place("slow.due").exists()


def endless_is_due(at: datetime) -> bool:
    return place("endless.due").exists()


@drain_task(due=quick_is_due)
def quick() -> None:
    place("quick.due").unlink(missing_ok=True)
    place("quick.done").touch()


@drain_task(due=slow_is_due)
def slow() -> None:
    place("slow.due").unlink()
    place("slow.started").touch()
    time.sleep(2)
    place("slow.done").touch()


@drain_task(due=endless_is_due)
def endless() -> None:
    place("endless.due").unlink()
    place("endless.started").touch()
    time.sleep(300)
