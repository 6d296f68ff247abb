"""Gives each test a cache of its own: nobody's counts are met by another, and no server is emptied for it."""

import os
from itertools import count

import pytest

_numbers = count()


@pytest.fixture(autouse=True)
def _own_cache(settings):
    prefix = f"sello-test-{os.getpid()}-{next(_numbers)}"
    settings.CACHES = {name: {**cache, "KEY_PREFIX": prefix} for name, cache in settings.CACHES.items()}
