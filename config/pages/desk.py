"""What the desk shows beside its cards: figures, the chart of the days, and the lights of the connections."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext, ngettext

from config.admin import HouseAdmin
from config.figures import Day, figures
from config.lights import Light, lights

WIDTH, HEIGHT, TOP, FOOT, GAP = 720, 180, 14, 20, 3
EDGE = 26
"""Half the width of a date, so that the last one is not cut off."""
EVERY = 5
"""Every fifth day has its date below."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the chart in the units of its picture."""

    x: float
    y: float
    width: float
    height: float
    day: Day
    label_x: float
    is_labelled: bool


def figures_panel(request: HttpRequest) -> dict[str, Any]:
    """Return the figures, for whoever may see the documents that they are made of."""
    if not request.user.has_perm("smartbill.view_document"):
        return {}
    found = figures(now(), livemode=settings.STRIPE_LIVE_MODE)
    most = max((day.count for day in found.days), default=0)
    return {
        "figures": found,
        "sums": [
            (gettext("Stamped today"), found.today, in_words(found.today.median)),
            (gettext("Stamped this month"), found.month, in_words(found.month.median)),
        ],
        "chart": {
            "bars": bars_of(found.days, most),
            "most": most,
            "width": WIDTH,
            "height": HEIGHT,
            "base": HEIGHT - FOOT,
            "top": TOP,
        },
    }


def lights_panel(request: HttpRequest) -> dict[str, Any]:
    """Return the lights for staff with any right at all, each with a link where they may follow it."""
    if not any(page.has_view_permission(request) for page in admin.site._registry.values()):
        return {}
    return {"lights": [(light, _address(request, light)) for light in lights(now())]}


def bars_of(days: Sequence[Day], most: int) -> list[Bar]:
    """Return the bars; a day on which anything happened has one that can be seen."""
    step = WIDTH / max(len(days), 1)
    room = HEIGHT - FOOT - TOP
    bars = []
    for number, day in enumerate(days):
        height = max(2.0, room * day.count / most) if day.count else 0.0
        bars.append(
            Bar(
                x=round(number * step + GAP / 2, 1),
                y=round(HEIGHT - FOOT - height, 1),
                width=round(step - GAP, 1),
                height=round(height, 1),
                day=day,
                label_x=round(min(number * step + step / 2, WIDTH - EDGE), 1),
                is_labelled=(len(days) - 1 - number) % EVERY == 0,
            )
        )
    return bars


def in_words(seconds: float | None) -> str:
    """Return a time as people say it, with the two digits of which it is sure."""
    if seconds is None:
        return "–"
    if seconds < 100:
        return gettext("%(seconds)s s") % {"seconds": f"{seconds:.2g}"}
    minutes = round(seconds / 60)
    if minutes < 100:
        return ngettext("%(minutes)s minute", "%(minutes)s minutes", minutes) % {"minutes": minutes}
    hours = round(seconds / 3600)
    if hours < 72:
        return ngettext("%(hours)s hour", "%(hours)s hours", hours) % {"hours": hours}
    return gettext("%(days)s days") % {"days": round(seconds / 86400)}


def _address(request: HttpRequest, light: Light) -> str:
    pages = {f"{model._meta.app_label}_{model._meta.model_name}": page for model, page in admin.site._registry.items()}
    page = pages.get(light.page)
    if not isinstance(page, HouseAdmin) or not page.has_view_permission(request):
        return ""
    return reverse(f"admin:{light.page}_changelist")


admin.site.panels += [lights_panel, figures_panel]  # type: ignore[attr-defined]
