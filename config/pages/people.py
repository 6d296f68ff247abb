"""Staff, their groups, and what they changed in the set-up."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.admin import HouseAdmin, ReadOnlyAdmin, ReasonForm, badge, confirmed_action, run_on_each
from config.sign_in.reset import CHANGE, reset_second_factor, sign_out
from config.sign_in.session import end_sessions, is_fresh
from notifications.models import Reader

NEVER_GIVEN = ("django_q", "djstripe", "contenttypes", "sessions", "account", "mfa", "usersessions")
"""Rights over these tables would let a person run code, write what Stripe alone may say, or be somebody else: only to
look is given."""


def givable_permissions() -> QuerySet[Permission]:
    """Return the permissions that a person can be given."""
    every = Permission.objects.select_related("content_type")
    dangerous = every.filter(content_type__app_label__in=NEVER_GIVEN).exclude(codename__startswith="view_")
    return every.exclude(pk__in=dangerous.values("pk"))


def _only_givable(db_field: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    return {**kwargs, "queryset": givable_permissions()} if db_field.remote_field.model is Permission else kwargs


class ReaderInline(admin.StackedInline):  # type: ignore[type-arg]
    """In which language a person is warned; a matter of the person, so of whoever may edit people."""

    model = Reader
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("auth.view_user") or request.user.has_perm("auth.change_user"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("auth.change_user"))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)


@admin.register(User)
class UserAdmin(HouseAdmin, auth_admin.UserAdmin):  # type: ignore[type-arg]
    """A person who leaves is made inactive: what they did keeps their name."""

    section = "people"
    position = 10
    needs_proof = True
    list_display = ["username", "first_name", "last_name", "email", "is_active", "factor", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    action_rights = {"manage": CHANGE}
    confirm_display = ["username", "first_name", "last_name", "email", "factor"]
    actions = ["reset_factor", "end_sessions"]
    change_form_template = "admin/house_form.html"
    add_form_template = "admin/people/add.html"

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, **_only_givable(db_field, kwargs))

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        factors = Authenticator.objects.filter(user_id=OuterRef("pk"))
        rows: QuerySet[User] = super().get_queryset(request)
        return rows.annotate(has_factor=Exists(factors))

    @admin.display(description=_("Second factor"))
    def factor(self, user: User) -> SafeString:
        return badge(_("set up"), "good") if user.has_factor else badge(_("not set up"), "off")  # type: ignore[attr-defined]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if obj is None else [*fieldsets, (_("Sign-in"), {"fields": ["factor"]})]

    def action_applies(self, row: Any, name: str) -> bool:
        return name != "reset_factor" or row.has_factor

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """A person who is made inactive is signed out everywhere in the same moment."""
        super().save_model(request, obj, form, change)
        if not obj.is_active:
            end_sessions(obj)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Set somebody's password; asked for one's own first, where that was long ago."""
        if not is_fresh(request):
            query = urlencode({REDIRECT_FIELD_NAME: request.path})
            return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{query}")
        with self.acting(request, gettext("A new password was set for them.")):
            return super().user_change_password(request, id, form_url)

    @confirmed_action(
        description=_("Reset the second factor"),
        permissions=["manage"],
        consequence=_(
            "Every app, passkey and recovery code of this person opens nothing any more, and they are signed out. At "
            "the next sign-in, with the password alone, they set up a new one. Make sure that it is they who ask."
        ),
        form=ReasonForm,
        is_danger=True,
    )
    def reset_factor(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, reset_second_factor, done=_("reset"), **fields)

    @confirmed_action(
        description=_("Sign out everywhere"),
        permissions=["manage"],
        consequence=_("All sessions of this person end at once. They can sign in again."),
    )
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, sign_out, done=_("signed out"), **fields)

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [] if obj is None else [ReaderInline]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Rights are given by superusers alone: whoever may edit people could otherwise give them to themselves."""
        fields = [*super().get_readonly_fields(request, obj), "factor"]
        return fields if request.user.is_superuser else [*fields, "is_superuser", "groups", "user_permissions"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody but a superuser changes a superuser, above all not the password."""
        protected = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not protected and super().has_change_permission(request, obj)


@admin.register(Group)
class GroupAdmin(HouseAdmin, auth_admin.GroupAdmin):
    section = "people"
    position = 20
    needs_proof = True
    change_form_template = "admin/house_form.html"

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, **_only_givable(db_field, kwargs))


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """Changes of the set-up. What happened to a document is told on the document's own page."""

    section = "people"
    position = 30
    list_display = ["action_time", "user", "content_type", "object_repr", "change_message"]
    list_select_related = ["user", "content_type"]
    list_filter = ["action_flag"]
