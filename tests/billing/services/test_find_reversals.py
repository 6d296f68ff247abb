from datetime import timedelta

import pytest
from django.utils.timezone import now

from billing import client
from billing.errors import Unavailable
from billing.models import Reversal, Sale
from billing.services.announce_reversal import on_charge_refunded, on_credit_note, on_refund, search
from billing.services.find_reversals import find_reversals
from billing.stripe_reversals import Given
from tests.factories.billing import InboundEventFactory, SaleAliasFactory, SaleFactory

pytestmark = pytest.mark.django_db
REFUND = {"id": "re_1", "amount": 4000, "currency": "usd", "status": "succeeded", "created": 1_795_219_200}


@pytest.fixture
def sale():
    found = SaleFactory(amount_minor=11300, currency="USD", outcome="not_applicable", reasons=[{"code": "x"}])
    for kind, stripe_id in (("payment_intent", "pi_1"), ("charge", "ch_1"), ("invoice", "in_1")):
        SaleAliasFactory(sale=found, kind=kind, stripe_id=stripe_id)
    return found


@pytest.fixture
def stripe_holds(monkeypatch):
    """Say what Stripe answers; `before` is done while it is being read."""

    def hold(given, before=None):
        def read(_sale):
            if before:
                before()
            if isinstance(given, Exception):
                raise given
            return given

        monkeypatch.setattr("billing.services.find_reversals.read_given", read)

    return hold


def ask(sale):
    Sale.objects.filter(pk=sale.pk).update(search_at=now())
    find_reversals(sale_id=sale.pk)
    sale.refresh_from_db()


def test_what_stripe_holds_is_kept_once(sale, stripe_holds):
    stripe_holds(Given(refunds=[REFUND]))
    ask(sale)
    ask(sale)
    row = Reversal.objects.get()
    assert (row.key, row.amount_minor, row.currency, row.state) == ("refund:re_1", 4000, "USD", "waiting")
    assert (sale.search_at, sale.searches, row.events.count()) == (None, 0, 1)


@pytest.mark.parametrize("given", [Unavailable("down"), Given(refunds=[REFUND | {"amount": None}])])
def test_what_cannot_be_read_is_asked_again_later_and_for_ever(sale, stripe_holds, given):
    stripe_holds(given)
    pauses = []
    for _time in range(6):
        ask(sale)
        pauses.append(round((sale.search_at - now()).total_seconds(), -1))
    assert pauses == [10, 60, 240, 960, 3600, 3600]
    assert sale.searches == 6
    assert Reversal.objects.count() == 0


def test_a_reading_that_was_overtaken_by_news_is_thrown_away(sale, stripe_holds):
    later = now() - timedelta(seconds=1)
    stripe_holds(Given(refunds=[REFUND]), before=lambda: Sale.objects.update(search_at=later))
    ask(sale)
    assert Reversal.objects.count() == 0
    assert sale.search_at == later


def test_a_search_that_is_not_due_asks_nobody(sale, stripe_holds):
    stripe_holds(Unavailable("never asked"))
    find_reversals(sale_id=sale.pk)
    sale.refresh_from_db()
    assert (sale.search_at, sale.searches) == (None, 0)


def test_a_dispute_that_was_won_in_the_end_is_undone(sale, stripe_holds):
    dispute = {"id": "dp_1", "amount": 11300, "currency": "usd", "status": "lost", "created": 1_795_219_200}
    stripe_holds(Given(disputes=[dispute]))
    ask(sale)
    stripe_holds(Given(disputes=[dispute | {"status": "won"}]))
    ask(sale)
    assert Reversal.objects.get().standing == "undone"


def test_a_held_sale_is_decided_again_when_money_of_it_went_back(stripe_holds):
    held = SaleFactory(outcome="held", reasons=[{"code": "other_currency"}], next_at=None)
    stripe_holds(Given(refunds=[REFUND]))
    ask(held)
    assert (held.outcome, held.reasons) == ("pending", [])


@pytest.mark.parametrize(
    ("handler", "object_id", "body"),
    [
        (on_charge_refunded, "ch_1", b"{}"),
        (on_refund, "re_1", b'{"data": {"object": {"charge": "ch_1"}}}'),
        (on_refund, "re_1", b'{"data": {"object": {"payment_intent": {"id": "pi_1"}}}}'),
        (on_credit_note, "cn_1", b'{"data": {"object": {"invoice": "in_1"}}}'),
    ],
)
def test_an_event_has_the_sale_searched(sale, handler, object_id, body):
    handler(event=InboundEventFactory(object_id=object_id, body=body))
    sale.refresh_from_db()
    assert sale.search_at is not None


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data": {"object": {}}}'])
def test_an_event_without_a_readable_body_has_the_object_read(sale, monkeypatch, body):
    monkeypatch.setattr(client, "fetch_refund", lambda key: {"id": key, "payment_intent": "pi_1"})
    on_refund(event=InboundEventFactory(object_id="re_1", body=body))
    sale.refresh_from_db()
    assert sale.search_at is not None


def test_only_the_sale_that_is_meant_is_searched(sale):
    other = SaleFactory()
    search(("invoice", "in_2"), ("charge", ""), ("payment_intent", "pi_1"))
    sale.refresh_from_db()
    other.refresh_from_db()
    assert (sale.search_at is None, other.search_at is None) == (False, True)
