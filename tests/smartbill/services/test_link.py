"""The customer's link is withdrawn by a person with the right and a reason, once, and a new one is made on demand."""

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied

from notifications.errors import ReasonMissing
from notifications.models import Message
from smartbill.errors import PreconditionFailed, TransitionRefused
from smartbill.lifecycle import VISIBLE_TO_CUSTOMER, Status
from smartbill.services.link import link_for, live_link, revoke_link
from smartbill.services.resend import resend_mail
from tests.factories.documents import make_document
from tests.factories.people import make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk() -> User:
    return make_staff("notifications.resend_message")


@pytest.mark.parametrize("status", sorted(VISIBLE_TO_CUSTOMER))
def test_the_link_of_an_issued_document_is_withdrawn_and_noted(clerk: User, status: str) -> None:
    document = make_document(status)
    link = live_link(document)
    revoke_link(document, actor=clerk, reason=" Sent to a stranger. ")
    link.refresh_from_db()
    assert link.revoked_at is not None
    assert not document.has_link
    event = document.events.get()
    assert (event.before, event.after, event.actor) == (status, status, clerk)
    assert event.reason == "Customer's link withdrawn: Sent to a stranger."


def test_only_this_documents_link_is_withdrawn(clerk: User) -> None:
    document, other = make_document(), make_document()
    live_link(document)
    kept = live_link(other)
    revoke_link(document, actor=clerk, reason="Leaked.")
    assert live_link(other) == kept


def test_the_next_mail_carries_a_new_link(clerk: User) -> None:
    document = make_document()
    before = link_for(document)
    revoke_link(document, actor=clerk, reason="Leaked.")
    resend_mail(document, actor=clerk, reason="With a new address.")
    after = Message.objects.get().context["link"]
    assert after == link_for(document) != before
    assert document.links.count() == 2


def test_a_permission_and_a_reason_are_required(clerk: User) -> None:
    document = make_document()
    link = live_link(document)
    stranger = make_staff("smartbill.correct_document", "smartbill.view_document")
    with pytest.raises(PermissionDenied):
        revoke_link(document, actor=stranger, reason="Leaked.")
    with pytest.raises(ReasonMissing):
        revoke_link(document, actor=clerk, reason=" ")
    assert live_link(document) == link
    assert not document.events.exists()


def test_a_second_click_finds_nothing_to_withdraw(clerk: User) -> None:
    document = make_document()
    live_link(document)
    revoke_link(document, actor=clerk, reason="Leaked.")
    first = document.links.get().revoked_at
    with pytest.raises(PreconditionFailed, match="no link that could be withdrawn"):
        revoke_link(document, actor=clerk, reason="Leaked.")
    assert document.links.get().revoked_at == first
    assert document.events.count() == 1


@pytest.mark.parametrize("status", sorted(set(Status.values) - VISIBLE_TO_CUSTOMER))
def test_what_was_not_issued_has_no_link_to_withdraw(clerk: User, status: str) -> None:
    document = make_document(status)
    link = live_link(document)
    with pytest.raises(TransitionRefused):
        revoke_link(document, actor=clerk, reason="Leaked.")
    link.refresh_from_db()
    assert link.revoked_at is None
    assert not document.has_link
    assert not document.events.exists()
