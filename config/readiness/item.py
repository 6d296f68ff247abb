"""One point of the list: its state, what was found, why it matters, and where it is mended."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.checks import CheckMessage
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from config.admin.texts import Text


class State(TextChoices):
    READY = "ready", _("ready")
    MISSING = "missing", _("missing")
    ADVISED = "advised", _("better mended")
    UNKNOWN = "unknown", _("unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """`url` is a path of the admin, `command` what an operator types or sets; one of them mends the point."""

    key: str
    title: Text
    state: State
    found: Text
    why: Text
    url: str = ""
    command: str = ""


def ready_if(is_ready: bool, otherwise: State = State.MISSING) -> State:
    """Return READY, or what it is otherwise."""
    return State.READY if is_ready else otherwise


def from_checks(*, key: str, title: Text, why: Text, good: Text, messages: Iterable[CheckMessage]) -> Item:
    """Return the point of some system checks: they are the ones that `manage.py check` prints, with their hints."""
    found = list(messages)
    is_error = any(message.is_serious() for message in found)
    return Item(
        key=key,
        title=title,
        why=why,
        state=ready_if(not found, State.MISSING if is_error else State.ADVISED),
        found=" ".join(f"{message.id}: {message.msg}" for message in found) or good,
        command=" ".join(str(message.hint) for message in found if message.hint),
    )
