"""The admin site: its menu in the order of the work, the desk on its start page, and no page but the house's."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.functional import LazyObject
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from config.admin.base import SECTIONS, HouseAdmin
from config.admin.problems import Card, card_of
from config.admin.texts import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePage:
    """A page that belongs to no table. Without a section it is not in the menu; without a permission, any staff."""

    section: str
    position: int
    name: Text
    url_name: str
    view: Callable[..., HttpResponseBase]
    path: str
    permission: str


class SelloAdminSite(AdminSite):
    """Stock Django's site, arranged for people who run billing from it."""

    site_header = "Sello"
    site_title = "Sello"
    index_title = _("What needs you now")
    index_template = "admin/desk.html"
    site_url = None
    enable_nav_sidebar = False

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.panels: list[Callable[[HttpRequest], dict[str, Any]]] = []
        """What the desk shows beside its cards; the glue, which knows all apps, adds it."""
        self.disable_action("delete_selected")
        self.pages: list[SitePage] = []
        self.help_url: Callable[[HttpRequest], str] | None = None
        """Where the guide tells about the page that is asked for; the glue, which has the guide, sets it."""

    def add_page(self, page: SitePage) -> None:
        """Put a page into the menu and among the addresses of the site, for whoever holds its permission."""
        self.pages.append(page)

    def get_urls(self) -> list[Any]:
        own = [path(page.path, self.admin_view(_guarded(page)), name=page.url_name) for page in self.pages]
        return [*own, *super().get_urls()]

    def register(
        self,
        model_or_iterable: "type[Model] | Iterable[type[Model]] | LazyObject[Any]",
        admin_class: "type[ModelAdmin[Any]] | None" = None,
        **options: Any,
    ) -> None:
        """Register a page of the house. What other packages register is passed over.

        django-q2's schedule form runs any code for whoever may add one, and dj-stripe's pages let any member of
        staff act on Stripe: a foreign page shows only where the house has made its own of it.
        """
        if admin_class is not None and issubclass(admin_class, HouseAdmin):
            super().register(model_or_iterable, admin_class, **options)

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the one sign-in of the house, which asks for a second factor; who may not enter is told so."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        wanted = request.GET.get(REDIRECT_FIELD_NAME, reverse("admin:index"))
        return HttpResponseRedirect(f"{reverse('account_login')}?{urlencode({REDIRECT_FIELD_NAME: wanted})}")

    @method_decorator(login_not_required)
    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """Lead to the one sign-out of the house, which asks first."""
        return HttpResponseRedirect(reverse("account_logout"))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """Lead to the page of one's own account."""
        return HttpResponseRedirect(reverse("account_change_password"))

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {
            **super().each_context(request),
            "livemode": settings.STRIPE_LIVE_MODE,
            "home_url": reverse("admin:index"),
            "help_url": self.help_url(request) if self.help_url else "",
        }

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the menu: one entry per section, whatever app a model belongs to."""
        if app_label is not None:
            return super().get_app_list(request, app_label)
        by_section: dict[str, list[tuple[int, str, Any]]] = {}
        for app in self._build_app_dict(request).values():
            for entry in app["models"]:
                page = self._registry[entry["model"]]
                if isinstance(page, HouseAdmin):
                    by_section.setdefault(page.section, []).append((page.position, str(entry["name"]), entry))
        for each in self.pages:
            if each.section and _may_open(each, request):
                url = reverse(f"{self.name}:{each.url_name}")
                entry = {"name": each.name, "object_name": each.url_name, "admin_url": url, "model": None, "perms": {}}
                by_section.setdefault(each.section, []).append((each.position, str(each.name), entry))
        return [
            {
                "name": title,
                "app_label": section,
                "app_url": f"#{section}",
                "has_module_perms": True,
                "models": [entry for _position, _name, entry in sorted(by_section[section], key=lambda row: row[:2])],
            }
            for section, title in SECTIONS.items()
            if section in by_section
        ]

    def cards(self, request: HttpRequest) -> list[Card]:
        """Count what needs this person, most urgent first, over the lists that they may see."""
        pages = [page for page in self._registry.values() if isinstance(page, HouseAdmin)]
        found = [
            card_of(
                problem,
                request.user,
                page.model._default_manager.all(),
                f"{page.list_url()}?problem={problem.key}",
            )
            for page in pages
            if page.problems and page.has_view_permission(request)
            for problem in page.problems
        ]
        return sorted(found, key=lambda card: card.problem.urgency)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        cards = self.cards(request)
        desk = {
            "urgent": [card for card in cards if card.count and card.problem.tone != "wait"],
            "under_way": [card for card in cards if card.count and card.problem.tone == "wait"],
            "clear": [card for card in cards if not card.count and card.problem.tone != "wait"],
        }
        panels = {name: value for panel in self.panels for name, value in panel(request).items()}
        return super().index(request, {**desk, **panels, **(extra_context or {})})


def _guarded(page: SitePage) -> Callable[..., HttpResponseBase]:
    @wraps(page.view)
    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not _may_open(page, request):
            raise PermissionDenied
        return page.view(request, *args, **kwargs)

    return view


def _may_open(page: SitePage, request: HttpRequest) -> bool:
    return not page.permission or request.user.has_perm(page.permission)
