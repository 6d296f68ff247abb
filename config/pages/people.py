"""Staff, their groups, and what they changed in the set-up."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import QuerySet
from django.http import HttpRequest

from config.admin import HouseAdmin, ReadOnlyAdmin
from notifications.models import Reader

NEVER_GIVEN = ("django_q", "djstripe", "contenttypes", "sessions")
"""Rights over these tables would let a person run code, or write what Stripe alone may say: only to look is given."""


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
    list_display = ["username", "first_name", "last_name", "email", "is_active", "is_staff", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    change_form_template = "admin/house_form.html"

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, **_only_givable(db_field, kwargs))

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [] if obj is None else [ReaderInline]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Rights are given by superusers alone: whoever may edit people could otherwise give them to themselves."""
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else [*fields, "is_superuser", "groups", "user_permissions"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody but a superuser changes a superuser, above all not the password."""
        protected = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not protected and super().has_change_permission(request, obj)


@admin.register(Group)
class GroupAdmin(HouseAdmin, auth_admin.GroupAdmin):
    section = "people"
    position = 20
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
