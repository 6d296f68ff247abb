"""The pages of the guide, for any member of staff, and the link to them that every page of the admin carries."""

from typing import cast

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from config.admin import SelloAdminSite
from config.admin.site import SitePage
from config.guide import collect

SITE = cast("SelloAdminSite", admin.site)


@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    """Show both days and the contents."""
    context = {
        **SITE.each_context(request),
        "title": _("Guide"),
        "days": collect.days(request),
        "contents": collect.contents(),
    }
    return TemplateResponse(request, "admin/guide/start.html", context)


@require_safe
def guide_of_list(request: HttpRequest, name: str) -> HttpResponse:
    """Show the help of one list."""
    page = collect.page_named(name)
    if page is None:
        raise Http404
    found = collect.help_of(page, request)
    context = {**SITE.each_context(request), "title": found["name"], "subtitle": _("Guide"), **found}
    return TemplateResponse(request, "admin/guide/list.html", context)


def help_url(request: HttpRequest) -> str:
    """Return the address of the help for the page that is asked for; the first page where it belongs to no list."""
    name = collect.list_of(request)
    return reverse("admin:guide_list", args=[name]) if name else reverse("admin:guide")


GUIDE = SitePage(
    section="", position=0, name=gettext_lazy("Guide"), url_name="guide", view=guide, path="guide/", permission=""
)
LIST = SitePage(
    section="",
    position=0,
    name=gettext_lazy("Guide"),
    url_name="guide_list",
    view=guide_of_list,
    path="guide/<str:name>/",
    permission="",
)
SITE.add_page(GUIDE)
SITE.add_page(LIST)
SITE.help_url = help_url
