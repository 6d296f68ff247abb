import pytest
from django.contrib.auth.models import Permission, User
from django.core.exceptions import PermissionDenied

from billing.errors import NotHeld
from billing.models import Sale, SaleEvent
from billing.services.redecide_sale import redecide_sale
from notifications.errors import ReasonMissing
from tests.factories.billing import SaleFactory

pytestmark = pytest.mark.django_db

REASONS = [{"field": "currency", "code": "other_currency", "message": "x"}]


@pytest.fixture
def held():
    return SaleFactory(outcome="held", reasons=REASONS, next_at=None, attempts=8, last_error="x")


@pytest.fixture
def clerk():
    user = User.objects.create_user("clerk", password=None)
    user.user_permissions.add(Permission.objects.get(codename="retry_sale"))
    return User.objects.get(pk=user.pk)


def test_a_held_sale_is_put_back_with_actor_and_reason(held, clerk):
    redecide_sale(held, actor=clerk, reason=" Currency mended ")
    assert (held.outcome, held.reasons, held.attempts, held.last_error) == ("pending", [], 0, "")
    assert Sale.objects.due(held.next_at).get() == held
    event = SaleEvent.objects.get()
    assert (event.before, event.after, event.actor, event.reason) == ("held", "pending", clerk, "Currency mended")


@pytest.mark.parametrize("outcome", ["pending", "not_applicable"])
def test_only_a_held_sale_can_be_decided_again(clerk, outcome):
    sale = SaleFactory(outcome=outcome, reasons=REASONS)
    with pytest.raises(NotHeld):
        redecide_sale(sale, actor=clerk, reason="x")
    assert Sale.objects.get().outcome == outcome
    assert SaleEvent.objects.count() == 0


def test_the_second_click_finds_nothing_to_do(held, clerk):
    stale = Sale.objects.get(pk=held.pk)
    redecide_sale(held, actor=clerk, reason="x")
    with pytest.raises(NotHeld):
        redecide_sale(stale, actor=clerk, reason="x")
    assert SaleEvent.objects.count() == 1


def test_without_permission_nothing_happens(held):
    with pytest.raises(PermissionDenied):
        redecide_sale(held, actor=User.objects.create_user("nobody"), reason="x")
    assert Sale.objects.get().outcome == "held"


def test_without_reason_nothing_happens(held, clerk):
    with pytest.raises(ReasonMissing):
        redecide_sale(held, actor=clerk, reason="  ")
    assert Sale.objects.get().outcome == "held"
