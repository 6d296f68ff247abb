from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.sites import AdminSite
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest

from config.admin.checks import check_actions, check_filters


class Careless(admin.ModelAdmin):
    actions = ["explode"]

    def explode(self, request: HttpRequest, queryset: QuerySet[Any]) -> None: ...


class Careful(admin.ModelAdmin):
    actions = ["tidy"]

    @admin.action(permissions=["change"])
    def tidy(self, request: HttpRequest, queryset: QuerySet[Any]) -> None: ...


@pytest.fixture
def site() -> Iterator[AdminSite]:
    site = AdminSite(name="trial")
    site.disable_action("delete_selected")
    yield site
    del site


def test_an_action_without_permissions_stops_the_start(site: AdminSite) -> None:
    site.register(Group, Careless)
    (error,) = [error for error in check_actions() if error.obj is Careless]
    assert error.id == "config.E101"
    assert error.msg == "The action “explode” of Careless names no permission: whoever sees the list may run it."


def test_an_action_with_permissions_passes(site: AdminSite) -> None:
    site.register(Group, Careful)
    assert [error for error in check_actions() if error.obj is Careful] == []


def test_the_pages_of_the_house_pass() -> None:
    assert [error for error in check_actions() if error.obj is not Careless] == []


class Slow(admin.ModelAdmin):
    list_filter = ["name"]


def test_a_filter_that_collects_its_choices_from_the_table_stops_the_start(site: AdminSite) -> None:
    site.register(Group, Slow)
    (error,) = [error for error in check_filters() if error.obj is Slow]
    assert (error.id, "“name”" in error.msg) == ("config.E102", True)
    assert [error for error in check_filters() if error.obj is not Slow] == []
