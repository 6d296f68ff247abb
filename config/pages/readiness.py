"""The page that says what is missing before going live."""

from typing import cast

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.admin import SelloAdminSite
from config.admin.site import SitePage
from config.readiness import Item, State, checklist
from config.readiness.checklist import counted

TONES: dict[str, str] = {State.READY: "good", State.MISSING: "bad", State.ADVISED: "warn", State.UNKNOWN: "wait"}


def readiness(request: HttpRequest) -> HttpResponse:
    """Show every point, the sections in their order; nothing outside is asked."""
    sections = checklist()
    counts = counted(sections)
    context = {
        **admin.site.each_context(request),
        "title": _("Ready to go live?"),
        "sections": [(section.title, [_shown(item) for item in section.items]) for section in sections],
        "counts": [(State(state).label, TONES[state], count) for state, count in counts.items() if count],
        "is_ready": not counts[State.MISSING] and not counts[State.UNKNOWN],
    }
    return TemplateResponse(request, "admin/config/readiness.html", context)


def _shown(item: Item) -> dict[str, object]:
    return {"item": item, "tone": TONES[item.state], "label": item.state.label, "url": _address(item.url)}


def _address(name: str) -> str:
    """Return the path of a page by its name and, after a blank, its key; nothing where the house has no such page."""
    if not name:
        return ""
    view, _blank, key = name.partition(" ")
    try:
        return reverse(view, args=[key] if key else [])
    except NoReverseMatch:
        return ""


READINESS = SitePage(
    section="setup",
    position=5,
    name=gettext_lazy("Ready to go live?"),
    url_name="readiness",
    view=readiness,
    path="readiness/",
    permission="config.view_readiness",
)
cast(SelloAdminSite, admin.site).add_page(READINESS)
