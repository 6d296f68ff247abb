import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.utils.timezone import now
from django_q.models import Failure, OrmQ, Schedule, Success, Task
from djstripe import models as mirrored

from config.admin import HouseAdmin, ReadOnlyAdmin
from config.admin.site import SelloAdminSite
from smartbill.lifecycle import Status
from smartbill.services.tally_days import tally_days
from tests.factories.documents import make_document
from tests.factories.people import make_staff, signed_in

pytestmark = pytest.mark.django_db


def test_every_page_is_one_of_the_house() -> None:
    assert [type(page) for page in admin.site._registry.values() if not isinstance(page, HouseAdmin)] == []


def test_a_foreign_page_is_passed_over() -> None:
    site = SelloAdminSite(name="trial")
    site.register(User)
    site.register(Task, admin.ModelAdmin)
    assert site._registry == {}


@pytest.mark.parametrize("model", [Schedule, Success, Failure, OrmQ])
def test_pages_of_the_queue_are_for_looking_only(model: type) -> None:
    assert isinstance(admin.site._registry[model], ReadOnlyAdmin)


def test_of_the_mirror_nine_models_are_shown_and_all_are_for_looking_only() -> None:
    shown = [model for model in apps.get_app_config("djstripe").get_models() if model in admin.site._registry]
    assert len(shown) == 9
    assert all(isinstance(admin.site._registry[model], ReadOnlyAdmin) for model in shown)
    assert mirrored.APIKey not in shown


def test_nothing_can_be_deleted_anywhere(rf: object) -> None:
    request = rf.get("/")  # type: ignore[attr-defined]
    request.user = make_staff(is_superuser=True)
    assert [page for page in admin.site._registry.values() if page.has_delete_permission(request)] == []
    assert not any("delete_selected" in page.get_actions(request) for page in admin.site._registry.values())


def test_the_menu_follows_the_work() -> None:
    menu = signed_in(is_superuser=True).get("/admin/").context["available_apps"]
    assert [str(section["name"]) for section in menu] == [
        "Daily work",
        "Set-up",
        "Stripe, as mirrored",
        "Background work",
        "People",
    ]
    work = [
        "Documents",
        "Outages",
        "Sales",
        "Documents made by hand",
        "Approvals",
        "Reversals",
        "Corrections",
        "Tax profiles",
        "Requests for tax data",
        "Imports of tax data",
    ]
    work += ["Messages", "Alerts", "Inbound events", "Bulk jobs"]
    assert [str(model["name"]) for model in menu[0]["models"]] == work


def test_a_stranger_is_sent_to_the_login() -> None:
    response = Client().get("/admin/")
    assert (response.status_code, response["Location"]) == (302, "/admin/login/?next=/admin/")


def test_the_desk_counts_only_what_the_person_may_see() -> None:
    make_document(Status.HELD)
    make_document(Status.HELD)
    make_document(Status.UNKNOWN)
    assert signed_in().get("/admin/").context["urgent"] == []
    cards = signed_in("smartbill.view_document").get("/admin/").context["urgent"]
    assert [(str(card.problem.label), card.count) for card in cards] == [("In doubt", 1), ("Held", 2)]


def test_a_card_of_the_desk_leads_to_exactly_its_rows() -> None:
    wanted = {make_document(Status.UNKNOWN).pk, make_document(Status.INVALIDATION_UNKNOWN).pk}
    make_document(Status.HELD)
    client = signed_in("smartbill.view_document")
    first = client.get("/admin/").context["urgent"][0]
    assert {row.pk for row in client.get(first.url).context["cl"].result_list} == wanted


def test_every_card_of_every_page_leads_to_a_list_that_is_narrowed() -> None:
    client = signed_in(is_superuser=True)
    cards = [card for name in ("urgent", "under_way", "clear") for card in client.get("/admin/").context[name]]
    assert len(cards) > 20
    # A filter that the list does not have is answered with a redirection to the whole list.
    assert [card.url for card in cards if client.get(card.url).status_code != 200] == []


def test_an_empty_desk_says_that_nothing_waits() -> None:
    assert "Nothing waits for a person." in signed_in("smartbill.view_document").get("/admin/").content.decode()


def test_who_has_no_rights_is_told_whom_to_ask() -> None:
    assert "You have no rights yet." in signed_in().get("/admin/").content.decode()


BESIDE = 2 + 1 + 7 + 1
"""Session and person; the issuers' days of matching; the lights of four connections; the figures."""


@pytest.mark.parametrize("documents", [1, 7])
def test_the_desk_costs_one_bounded_count_per_problem(django_assert_num_queries: object, documents: int) -> None:
    for _each in range(documents):
        make_document(Status.HELD)
        make_document(Status.STAMPED, stamped_at=now())
    tally_days()
    client = signed_in(is_superuser=True)
    problems = sum(len(page.problems) for page in admin.site._registry.values() if isinstance(page, HouseAdmin))
    with django_assert_num_queries(problems + BESIDE) as seen:  # type: ignore[operator]
        client.get("/admin/")
    assert sum("LIMIT 1001" in query["sql"] for query in seen) == problems


@pytest.mark.parametrize(("livemode", "word"), [(True, "LIVE"), (False, "TEST")])
@pytest.mark.parametrize("address", ["/admin/", "/admin/smartbill/document/"])
def test_the_mode_stands_on_every_page_and_of_a_test_in_its_title_and_a_band(
    livemode: bool, word: str, address: str
) -> None:
    with override_settings(STRIPE_LIVE_MODE=livemode):
        page = signed_in("smartbill.view_document").get(address).content.decode()
    assert f'<strong class="mode mode-{word.lower()}">{word}' in page
    is_told = ("<title>[TEST] " in page, '<p class="mode-band">TEST: documents have no legal value</p>' in page)
    assert is_told == (not livemode, not livemode)
