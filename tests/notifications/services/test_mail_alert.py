"""The mails of an alert say what happened, since when, what to do and where, and nothing personal."""

import pytest
from django.contrib.auth.models import Group, User
from django.utils.timezone import now

from notifications.emails import render
from notifications.models import Alert, Message, Reader
from notifications.services.alert import raise_alert, resolve_alert
from tests.notifications.test_emails import HOSTILE, outline

pytestmark = pytest.mark.django_db
CONTEXT = {"name": "Café Montaña", "why": "3 unknown in a minute", "path": "/admin/smartbill/issuer/1/change/"}


@pytest.fixture(autouse=True)
def ana(settings) -> User:
    settings.PUBLIC_BASE_URL = "https://billing.example.com"
    user = User.objects.create_user("ana", "ana@house.example")
    user.groups.add(Group.objects.create(name="Finance manager"))
    return user


def mail(template: str):
    message = Message.objects.get(template=template)
    return render(message.template, message.language, message.context)


def test_the_warning_says_what_since_when_what_to_do_and_where():
    raise_alert(kind="breaker_open", key="acme", context=CONTEXT)
    alert = Alert.objects.get()
    found = mail("alert_raised")
    assert found.subject == "[Sello] Sending is stopped for an account: Café Montaña"
    for body in (found.text, found.html):
        for words in (
            "Café Montaña",
            "Several calls in a row ended without a provable answer",
            "3 unknown in a minute",
            "Nothing is lost: the documents wait.",
            "https://billing.example.com/admin/smartbill/issuer/1/change/",
            f"https://billing.example.com/admin/notifications/alert/{alert.pk}/change/",
            "You get one mail now and one when it is over.",
        ):
            assert words in body, words
        assert "no fiscal value" not in body
        assert "many alerts of this kind" not in body


def test_since_when_is_told_in_the_time_zone_of_the_house(settings):
    settings.TIME_ZONE = "America/El_Salvador"
    raise_alert(kind="breaker_open", key="acme", context=CONTEXT)
    assert f"{now().astimezone():%Y}" in Message.objects.get().context["since"]
    assert Message.objects.get().context["since"].endswith(" CST")


def test_the_notice_that_it_is_over_says_how_long_it_was_and_what_was_found():
    raise_alert(kind="breaker_open", key="acme", context=CONTEXT)
    resolve_alert(kind="breaker_open", key="acme", context={"count": 0})
    found = mail("alert_resolved")
    assert found.subject == "[Sello] Over: Sending is stopped for an account: Café Montaña"
    for body in (found.text, found.html):
        for words in ("Over since", "less than a minute", "How many: 0", "You need not do anything."):
            assert words in body, words
        assert "3 unknown in a minute" not in body


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("es", "Recibe un correo ahora y otro cuando termine."),
        ("ro", "Primiți un e-mail acum și unul când se încheie."),
    ],
)
def test_each_reads_it_in_their_language(ana: User, language: str, words: str):
    Reader.objects.create(user=ana, language=language)
    raise_alert(kind="breaker_open", key="acme", context=CONTEXT)
    resolve_alert(kind="breaker_open", key="acme")
    found = mail("alert_raised")
    assert words in found.text
    assert words in found.html
    assert "Sending is stopped" not in found.subject + mail("alert_resolved").subject


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_change_neither_the_page_nor_the_headers(words: str):
    raise_alert(kind="breaker_open", key="calm", context={"name": "calm", "why": "calm"})
    calm = outline(mail("alert_raised").html).seen
    Message.objects.all().update(template="alert_resolved")
    raise_alert(kind="breaker_open", key="hostile", context={"name": words, "why": words})
    found = mail("alert_raised")
    assert outline(found.html).seen == calm
    assert "\n" not in found.subject
    assert "\r" not in found.subject


def test_the_mail_names_no_person():
    raise_alert(kind="breaker_open", key="acme", context=CONTEXT)
    found = mail("alert_raised")
    for body in (found.subject, found.text, found.html):
        assert "ana" not in body.replace("Montaña", "")
