import pytest

from billing.services.pursue_reversal import pursue_reversal
from tests.factories.config import api_client
from tests.factories.reversals import make_reversal

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/reversals/"


def ids(question=""):
    answer = api_client("reversals:read").get(f"{ADDRESS}?{question}")
    assert answer.status_code == 200, answer.json()
    return [row["id"] for row in answer.json()["results"]]


def test_a_reversal_shows_what_went_back_and_what_became_of_it():
    row = make_reversal(key="refund:re_1", corrections="automatic")
    pursue_reversal(reversal_id=row.pk)
    row.refresh_from_db()
    answer = api_client().get(f"{ADDRESS}{row.pk}/").json()
    for name in ("created_at", "updated_at", "state_since"):
        assert answer.pop(name).endswith("Z")
    assert answer == {
        "id": row.pk,
        "key": "refund:re_1",
        "sale": row.sale_id,
        "document": row.sale.document_id,
        "source": "refund",
        "standing": "settled",
        "currency": "USD",
        "amount": "40.00",
        "counted": "40.00",
        "occurred_at": "2026-11-21T12:00:00Z",
        "state": "under_way",
        "code": "note_under_way",
        "reason": "The credit note is on its way to the tax authority.",
        "remedy": "credit_note",
        "credit_note": row.credit_note_id,
        "stripe_ids": [{"kind": "refund", "stripe_id": "re_1"}],
    }


def test_lists_are_filtered():
    waiting, seen = make_reversal(), make_reversal(kind="factura", source="dispute")
    pursue_reversal(reversal_id=seen.pk)
    assert ids() == [seen.pk, waiting.pk]
    for question in ("state=person", "kind=dispute", f"key={seen.key}", f"sale={seen.sale_id}"):
        assert ids(question) == [seen.pk], question


@pytest.mark.parametrize("question", ["state=gone", "kind=gift", "sale=x", "key=%00"])
def test_a_bad_question_is_refused(question):
    assert api_client().get(f"{ADDRESS}?{question}").status_code == 400


def test_a_token_of_other_things_is_refused_and_nothing_is_written():
    assert api_client("sales:read").get(ADDRESS).status_code == 403
    assert api_client().post(ADDRESS, {}).status_code == 405


def test_the_number_of_queries_does_not_grow(django_assert_num_queries):
    client = api_client()
    client.get(ADDRESS)
    for _round in range(2):
        for _number in range(3):
            make_reversal()
        with django_assert_num_queries(3):
            client.get(ADDRESS)
