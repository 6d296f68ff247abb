from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils.html import escape
from pytest_django import DjangoAssertNumQueries

from config.guide import collect
from config.guide.days import CLERK, MANAGER
from config.provisioning.groups import set_groups
from smartbill.lifecycle import STAGES
from tests.factories.documents import make_document
from tests.factories.people import make_staff, signed_in

pytestmark = pytest.mark.django_db
PAGES = collect.pages()
STATE_COLUMNS = {"status", "state", "outcome", "standing", "verdict"}
"""The names that columns of states have in this house."""


@pytest.fixture
def boss() -> Client:
    return signed_in(is_superuser=True)


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    text: str = answer.content.decode()
    return text


def test_every_page_of_the_admin_is_one_of_the_house() -> None:
    assert len(PAGES) == len(admin.site._registry)


def test_every_list_has_its_help_and_no_help_is_left_over() -> None:
    assert set(collect.ENTRIES) == set(PAGES)
    assert [label for label, entry in collect.ENTRIES.items() if not str(entry.what) or not entry.todo] == []


@pytest.mark.parametrize("label", PAGES)
def test_every_state_has_its_words(label: str) -> None:
    told = collect.ENTRIES[label].states
    columns = {field.name: field for field in PAGES[label].model._meta.concrete_fields if field.choices}
    assert STATE_COLUMNS & set(columns) == set(told)
    for name, table in told.items():
        assert {value for value, _label in columns[name].choices} == set(table)
        assert all(str(words.meaning) and str(words.next_step) for words in table.values())


def test_the_states_of_a_document_are_the_table_of_the_engine() -> None:
    assert collect.ENTRIES["smartbill.Document"].states["status"] is STAGES


@pytest.mark.parametrize("label", PAGES)
def test_every_list_leads_to_its_help(boss: Client, label: str) -> None:
    page = PAGES[label]
    address = f"/admin/guide/{label.lower()}/"
    assert f'<a href="{address}" class="help-link">' in text_of(boss, page.list_url())
    text = text_of(boss, address)
    for wanted in [collect.ENTRIES[label].what, *collect.ENTRIES[label].todo, *(each.hint for each in page.problems)]:
        assert escape(str(wanted)) in text


def test_the_page_of_a_row_and_every_page_below_it_lead_there_as_well(boss: Client) -> None:
    document = make_document()
    for address in [document.get_absolute_url(), f"/admin/smartbill/document/{document.pk}/evidence/"]:
        assert '<a href="/admin/guide/smartbill.document/" class="help-link">' in text_of(boss, address)


@pytest.mark.parametrize("label", PAGES)
def test_the_page_of_any_row_knows_its_help(label: str, rf: Any) -> None:
    opts = PAGES[label].opts
    request = rf.get("/")
    request.resolver_match = type("Match", (), {"url_name": f"{opts.app_label}_{opts.model_name}_change"})()
    assert collect.list_of(request) == label.lower()


def test_what_belongs_to_no_list_leads_to_the_start(boss: Client) -> None:
    for address in ["/admin/", "/admin/readiness/", "/admin/guide/"]:
        assert '<a href="/admin/guide/" class="help-link">' in text_of(boss, address)


def test_states_and_cards_lead_to_lists_that_answer(boss: Client) -> None:
    addresses = {
        url
        for page in PAGES.values()
        for url in [
            *(f"{page.list_url()}?problem={problem.key}" for problem in page.problems),
            *(
                f"{page.list_url()}?{name}__exact={value}"
                for name, table in collect.ENTRIES[page.model._meta.label].states.items()
                if name in page.list_filter
                for value in table
            ),
        ]
    }
    assert {(url, boss.get(url).status_code) for url in addresses} == {(url, 200) for url in addresses}
    assert "/admin/smartbill/document/?status__exact=unknown" in text_of(boss, "/admin/guide/smartbill.document/")


@pytest.mark.parametrize("step", [*CLERK, *MANAGER])
def test_every_step_of_a_day_leads_to_a_list_and_a_card_of_it(step: Any) -> None:
    if step.query:
        assert step.query.removeprefix("problem=") in {problem.key for problem in PAGES[step.model].problems}
    else:
        assert not step.model or step.model in PAGES


def test_any_member_of_staff_may_read_and_is_led_nowhere_they_may_not_go() -> None:
    newcomer = signed_in()
    assert "/admin/smartbill/document/" not in text_of(newcomer, "/admin/guide/")
    text = text_of(newcomer, "/admin/guide/smartbill.document/")
    assert 'href="/admin/smartbill/document/' not in text
    assert "Your groups do not let you see this list." in text


def test_strangers_read_nothing() -> None:
    assert Client().get("/admin/guide/").status_code == 302
    assert Client().get("/admin/guide/smartbill.document/").status_code == 302
    person = make_staff()
    type(person).objects.filter(pk=person.pk).update(is_staff=False)
    client = Client()
    client.force_login(person)
    assert client.get("/admin/guide/").status_code in (302, 403)


def test_a_list_that_does_not_exist_has_no_help(boss: Client) -> None:
    assert boss.get("/admin/guide/smartbill.nothing/").status_code == 404


def test_who_may_do_what_is_what_the_pages_themselves_let_through(boss: Client) -> None:
    set_groups()
    rights = {right.label: right.groups for right in boss.get("/admin/guide/billing.approval/").context["rights"]}
    assert rights["Look at it"] == ["Auditor", "Finance clerk", "Finance director", "Finance manager"]
    assert rights["Approve"] == ["Finance director", "Finance manager"]
    Group.objects.create(name="<b>Nobody</b>")
    assert "<b>Nobody" not in text_of(boss, "/admin/guide/billing.approval/")


def test_the_help_costs_the_same_however_many_groups_there_are(
    boss: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Group.objects.create(name="One").permissions.set(Permission.objects.filter(codename="view_document"))
    text_of(boss, "/admin/guide/smartbill.document/")
    with django_assert_num_queries(5):
        text_of(boss, "/admin/guide/smartbill.document/")
    set_groups()
    with django_assert_num_queries(5):
        text_of(boss, "/admin/guide/smartbill.document/")
