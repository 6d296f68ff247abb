from datetime import UTC, datetime, timedelta

import pytest

from billing.models import Sale
from tests.factories.billing import SaleAliasFactory, SaleFactory
from tests.factories.config import api_client

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/sales/"
MOMENT = datetime(2026, 11, 20, 12, tzinfo=UTC)
REASON = {"field": "party.name", "code": "missing", "message": "There is no name."}


def ids(question=""):
    answer = api_client("sales:read").get(f"{ADDRESS}?{question}")
    assert answer.status_code == 200, answer.json()
    return [row["id"] for row in answer.json()["results"]]


def test_a_sale_shows_what_was_paid_and_what_became_of_it():
    sale = SaleFactory(
        key="invoice:in_1",
        customer_id="cus_1",
        customer_name="Ana López",
        number="A-1",
        currency="usd",
        amount_minor=11300,
        paid_at=MOMENT,
        outcome=Sale.Outcome.HELD,
        reasons=[REASON],
        created_at=MOMENT,
    )
    SaleAliasFactory(sale=sale, kind="invoice", stripe_id="in_1")
    answer = api_client().get(f"{ADDRESS}{sale.pk}/").json()
    assert answer.pop("updated_at").endswith("Z")
    assert answer == {
        "id": sale.pk,
        "key": "invoice:in_1",
        "livemode": False,
        "customer": "cus_1",
        "customer_name": "Ana López",
        "number": "A-1",
        "currency": "usd",
        "amount": "113.00",
        "amount_minor": 11300,
        "paid_at": "2026-11-20T12:00:00Z",
        "outcome": "held",
        "reasons": [REASON],
        "document": None,
        "stripe_ids": [{"kind": "invoice", "stripe_id": "in_1"}],
        "created_at": "2026-11-20T12:00:00Z",
    }


@pytest.mark.parametrize(
    ("currency", "minor", "amount"),
    [
        ("usd", 5, "0.05"),
        ("jpy", 500, "500"),
        ("kwd", 1500, "1.500"),
        ("usd", 2**53 + 1, "90071992547409.93"),
        ("isk", 550, None),
        ("", 500, None),
        ("usd", None, None),
    ],
)
def test_amounts_are_text_in_the_decimals_of_their_currency(currency, minor, amount):
    sale = SaleFactory(currency=currency, amount_minor=minor)
    answer = api_client().get(f"{ADDRESS}{sale.pk}/").json()
    assert (answer["amount"], answer["amount_minor"]) == (amount, minor)


def test_lists_are_filtered():
    pending = SaleFactory(created_at=MOMENT)
    held = SaleFactory(
        outcome=Sale.Outcome.HELD,
        reasons=[REASON],
        livemode=True,
        paid_at=MOMENT,
        created_at=MOMENT + timedelta(days=1),
    )
    assert ids() == [held.pk, pending.pk]
    for question in ("outcome=held", "livemode=true", f"customer={held.customer_id}", f"key={held.key}"):
        assert ids(question) == [held.pk], question
    assert ids("livemode=false") == [pending.pk]
    assert ids("paid_after=2026-11-20T12:00:00Z") == [held.pk]
    assert ids("paid_before=2026-11-20T12:00:00Z") == []
    assert ids("created_before=2026-11-21T00:00:00Z") == [pending.pk]
    assert ids("created_after=2026-11-21T00:00:00Z") == [held.pk]


@pytest.mark.parametrize("question", ["outcome=paid", "livemode=yes", "key=%00", "amount=5", "paid_after=2026-99-01"])
def test_a_bad_question_is_refused(question):
    assert api_client().get(f"{ADDRESS}?{question}").status_code == 400


def test_the_number_of_queries_does_not_grow(django_assert_num_queries):
    client = api_client()
    client.get(ADDRESS)
    for _i in range(2):
        for sale in SaleFactory.create_batch(5):
            SaleAliasFactory(sale=sale)
            SaleAliasFactory(sale=sale, kind="payment_intent")
        with django_assert_num_queries(3):
            client.get(ADDRESS)
