"""Every list opens with every value of every filter."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.contrib.admin import FieldListFilter
from django.test import Client

from smartbill.lifecycle import Status
from tests.factories.documents import make_document
from tests.factories.people import signed_in

pytestmark = pytest.mark.django_db
LISTS = {page.opts.label_lower: page for page in admin.site._registry.values()}


def addresses(client: Client, page: Any) -> list[str]:
    """Return the address of each choice that the list offers, and those of values that nothing offers."""
    shown = client.get(page.list_url())
    changelist = shown.context["cl"]
    offered = [
        choice["query_string"] for spec in changelist.filter_specs for choice in spec.choices(changelist) if choice
    ]
    strange = [
        f"?{urlencode({spec.parameter_name: 'nonsense'})}"
        for spec in changelist.filter_specs
        if not isinstance(spec, FieldListFilter)
    ]
    return [page.list_url() + query for query in dict.fromkeys([*offered, *strange])]


@pytest.mark.parametrize("name", sorted(LISTS))
def test_every_value_of_every_filter_opens_the_list(name: str) -> None:
    make_document(Status.STAMPED)
    client = signed_in(is_superuser=True)
    page = LISTS[name]
    assert client.get(page.list_url()).status_code == 200
    found = {address: client.get(address).status_code for address in addresses(client, page)}
    assert {address: status for address, status in found.items() if status != 200} == {}


def test_the_desk_counts_what_each_card_speaks_of() -> None:
    assert signed_in(is_superuser=True).get("/admin/").status_code == 200
