"""The pages of exchange rates: entering one, replacing one, and a file that is shown before it is stored."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from billing.models import ExchangeRate
from tests.factories.people import signed_in

pytestmark = pytest.mark.django_db
LIST = "/admin/billing/exchangerate/"
VIEW, ADD = "billing.view_exchangerate", "billing.add_exchangerate"
RATE = {"currency": "eur", "into": "usd", "on": "2026-11-18", "rate": "1.0837", "source": "BCE", "reason": ""}
TEXT = "currency,into,day,rate,source\nEUR,USD,2026-11-17,1.07,BCE\n"


def test_a_rate_is_entered_and_listed():
    browser = signed_in(VIEW, ADD)
    assert browser.post(f"{LIST}add/", RATE).status_code == 302
    page = browser.get(LIST).content.decode()
    assert "1 EUR = 1.0837 USD" in page
    assert "in force" in page
    assert ExchangeRate.objects.get().on == date(2026, 11, 18)


def test_a_second_rate_for_the_day_is_refused_on_the_form_until_it_says_why():
    browser = signed_in(VIEW, ADD)
    browser.post(f"{LIST}add/", RATE)
    refused = browser.post(f"{LIST}add/", RATE | {"rate": "1.09"})
    assert "Say why the new one replaces it." in refused.content.decode()
    assert ExchangeRate.objects.count() == 1
    browser.post(f"{LIST}add/", RATE | {"rate": "1.09", "reason": "Mistyped"})
    assert ExchangeRate.objects.in_force().get().rate == Decimal("1.09")


def test_a_nonsensical_rate_is_refused_in_words():
    page = signed_in(VIEW, ADD).post(f"{LIST}add/", RATE | {"rate": "0"})
    assert "above zero" in page.content.decode()
    assert ExchangeRate.objects.count() == 0


def test_nobody_changes_or_deletes_a_rate():
    browser = signed_in(VIEW, ADD)
    browser.post(f"{LIST}add/", RATE)
    row = ExchangeRate.objects.get()
    assert browser.post(f"{LIST}{row.pk}/change/", RATE | {"rate": "2"}).status_code == 403
    assert browser.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ExchangeRate.objects.get().rate == Decimal("1.0837")


def test_a_file_is_shown_first_and_stored_when_confirmed():
    browser = signed_in(VIEW, ADD)
    shown = browser.post(f"{LIST}import/", {"file": SimpleUploadedFile("rates.csv", TEXT.encode())})
    assert "1 EUR = 1.07 USD" in shown.content.decode()
    assert "Store these rates" in shown.content.decode()
    assert ExchangeRate.objects.count() == 0
    stored = browser.post(f"{LIST}import/", {"text": TEXT, "_confirmed": "1"}, follow=True)
    assert "1 rates stored" in stored.content.decode()
    assert ExchangeRate.objects.get().rate == Decimal("1.07")


def test_a_file_with_a_wrong_line_cannot_be_confirmed():
    browser = signed_in(VIEW, ADD)
    wrong = TEXT + "EUR,USD,2026-11-16,x,BCE\n"
    shown = browser.post(f"{LIST}import/", {"text": wrong}).content.decode()
    assert "Store these rates" not in shown
    browser.post(f"{LIST}import/", {"text": wrong, "_confirmed": "1"})
    assert ExchangeRate.objects.count() == 0


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"nonsense"])
def test_a_file_that_is_none_is_refused_in_words(content):
    browser = signed_in(VIEW, ADD)
    page = browser.post(f"{LIST}import/", {"file": SimpleUploadedFile("rates.csv", content)})
    assert page.status_code == 200
    assert "errorlist" in page.content.decode()


def test_without_the_right_there_is_no_way_in():
    browser = signed_in(VIEW)
    assert browser.get(LIST).status_code == 200
    assert browser.get(f"{LIST}import/").status_code == 403
    assert browser.post(f"{LIST}add/", RATE).status_code == 403
    assert ExchangeRate.objects.count() == 0


def test_the_number_of_queries_does_not_grow_with_the_rows(django_assert_num_queries):
    browser = signed_in(VIEW)
    ExchangeRate.objects.create(currency="EUR", into="USD", on=date(2026, 1, 1), rate=1, source="x")
    browser.get(LIST)
    with django_assert_num_queries(6) as with_one:
        browser.get(LIST)
    for day in range(2, 30):
        ExchangeRate.objects.create(currency="EUR", into="USD", on=date(2026, 1, day), rate=1, source="x")
    with django_assert_num_queries(len(with_one)):
        browser.get(LIST)
