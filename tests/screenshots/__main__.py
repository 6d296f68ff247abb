"""`make screenshots`: the demonstration is started once, and its pages are taken with Chromium into docs/screenshots.

Ends with status 1 when a promise of the story broke, a page answers with an error, or a picture is too large.
"""

import sys
from importlib import import_module

import django


def main() -> int:
    django.setup()
    is_done: bool = import_module("tests.screenshots.take").take_all()
    return 0 if is_done else 1


if __name__ == "__main__":
    sys.exit(main())
