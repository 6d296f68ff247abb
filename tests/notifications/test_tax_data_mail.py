"""The mail that asks for tax data: what it says, in each language, and what a hostile name does to it."""

import pytest

from notifications.emails import checked_context, render
from tests.notifications.test_emails import HOSTILE, outline

VALUES = {
    "seller_name": "Acme",
    "customer_name": "Ana",
    "purchase": "ACME-0001",
    "total": "$113.00",
    "until": "26 noviembre 2026, 16:00",
    "contact_email": "facturas@acme.example",
    "link": "https://sello.example/t/abc/",
    "reminder": False,
    "livemode": True,
    "becomes_consumer": False,
}


def rendered(language="en", **changes):
    return render("tax_data_wanted", language, checked_context("tax_data_wanted", VALUES | changes))


@pytest.mark.parametrize("language", ["en", "es", "ro"])
def test_both_bodies_say_who_asks_for_what_until_when(language):
    mail = rendered(language)
    for body in (mail.text, mail.html):
        for name in ("seller_name", "purchase", "total", "until", "link", "contact_email"):
            assert VALUES[name] in body, name
    assert "Acme" in mail.subject


def test_a_reminder_a_test_and_the_consequence_say_so():
    assert rendered(reminder=True).subject.startswith("Reminder")
    assert rendered(livemode=False).subject.startswith("[TEST]")
    assert "no tax credit" in rendered(becomes_consumer=True).text
    assert "no tax credit" not in rendered().text


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("name", ["seller_name", "customer_name", "purchase"])
def test_hostile_values_add_nothing_to_the_mail(name, hostile):
    plain, mail = outline(rendered().html), rendered(**{name: hostile})
    assert outline(mail.html).seen == plain.seen
    assert outline(mail.html).targets == plain.targets
    assert "\n" not in mail.subject
