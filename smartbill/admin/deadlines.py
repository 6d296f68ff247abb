"""The windows of a document as people read them: two dates, the text behind each and how sure it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.admin import badge
from config.admin.texts import Text
from smartbill.clock_texts import CERTAINTIES, WINDOW_NAMES
from smartbill.legal_rules import Rule
from smartbill.lifecycle import Status
from smartbill.models import Document
from smartbill.services.windows import safe_until_between, windows_of_document
from smartbill.windows import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """One window on the page of a document."""

    name: Text
    tone: str
    verdict: str
    safe_until: str
    safe_source: str
    last_possible: str
    last_source: str


def deadlines_of(document: Document) -> Sequence[Deadline]:
    """Return the windows of a document for its page, the first to use first."""
    at = now()
    return [
        Deadline(
            name=WINDOW_NAMES[about],
            tone=window.tone(at),
            verdict=_verdict(window),
            safe_until=_moment(window.safe_until),
            safe_source=_source(window.safe_rule),
            last_possible=_moment(window.last_possible),
            last_source=_source(window.last_rule),
        )
        for about, window in windows_of_document(document).items()
    ]


def window_text(window: Window) -> str:
    """Return a window in one sentence, for a question."""
    text = _("safe until %(safe)s (%(safe_source)s), last possible %(last)s (%(last_source)s).")
    return text % {
        "safe": _moment(window.safe_until),
        "safe_source": _source(window.safe_rule),
        "last": _moment(window.last_possible),
        "last_source": _source(window.last_rule),
    }


def until(window: Window | None) -> SafeString | str:
    """Return the end of the safe time for a list, coloured by what is left."""
    if window is None:
        return "–"
    return badge(f"{window.safe_until:%Y-%m-%d}", window.tone(now()), title=window_text(window))


class DeadlineFilter(admin.SimpleListFilter):
    """Documents that are still valid and whose safe time ends soon."""

    title = gettext_lazy("safe to invalidate")
    parameter_name = "safe"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Text]]:
        return [
            ("2", gettext_lazy("2 days or less")),
            ("7", gettext_lazy("7 days or less")),
            ("30", gettext_lazy("30 days or less")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in ("2", "7", "30"):
            return queryset
        at = now()
        condition = safe_until_between(at, at + timedelta(days=int(self.value() or 0)))
        return queryset.filter(condition, status=Status.STAMPED)


def _verdict(window: Window) -> str:
    at = now()
    if window.is_safe(at):
        return _("safe")
    return _("disputed") if window.is_possible(at) else _("too late")


def _moment(at: datetime) -> str:
    """Return a time at the issuer with its distance to UTC: the other times of the admin are those of the site."""
    offset = f"{at:%z}"
    return f"{at:%Y-%m-%d %H:%M} UTC{offset[:3]}:{offset[3:]}"


def _source(rule: Rule) -> str:
    return f"{rule.source}; {CERTAINTIES[rule.certainty]}"
