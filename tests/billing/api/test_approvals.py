import pytest

from billing.services.answer_approval import grant_approval, refuse_approval
from tests.factories.config import api_client
from tests.factories.people import make_staff
from tests.factories.rules import make_approval
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/approvals/"


def held(**rule):
    return make_approval(IssuerFactory(), **rule)


def ids(question=""):
    answer = api_client("approvals:read").get(f"{ADDRESS}?{question}")
    assert answer.status_code == 200, answer.json()
    return [row["id"] for row in answer.json()["results"]]


def test_an_approval_shows_what_waits_and_how_many_have_answered():
    row = held(people=2)
    grant_approval(row, actor=make_staff("billing.answer_approval"), reason="Fine")
    answer = api_client().get(f"{ADDRESS}{row.pk}/").json()
    assert answer.pop("created_at").endswith("Z")
    assert answer == {
        "id": row.pk,
        "sale": row.sale_id,
        "state": "open",
        "is_block": False,
        "amount": "113.000",
        "currency": "USD",
        "rules": [{"id": row.rules[0]["id"], "version": 1, "name": "Large sale"}],
        "people": 2,
        "answered": 1,
        "reminders": 0,
        "ended_at": None,
    }


def test_lists_are_filtered():
    waiting, refused = held(), held()
    refuse_approval(refused, actor=make_staff("billing.answer_approval"), reason="No")
    assert ids() == [refused.pk, waiting.pk]
    assert ids("state=open") == [waiting.pk]
    assert ids(f"sale={refused.sale_id}") == [refused.pk]


@pytest.mark.parametrize("question", ["state=gone", "sale=x", "rule=1", "state=open&state=open"])
def test_a_bad_question_is_refused(question):
    assert api_client().get(f"{ADDRESS}?{question}").status_code == 400


def test_a_token_of_other_things_is_refused_and_nothing_is_written():
    assert api_client("sales:read").get(ADDRESS).status_code == 403
    assert api_client().post(ADDRESS, {}).status_code == 405


def test_a_page_costs_the_same_however_many_rows(django_assert_num_queries):
    client = api_client()
    client.get(ADDRESS)
    counts = []
    for _round in range(2):
        held()
        with django_assert_num_queries(2) as queries:
            client.get(ADDRESS)
        counts.append(len(queries))
    assert counts[0] == counts[1]
