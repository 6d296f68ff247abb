"""What the app above asks before a draft that a person corrected by hand may be sent: it registers one question."""

from collections.abc import Callable
from typing import Any

from smartbill.drafts import Draft
from smartbill.models import Document

Screen = Callable[[Document, Draft, Any], Draft]
"""Returns the draft with what was approved of it and, among `held_because`, what people still have to approve."""
_registered: list[Screen] = []


def register_screen(screen: Screen) -> None:
    """Have every corrected draft pass this question; a second one takes the place of the first."""
    _registered[:] = [screen]


def screen_corrected(document: Document, draft: Draft, actor: Any) -> Draft:
    """Ask the app above, inside a transaction in which the document is not locked yet: its own rows come first."""
    for screen in _registered:
        draft = screen(document, draft, actor)
    return draft
