import pytest
from django.core.exceptions import PermissionDenied

from notifications.errors import ReasonMissing
from smartbill.errors import PreconditionFailed
from smartbill.models import ApiKey
from smartbill.services.keys import resume_key, revoke_key, save_key
from tests.factories.people import make_staff
from tests.factories.smartbill import ApiKeyFactory, IssuerFactory

pytestmark = pytest.mark.django_db


def new_key() -> ApiKey:
    return ApiKey(issuer=IssuerFactory.create(), label="Till", role="manager", public_key="pub_1")


def test_a_new_key_is_stored_by_who_may_add() -> None:
    save_key(new_key(), private_key=" prv_abcdef1234 ", actor=make_staff("smartbill.add_apikey"))
    key = ApiKey.objects.get()
    assert (key.private_key, key.private_last4) == ("prv_abcdef1234", "1234")


def test_a_new_key_without_its_private_part_is_not_stored() -> None:
    with pytest.raises(PreconditionFailed):
        save_key(new_key(), private_key=" ", actor=make_staff("smartbill.add_apikey"))
    assert ApiKey.objects.count() == 0


def test_a_new_private_key_ends_a_stop() -> None:
    key = ApiKeyFactory.create(stopped_at="2026-11-20T10:00:00Z", last_error="HTTP 401")
    save_key(key, private_key="prv_new_9999", actor=None)
    key.refresh_from_db()
    assert (key.private_last4, key.stopped_at, key.last_error) == ("9999", None, "")


@pytest.mark.parametrize("right", ["smartbill.view_apikey", "smartbill.add_apikey"])
def test_a_stored_key_is_changed_by_nobody_else(right: str) -> None:
    key, actor = ApiKeyFactory.create(private_key="prv_old_0001", stopped_at="2026-11-20T10:00:00Z"), make_staff(right)
    for attempt in (
        lambda: save_key(key, private_key="prv_new_9999", actor=actor),
        lambda: revoke_key(key, actor=actor, reason="x"),
        lambda: resume_key(key, actor=actor),
    ):
        with pytest.raises(PermissionDenied):
            attempt()
    stored = ApiKey.objects.get()
    assert (stored.private_key, stored.revoked_at, stored.stopped_at is None) == ("prv_old_0001", None, False)


def test_revoking_needs_a_reason() -> None:
    with pytest.raises(ReasonMissing):
        revoke_key(ApiKeyFactory.create(), actor=make_staff("smartbill.change_apikey"), reason=" ")
    assert ApiKey.objects.get().revoked_at is None


def test_revoking_twice_is_refused_and_keeps_the_first_reason() -> None:
    key, actor = ApiKeyFactory.create(), make_staff("smartbill.change_apikey")
    revoke_key(key, actor=actor, reason="Leaked.")
    with pytest.raises(PreconditionFailed):
        revoke_key(key, actor=actor, reason="Again.")
    assert ApiKey.objects.get().last_error == f"Revoked by {actor}: Leaked."


def test_a_key_in_use_cannot_be_resumed() -> None:
    with pytest.raises(PreconditionFailed):
        resume_key(ApiKeyFactory.create(), actor=make_staff("smartbill.change_apikey"))
