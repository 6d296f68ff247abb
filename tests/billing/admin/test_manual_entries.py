"""The form for a document without Stripe: what would be issued is shown first, and only what was shown is entered."""

import re
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from billing.models import Approval, ManualEntry, Sale, profile_of
from billing.services.decide_sale import decide_sale
from smartbill.models import Document
from tests.factories.billing import StripeEndpointFactory
from tests.factories.manual import RIGHTS, entered_sale
from tests.factories.people import make_staff, signed_in
from tests.factories.rules import make_rule

pytestmark = pytest.mark.django_db

URL = "/admin/billing/manualentry/add/"
SEES = ["billing.view_sale", "billing.view_manualentry"]


@pytest.fixture
def endpoint():
    return StripeEndpointFactory()


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*?value="([^"]*)"', page)
    assert found, name
    return found[1]


def typed(browser, endpoint, **changes):
    page = browser.get(URL).content.decode()
    return {
        "token": hidden(page, "token"), "endpoint": endpoint.pk, "why": "stripe_down", "note": "", "method": "cash",
        "paid_at": "2026-11-20T10:00", "expects_payment": "yes", "legal_name": "Ana López", "country": "SV",
        "lines-TOTAL_FORMS": "3", "lines-INITIAL_FORMS": "0", "lines-0-description": "Plan Pro",
        "lines-0-unit_price": "113.00", "lines-0-tax": "standard:in", "lines-1-tax": "standard:in",
        "lines-2-tax": "standard:in",
    } | changes  # fmt: skip


def previewed(browser, data):
    page = browser.post(URL, {**data, "_preview": "1"}).content.decode()
    return page, {**data, "shown": hidden(page, "shown")}


def test_what_was_shown_is_entered_and_issued(endpoint):
    browser = signed_in(*RIGHTS, *SEES)
    page, data = previewed(browser, typed(browser, endpoint))
    assert "113.00 USD" in page
    assert "Issue it now" in page
    assert not Sale.objects.exists(), "nothing is stored by looking"
    answer = browser.post(URL, {**data, "_enter": "1"})
    sale = Sale.objects.get()
    assert answer.url == f"/admin/billing/sale/{sale.pk}/change/"
    decide_sale(sale_id=sale.pk)
    assert Document.objects.get().total == Decimal("113.00")


def test_pressed_twice_it_is_entered_once(endpoint):
    browser = signed_in(*RIGHTS, *SEES)
    _page, data = previewed(browser, typed(browser, endpoint))
    urls = {browser.post(URL, {**data, "_enter": "1"}).url for _time in range(2)}
    assert (len(urls), ManualEntry.objects.count()) == (1, 1)


def test_two_tabs_with_the_same_words_are_asked_about(endpoint):
    browser = signed_in(*RIGHTS, *SEES)
    tabs = [previewed(browser, typed(browser, endpoint))[1] for _tab in range(2)]
    assert browser.post(URL, {**tabs[0], "_enter": "1"}).status_code == 302
    page = browser.post(URL, {**tabs[1], "_enter": "1"}).content.decode()
    assert "These look like the same sale" in page
    assert ManualEntry.objects.count() == 1
    assert browser.post(URL, {**tabs[1], "_enter": "1", "is_another": "on"}).status_code == 302
    assert ManualEntry.objects.count() == 2


