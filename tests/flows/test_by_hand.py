"""Stripe is down, staff issue by hand through the admin, and the payments come later, in any order, more than once."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from billing.errors import BillingError
from billing.models import ManualEntry, Sale
from billing.sandbox.shop import Sold
from billing.services.decide_sale import decide_sale
from config.demo.staff import Staff
from smartbill.models import Document
from tests.factories.billing import StripeEndpointFactory
from tests.flows.purchases import announce, decide_all

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "correct horse battery staple"
DOWN = [{"status": 503, "times": 1_000_000, "path": "/v1"}]


@pytest.fixture
def endpoint():
    return StripeEndpointFactory()


@pytest.fixture
def staff(live_server):
    User.objects.create_superuser("finance", password=PASSWORD)
    person = Staff(live_server.url, "finance", PASSWORD)
    yield person
    person.browser.close()


def by_hand(staff, *, price, stripe_id=""):
    key = staff.issue_by_hand(
        why="stripe_down", method="card_credit", expects_payment="yes", stripe_id=stripe_id, legal_name="Ana López",
        email="ana@example.com", country="SV", **{"lines-0-description": "Plan", "lines-0-unit_price": price},
    )  # fmt: skip
    decide_all()
    return Sale.objects.get(key=key)


@pytest.mark.parametrize("seed", range(3))
def test_a_payment_that_was_named_is_linked_and_makes_no_second_document(shop, endpoint, staff, seed):
    buyer = shop.customer("Ana López", "ana@example.com")
    invoice = shop.open_invoice(buyer["id"], [Sold("Plan", 14700)])
    shop.control("faults", answers=DOWN)
    sale = by_hand(staff, price="147.00", stripe_id=invoice["id"])
    assert (sale.document.total, sale.document.status) == (Decimal("147.00"), "ready")
    shop.control("faults", answers=[])
    shop.post(f"invoices/{invoice['id']}/pay", payment_method="pm_card_visa")
    announce(shop, endpoint, seed=seed, twice=True)
    decide_all()
    assert Document.objects.count() == Sale.objects.count() == 1
    assert ManualEntry.objects.get().linked_at is not None
    assert Sale.objects.get().reasons == []


@pytest.mark.parametrize("seed", range(3))
def test_a_payment_that_may_be_meant_waits_for_the_answer_of_staff(shop, endpoint, staff, seed):
    manual = by_hand(staff, price="61.02")
    buyer = shop.customer("Ana López", "ana@example.com")
    shop.pay_invoice(buyer["id"], [Sold("Soporte", 6102)])
    announce(shop, endpoint, seed=seed, twice=True)
    decide_all()
    held = Sale.objects.get(outcome="held")
    assert [row["code"] for row in held.reasons] == ["maybe_manual"]
    entry = staff.choice("link", held.pk, "entry_id", model="billing/sale")
    staff.act("link", held.pk, model="billing/sale", entry_id=entry, reason="La misma")
    announce(shop, endpoint, seed=seed + 1, twice=True)
    decide_all()
    assert list(Document.objects.values_list("source", flat=True)) == [manual.key]
    assert ManualEntry.objects.get().linked_at is not None


def test_while_stripe_is_down_an_event_of_a_named_payment_is_tried_again(shop, endpoint, staff):
    buyer = shop.customer("Ana López", "ana@example.com")
    invoice = shop.pay_invoice(buyer["id"], [Sold("Plan", 14700)])
    sale = by_hand(staff, price="147.00", stripe_id=invoice["id"])
    seen = shop.get("events", limit=100)
    shop.control("faults", answers=DOWN)
    with pytest.raises(BillingError):
        announce(_Frozen(seen), endpoint)
    assert ManualEntry.objects.get().linked_at is None
    shop.control("faults", answers=[])
    announce(shop, endpoint, seed=5)
    decide_sale(sale_id=sale.pk)
    assert Document.objects.count() == 1
    assert ManualEntry.objects.get().linked_at is not None


class _Frozen:
    """What Stripe had said before it went down."""

    def __init__(self, seen):
        self.seen = seen

    def get(self, *_path, **_query):
        return self.seen
