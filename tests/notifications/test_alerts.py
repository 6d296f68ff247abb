"""Every kind of alert reaches people who may see what it is about, on a page that exists, in words they read."""

from urllib.parse import parse_qs

import pytest
from django.conf import settings
from django.contrib import admin
from django.urls import reverse
from django.utils import translation

from config.provisioning.groups import groups
from notifications.alerts import FACTS, KINDS
from notifications.models import Alert

KIND = pytest.mark.parametrize("name", sorted(KINDS))


def page_of(name: str):
    return next(
        page
        for page in admin.site._registry.values()
        if f"{page.opts.app_label}_{page.opts.model_name}" == KINDS[name].page
    )


@KIND
def test_its_page_exists_and_shows_exactly_what_it_is_about(name: str):
    assert reverse(f"admin:{KINDS[name].page}_changelist") == page_of(name).list_url()
    asked = parse_qs(KINDS[name].query)
    assert set(asked) <= {"problem"}
    for key in asked.get("problem", []):
        assert key in {problem.key for problem in page_of(name).problems}


@pytest.mark.django_db
@KIND
def test_whoever_is_mailed_may_open_its_page_and_the_alerts_own(name: str):
    assert KINDS[name].audience
    for group in KINDS[name].audience:
        rights = groups()[group]
        opts = page_of(name).opts
        assert f"{opts.app_label}.view_{opts.model_name}" in rights, group
        assert "notifications.view_alert" in rights, group


@KIND
def test_a_path_of_its_own_stays_in_this_house(name: str):
    listed = page_of(name).list_url() + (f"?{KINDS[name].query}" if KINDS[name].query else "")
    assert Alert(kind=name, key="1", context={"path": "/admin/x/1/"}).matter_path() == "/admin/x/1/"
    for foreign in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", ""):
        assert Alert(kind=name, key="1", context={"path": foreign}).matter_path() == listed


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES if code != "en"])
def test_its_words_are_translated(language: str):
    with translation.override(language):
        here = {str(text) for kind in KINDS.values() for text in (kind.title, kind.meaning, kind.advice)}
    with translation.override("en"):
        english = {str(text) for kind in KINDS.values() for text in (kind.title, kind.meaning, kind.advice)}
    assert here & english == set()
    assert len(english) == 3 * len(KINDS)
    assert len(FACTS) > 5