def test_what_was_not_shown_is_not_entered(endpoint):
    browser = signed_in(*RIGHTS, *SEES)
    _page, data = previewed(browser, typed(browser, endpoint))
    page = browser.post(URL, {**data, "lines-0-unit_price": "99.00", "_enter": "1"}).content.decode()
    assert "99.00 USD" in page
    browser.post(URL, {**data, "legal_name": "ana lopez", "_enter": "1"})
    assert not Sale.objects.exists()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"lines-0-description": ""}, "Say what was sold."),
        ({"lines-0-unit_price": "-1"}, "Give a price that is not negative."),
        ({"lines-0-description": "", "lines-0-unit_price": ""}, "Give at least one line."),
        ({"expects_payment": ""}, "This field is required."),
        ({"paid_at": "2999-01-01T00:00"}, "lies in the future"),
        ({"stripe_id": "cus_1"}, "Give the id of an invoice, payment"),
        ({"stripe_id": "in_1", "expects_payment": "no"}, "then the payment appears at Stripe"),
        ({"extras": "{"}, "This is not JSON"),
        ({"extras": '{"notes": "\\ud800"}'}, "that cannot be kept"),
        ({"extras": '{"\\u0000": "1"}'}, "that cannot be kept"),
        ({"paid_at": "0001-01-01T00:00"}, "The tax of that day is not known"),
        ({"paid_at": "1990-01-01T00:00"}, "The tax of that day is not known"),
        ({"lines-0-unit_price": "999999999.99", "lines-0-quantity": "999999999"}, "more than a document can carry"),
        ({"extras": '{"colour": "red"}'}, "is no property that the provider"),
        ({"customer_id": "cus_1"}, "not both"),
        ({"nrc": "1"}, "The NRC has 2 to 8 digits."),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_stored(endpoint, changes, told):
    browser = signed_in(*RIGHTS, *SEES)
    page = browser.post(URL, {**typed(browser, endpoint, **changes), "_preview": "1"}).content.decode()
    assert told in page
    assert 'id="preview"' not in page
    assert not Sale.objects.exists()


def test_what_would_be_held_is_said_before(endpoint):
    browser = signed_in(*RIGHTS, *SEES)
    page, _data = previewed(browser, typed(browser, endpoint, nrc="123456"))
    assert "It would be held" in page
    assert "Enter it, held" in page


def test_the_rules_are_asked_before_it_is_entered_and_nothing_is_stored_by_asking(endpoint):
    make_rule(endpoint.issuer, name="By hand needs two")
    browser = signed_in(*RIGHTS, *SEES)
    page, data = previewed(browser, typed(browser, endpoint))
    assert "By hand needs two" in page
    assert "Enter it, held" in page
    assert "Issue it now" not in page
    assert not Sale.objects.exists()
    assert not Approval.objects.exists()
    answer = browser.post(URL, {**data, "_enter": "1"}, follow=True).content.decode()
    assert "It is held, and its page says why." in answer


def test_a_page_that_comes_back_says_why(endpoint):
    browser = signed_in(*RIGHTS, *SEES)
    _page, data = previewed(browser, typed(browser, endpoint))
    changed = browser.post(URL, {**data, "lines-0-unit_price": "99.00", "_enter": "1"}).content.decode()
    assert "something changed since it was shown" in changed
    browser.post(URL, {**data, "_enter": "1"})
    _page, data = previewed(browser, typed(browser, endpoint))
    unticked = browser.post(URL, {**data, "_enter": "1"}).content.decode()
    assert "tick the box if it is another sale" in unticked
    assert ManualEntry.objects.count() == 1


def test_the_page_of_the_sale_says_who_entered_it_and_nothing_of_stripe(endpoint):
    clerk = make_staff("billing.add_manualentry")
    make_rule(endpoint.issuer)
    sale = entered_sale(endpoint, clerk)
    assert (sale.outcome, sale.customer_name) == ("held", "Ana López")
    page = signed_in(*SEES).get(f"/admin/billing/sale/{sale.pk}/change/").content.decode()
    assert "Entered by hand: " in page
    for untrue in ("Announced by Stripe", "What Stripe said", "Stripe Radar", "No rule was in force"):
        assert untrue not in page, untrue
    assert "The rules have not been asked yet" in page
    first = sale.events.order_by("id").first()
    assert (first.before, first.actor) == ("", clerk)


def test_a_clerk_enters_it_for_another_person(endpoint):
    browser = signed_in("billing.add_manualentry", *SEES)
    page, data = previewed(browser, typed(browser, endpoint))
    assert "another person lets it go" in page
    browser.post(URL, {**data, "_enter": "1"})
    assert ManualEntry.objects.get().released_at is None


