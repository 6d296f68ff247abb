"""Gives each test a record of what was sent of its own: the last test's database is gone, and was not restored."""

import tempfile
from itertools import count
from pathlib import Path

import pytest

from smartbill.services import guard

_folder = Path(tempfile.mkdtemp(prefix="sello-record-"))
_numbers = count()


@pytest.fixture(autouse=True)
def _own_sent_record(settings):
    settings.SELLO_SENT_RECORD = str(_folder / f"{next(_numbers)}.record")
    guard.at_start.clear()
