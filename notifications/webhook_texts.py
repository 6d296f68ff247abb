"""What a webhook is told of an alert: what, where, since when, and the page; no person, and nothing people typed."""

import re
from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from notifications.alerts import KINDS
from notifications.models import Alert

TOLD = ("issuer", "account", "count", "since", "deadline", "hours_left", "minutes", "host", "job", "state", "rehearsal")
"""The facts that may leave the house: names that we gave ourselves, numbers and times."""
MAIL = re.compile(r"[^\s<>@]+@[^\s<>@]+")
TAX_ID = re.compile(
    r"(?<![\w-])\d{4}-?\d{6}-?\d{3}-?\d(?![\w-])|(?<![\w-])\d{8}-?\d(?![\w-])|(?<![\w-])\d{6,7}-\d(?![\w-])"
)
SIGNS = str.maketrans({"<": "‹", ">": "›", "@": "＠", "`": "'", "*": "∗", "_": "＿", "~": "∼", "\n": " ", "\r": " "})
"""Signs by which a chat calls everybody in, makes a link or changes the type."""
LONGEST = 300


def text_of(alert: Alert, moment: str, *, language: str) -> str:
    """Return the notice in this language."""
    with translation.override(language):
        kind = KINDS[alert.kind]
        is_over = moment == "resolved"
        mode = _("LIVE") if settings.STRIPE_LIVE_MODE else _("TEST")
        title = f"{kind.title}: {safe(alert.subject)}" if alert.subject else str(kind.title)
        head = _("Over: %(title)s") % {"title": title} if is_over else title
        lines = [f"[Sello {mode}] {head}", *([] if is_over else [str(kind.meaning)]), _facts(alert), _times(alert)]
        return "\n".join(line for line in [*lines, alert.page_url()] if line)


def _facts(alert: Alert) -> str:
    values = {name: value for name, value in alert.context.items() if name in TOLD}
    return " · ".join(f"{name}: {safe(value)}" for name, value in alert.facts(values))


def _times(alert: Alert) -> str:
    if alert.resolved_at is None:
        return _("Since %(at)s") % {"at": _moment(alert.raised_at)}
    values = {"at": _moment(alert.raised_at), "end": _moment(alert.resolved_at)}
    return _("From %(at)s to %(end)s") % values


def _moment(at: datetime) -> str:
    return f"{localtime(at):%Y-%m-%d %H:%M %Z}"


def safe(text: str) -> str:
    """Return a text without mail addresses, tax ids and signs that a chat takes for orders."""
    without = TAX_ID.sub("…", MAIL.sub("…", text))
    return without.translate(SIGNS)[:LONGEST]