def test_more_lines_are_added_without_complaint(endpoint):
    browser = signed_in(*RIGHTS, *SEES)
    page = browser.post(URL, {**typed(browser, endpoint), "_more": "1"}).content.decode()
    assert 'name="lines-7-description"' in page
    assert "errorlist" not in page
    assert 'value="Plan Pro"' in page


@pytest.mark.parametrize("count", ["²", "x", "-1", "", "9" * 5000])
def test_a_count_of_lines_that_is_none_is_the_first_count(endpoint, count):
    browser = signed_in(*RIGHTS, *SEES)
    answer = browser.post(URL, {**typed(browser, endpoint, **{"lines-TOTAL_FORMS": count}), "_more": "1"})
    assert answer.status_code == 200
    assert 'name="lines-4-description"' in answer.content.decode()


def test_without_the_right_there_is_no_form(endpoint):
    assert signed_in(*SEES).get(URL).status_code == 403
    assert signed_in(*SEES).post(URL, {}).status_code == 403


def test_the_list_says_who_and_whether_the_payment_was_seen(endpoint):
    entered_sale(endpoint, make_staff(*RIGHTS))
    browser = signed_in(*SEES)
    page = browser.get("/admin/billing/manualentry/").content.decode()
    assert "awaited" in page
    entry = ManualEntry.objects.get()
    assert browser.get(f"/admin/billing/manualentry/{entry.pk}/change/").status_code == 200
    assert User.objects.get(pk=entry.entered_by_id).username in page


@pytest.mark.parametrize(("term", "rows"), [("KEY", 1), ("in_7", 1), ("López", 1), ("manual", 0), ("x", 0)])
def test_an_entry_is_found_by_an_exact_id_or_a_name(endpoint, term, rows):
    sale = entered_sale(endpoint, make_staff(*RIGHTS), stripe_id="in_7")
    found = signed_in(*SEES).get("/admin/billing/manualentry/", {"q": sale.key if term == "KEY" else term})
    assert len(found.context["cl"].result_list) == rows


def test_the_check_of_a_sale_lists_everything_at_once_and_asks_few_queries(endpoint, django_assert_max_num_queries):
    sale = entered_sale(endpoint, make_staff(*RIGHTS), buyer={"nrc": "123456"})
    browser = signed_in("billing.view_sale")
    url = f"/admin/billing/sale/check/{sale.key}/"
    with django_assert_max_num_queries(16):
        page = browser.get(url).content.decode()
    for told in ("The NIT has", "Enter the buyer&#x27;s e-mail address.", "Choose the department", "an NRC was given"):
        assert told in page, told
    assert "/admin/billing/taxprofile/" in page
    assert browser.get(f"/admin/billing/sale/{sale.pk}/change/").content.decode().count(url) == 1
    assert signed_in().get(url).status_code == 403


def test_the_check_of_what_waits_to_be_let_go_says_so_and_the_kind(endpoint):
    sale = entered_sale(endpoint, make_staff("billing.add_manualentry"))
    page = signed_in("billing.view_sale").get(f"/admin/billing/sale/check/{sale.key}/").content.decode()
    assert "waits for a person who may let it be issued" in page
    assert "Factura" in page
    assert "113.00 USD" in page
    sale.refresh_from_db()
    assert (sale.outcome, Document.objects.count()) == ("held", 0)


def test_a_doubted_number_is_asked_about_once_and_for_that_number_only(endpoint):
    browser = signed_in(*RIGHTS, *SEES)
    data = typed(browser, endpoint, id_type="dui", id_number="01234567-9")
    page = browser.post(URL, {**data, "_preview": "1"}).content.decode()
    assert 'name="is_right"' in page
    assert 'id="preview"' not in page
    other = browser.post(URL, {**data, "_preview": "1", "is_right": "012345670"}).content.decode()
    assert 'id="preview"' not in other
    page, data = previewed(browser, {**data, "is_right": "012345679"})
    assert "Issue it now" in page
    browser.post(URL, {**data, "_enter": "1"})
    sale = Sale.objects.get()
    decide_sale(sale_id=sale.pk)
    assert Document.objects.get().status == "ready"
    assert profile_of(sale.key, livemode=False).entries["dui"].confirmed.startswith("person")
