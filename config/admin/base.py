"""The model admins of the house: nothing is deleted, lists are bounded, rights are told, actions answer on the page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.apps import apps
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.admin.asks import AskingAdmin
from config.admin.history import what_changed
from config.admin.keyset import KeysetChangeList
from config.admin.lists import BoundedPaginator
from config.admin.problems import Problem, ProblemFilter
from config.admin.texts import Text
from config.trail_triggers import is_watched

SECTIONS: dict[str, Text] = {
    "work": _("Daily work"),
    "setup": _("Set-up"),
    "stripe": _("Stripe, as mirrored"),
    "jobs": _("Background work"),
    "people": _("People"),
}
"""The parts of the menu in their order; a model admin names its own in `section`."""


@dataclass(frozen=True, slots=True)
class Button:
    """An action offered on a row's own page. `missing` names the right that the person lacks."""

    name: str
    label: str
    is_danger: bool
    missing: str = ""


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """Rows of a large choice that have something in common: what it is, how many, and what they come to."""

    label: Text
    count: int
    amount: str = ""
    applies: bool = True


class Elsewhere(HttpResponseRedirect):
    """An action's own way out, instead of back to where the person came from."""


class HouseAdmin(AskingAdmin):
    """Base of every page.

    `action_rights` maps the short name used in `permissions=[...]` of an action to a full permission; the methods
    that Django asks (`has_<name>_permission`) are made from it. `refusals` are the errors whose text is fit for staff.
    """

    section: ClassVar[str] = "setup"
    position: ClassVar[int] = 50
    problems: ClassVar[tuple[Problem, ...]] = ()
    action_rights: ClassVar[Mapping[str, str]] = {}
    refusals: ClassVar[tuple[type[Exception], ...]] = ()
    confirm_display: ClassVar[Sequence[str]] = ("__str__",)

    paginator = BoundedPaginator
    list_per_page = 100
    list_max_show_all = 0
    show_full_result_count = False
    change_form_template = "admin/house_form.html"
    view_on_site = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, permission in cls.action_rights.items():
            setattr(cls, f"has_{name}_permission", _holds(permission))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def action_checkbox(self, obj: Any) -> SafeString:
        """Return Django's box of a row without the template of its widget, which costs a fifth of a list."""
        label = gettext("Select this object for an action - {}").format(obj)
        box = '<input type="checkbox" name="{}" value="{}" class="action-select" aria-label="{}">'
        return format_html(box, ACTION_CHECKBOX_NAME, obj.pk, label)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return KeysetChangeList

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Have the filter to which the cards of the desk lead on every page that has cards."""
        filters = super().get_list_filter(request)
        return filters if not self.problems or ProblemFilter in filters else [ProblemFilter, *filters]

    def row_label(self, row: Any) -> str:
        """Name a row in the outcome of an action."""
        return str(row)

    def action_applies(self, row: Any, name: str) -> bool:
        """Whether this action makes sense for the row in its present state."""
        return True

    def changed_since(self, row: Any, at: datetime) -> bool:
        """Whether a row is no more what a person was asked about then; bulk work leaves such a row alone.

        Only where the service itself cannot tell: most compare the state.
        """
        return False

    def choice_summary(self, queryset: QuerySet[Any], action: str) -> Sequence[SummaryLine]:
        """Sum up a choice that is too large to be shown row by row, before an action is confirmed."""
        return []

    def buttons(self, request: HttpRequest, row: Any) -> list[Button]:
        """Return the actions that the row's state allows; those for which the person lacks the right say so."""
        permitted = self.get_actions(request)
        return [
            Button(name, str(label), getattr(act, "is_danger", False), "" if name in permitted else self._missing(act))
            for act, name, label in self.all_actions()
            if self.action_applies(row, name)
        ]

    def all_actions(self) -> list[tuple[Any, str, Text]]:
        """Return every action of the page, whoever may run it: function, name, label."""
        return self._get_base_actions()  # type: ignore[attr-defined,no-any-return]

    def _missing(self, act: Any) -> str:
        """Return in words the right that the action asks for."""
        words = {
            f"{model._meta.app_label}.{name}": text
            for model in apps.get_models()
            for name, text in model._meta.permissions
        }
        full = [self.action_rights.get(name, name) for name in getattr(act, "allowed_permissions", [])]
        return ", ".join(str(words.get(permission, permission)) for permission in full)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        if obj is not None:
            context["buttons"] = self.buttons(request, obj)
            context["list_url"] = self.list_url()
            if is_watched(self.model):
                context["history_url"] = reverse(
                    f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_history", args=[obj.pk]
                )
        return super().render_change_form(request, context, add, change, form_url, obj)

    def list_url(self) -> str:
        """Return the address of the list without any filter."""
        return reverse(f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def page_url(self, key: object) -> str:
        """Return the address of a row's own page."""
        return reverse(f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_change", args=[key])

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list or run an action; an action without the right is refused before anything else.

        An action on all rows that match needs no ticked row: it works without the script that ticks for Django.
        """
        asked = request.POST.get("action", "")
        if request.POST.get("select_across") == "1" and ACTION_CHECKBOX_NAME not in request.POST:
            ticked = request.POST.copy()
            ticked[ACTION_CHECKBOX_NAME] = "all"
            request.POST = ticked  # type: ignore[assignment]
        if asked not in self.get_actions(request) and any(asked == name for _act, name, _label in self.all_actions()):
            raise PermissionDenied
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:  # type: ignore[override]
        """Run an action; its outcome is told where the person came from."""
        with self.acting(request, request.POST.get("confirm-reason", "")):
            answer = super().response_action(request, queryset)
        if answer is None or (isinstance(answer, HttpResponseRedirect) and not isinstance(answer, Elsewhere)):
            return HttpResponseRedirect(self._came_from(request))
        return answer

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show what the trail knows of a row; of what it does not watch, Django's own list of edits."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        row = self.get_object(request, object_id) if is_watched(self.model) else None
        if row is None:
            return super().history_view(request, object_id, extra_context)
        return what_changed(self, request, row)

    def _came_from(self, request: HttpRequest) -> str:
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if "_page" in request.POST and len(chosen) == 1:
            return self.page_url(chosen[0])
        query = QueryDict(request.POST.get("_list", urlsplit(request.get_full_path()).query)).urlencode()
        return f"{self.list_url()}?{query}" if query else self.list_url()


class ReadOnlyAdmin(HouseAdmin):
    """Rows that people look at; they change through services only."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _holds(permission: str) -> Callable[[HouseAdmin, HttpRequest], bool]:
    def has_permission(modeladmin: HouseAdmin, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(permission))

    return has_permission
