"""The people of the demonstration sign in and act as real ones do: with a code, and a password where it is asked."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from config.demo.authenticator import code_at
from config.demo.staff import Staff, StaffRefused
from smartbill.models import Document
from tests.factories.documents import make_document

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "correct horse battery staple"


@pytest.fixture
def staff(live_server: Any) -> Iterator[Staff]:
    User.objects.create_superuser("finance", password=PASSWORD)
    person = Staff(live_server.url, "finance", PASSWORD)
    yield person
    person.browser.close()


def test_who_comes_again_shows_a_code_of_the_app_set_up_first(staff: Staff, live_server: Any) -> None:
    again = Staff(live_server.url, "finance", PASSWORD, key=staff.key)
    again.browser.close()
    assert again.key == staff.key
    with pytest.raises(StaffRefused, match="sign-in"):
        Staff(live_server.url, "finance", PASSWORD)
    with pytest.raises(StaffRefused, match="sign-in"):
        Staff(live_server.url, "finance", "wrong", key=staff.key)


def test_the_password_is_given_again_where_it_is_asked(staff: Staff, settings: Settings) -> None:
    document = make_document(status="rejected")
    settings.PROOF_LASTS = 0
    staff.act("abandon", document.pk, reason="Entered twice")
    assert Document.objects.get().status == "abandoned"


def test_the_codes_are_those_of_the_standard() -> None:
    """The table of RFC 6238, appendix B, cut to six digits."""
    key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    moments = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}
    assert {moment: code_at(key, moment) for moment in moments} == moments
