import pytest
from django.contrib.auth.models import Permission, User
from django.core.exceptions import PermissionDenied
from django.utils.timezone import now

from billing.errors import NothingToRepeat
from billing.models import InboundEvent
from billing.services.claim_events import claim_events
from billing.services.retry_event import retry_event
from tests.factories.billing import InboundEventFactory

State = InboundEvent.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk():
    user = User.objects.create_user("clerk")
    user.user_permissions.add(Permission.objects.get(codename="retry_inboundevent"))
    return user


def test_a_dead_event_gets_all_its_attempts_again(clerk):
    event = InboundEventFactory(state=State.DEAD, attempts=8, next_at=None, last_error="Gone: No such invoice")
    retry_event(event, actor=clerk)
    assert (event.state, event.attempts) == (State.RETRY, 0)
    assert event.last_error == "Gone: No such invoice"
    (claimed,) = claim_events(limit=10)
    assert (claimed.pk, claimed.attempts) == (event.pk, 1)


def test_an_event_whose_mirror_was_given_up_is_mirrored_again(clerk):
    event = InboundEventFactory(state=State.DONE, attempts=8, next_at=None, handled_at=now(), mirror_error="boom")
    retry_event(event, actor=clerk)
    assert (event.state, event.attempts) == (State.RETRY, 0)
    assert event.handled_at is not None


@pytest.mark.parametrize(
    ("state", "mirrored"),
    [
        (State.NEW, False),
        (State.PROCESSING, False),
        (State.RETRY, False),
        (State.DONE, True),
        (State.IGNORED, False),
        (State.POISON, False),
    ],
)
def test_what_was_not_given_up_is_left_alone(clerk, state, mirrored):
    event = InboundEventFactory(state=state, attempts=3, next_at=None, mirrored_at=now() if mirrored else None)
    with pytest.raises(NothingToRepeat):
        retry_event(event, actor=clerk)
    stored = InboundEvent.objects.get()
    assert (stored.state, stored.attempts, stored.next_at) == (state, 3, None)


def test_a_second_click_finds_nothing_to_do(clerk):
    event = InboundEventFactory(state=State.DEAD, next_at=None)
    same = InboundEvent.objects.get()
    retry_event(event, actor=clerk)
    with pytest.raises(NothingToRepeat):
        retry_event(same, actor=clerk)


def test_it_takes_the_permission(clerk):
    event = InboundEventFactory(state=State.DEAD, attempts=8, next_at=None)
    with pytest.raises(PermissionDenied):
        retry_event(event, actor=User.objects.create_user("nobody"))
    stored = InboundEvent.objects.get()
    assert (stored.state, stored.attempts, stored.next_at) == (State.DEAD, 8, None)
