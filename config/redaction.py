"""What logs and reports of errors must not hold: the secret part of a customer's link."""

import logging
import re
from collections.abc import Mapping
from typing import Any

LINK = re.compile(r"/([dt])/[A-Za-z0-9_\-]{8,}")


class LinkFilter(logging.Filter):
    """Blot out tokens of customers' links in the message and its arguments."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if "/d/" in text or "/t/" in text:
            record.msg, record.args = LINK.sub(r"/\1/…", text), ()
        return True


def without_links(event: Any, hint: Any = None) -> Any:
    """Return an event of Sentry (or any part of one) with the tokens of customers' links blotted out."""
    if isinstance(event, str):
        return LINK.sub(r"/\1/…", event)
    if isinstance(event, Mapping):
        return {name: without_links(value) for name, value in event.items()}
    if isinstance(event, list | tuple):
        return [without_links(value) for value in event]
    return event
