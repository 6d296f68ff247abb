from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from smartbill.lifecycle import Kind, Status
from smartbill.models import Document
from smartbill.services.link import link_for
from tests.factories.config import api_client
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/documents/"
MOMENT = datetime(2026, 11, 20, 12, tzinfo=UTC)
STAMPED = {"status": Status.STAMPED, "generation_code": "CODE-1", "control_number": "DTE-1", "seal": "SEAL-1"}


def make_document(**changes):
    values = {
        "source": f"invoice:in_{Document.objects.count()}",
        "kind": Kind.FACTURA,
        "livemode": False,
        "status": Status.READY,
        "currency": "USD",
        "total": Decimal("113.00"),
        "customer_name": "Ana López",
        "customer_email": "ana@example.com",
        "customer_tax_id": "012345678",
        "customer_reference": "cus_1",
        "language": "es",
        "occurred_at": MOMENT,
        "created_at": MOMENT,
        "updated_at": MOMENT,
        "status_since": MOMENT,
    }
    values |= changes
    return Document.objects.create(issuer=values.pop("issuer", None) or IssuerFactory(), **values)


def ids(question=""):
    answer = api_client("documents:read").get(f"{ADDRESS}?{question}")
    assert answer.status_code == 200, answer.json()
    return [row["id"] for row in answer.json()["results"]]


def test_a_document_shows_its_fiscal_state_and_no_address_tax_id_or_link():
    document = make_document(**STAMPED, issuer=IssuerFactory(slug="acme"), issued_at=MOMENT, stamped_at=MOMENT)
    token = link_for(document).rsplit("/", 2)[1]
    answer = api_client().get(f"{ADDRESS}{document.pk}/")
    moment = "2026-11-20T12:00:00Z"
    assert answer.json() == {
        "id": document.pk,
        "reference": document.reference,
        "issuer": "acme",
        "source": "invoice:in_0",
        "purpose": "sale",
        "revision": 1,
        "kind": "factura",
        "corrects": None,
        "replaces": None,
        "replaced_by": None,
        "counts": True,
        "livemode": False,
        "status": "stamped",
        "status_since": moment,
        "reason": "",
        "currency": "USD",
        "total": "113.00",
        "charged_currency": "",
        "charged_total": None,
        "exchange_rate": None,
        "customer_name": "Ana López",
        "customer_reference": "cus_1",
        "language": "es",
        "generation_code": "CODE-1",
        "control_number": "DTE-1",
        "seal": "SEAL-1",
        "occurred_at": moment,
        "issued_at": moment,
        "stamped_at": moment,
        "invalidated_at": None,
        "created_at": moment,
        "updated_at": moment,
    }
    assert token not in answer.content.decode()


@pytest.mark.parametrize(
    ("total", "text"), [("0.10", "0.10"), ("5", "5.00"), ("1.234", "1.234"), ("99999999.99", "99999999.99")]
)
def test_amounts_are_text_with_the_decimals_that_matter(total, text):
    document = make_document(total=Decimal(total))
    assert api_client().get(f"{ADDRESS}{document.pk}/").json()["total"] == text


def test_lists_are_filtered():
    ready = make_document()
    stamped = make_document(
        **STAMPED,
        kind=Kind.CCF,
        livemode=True,
        customer_reference="cus_2",
        stamped_at=MOMENT,
        occurred_at=MOMENT + timedelta(hours=1),
        created_at=MOMENT + timedelta(days=1),
    )
    assert ids() == [stamped.pk, ready.pk]
    for question in ("status=stamped", "kind=ccf", "livemode=true", "customer=cus_2", "source=invoice:in_1"):
        assert ids(question) == [stamped.pk], question
    for question in (
        "status=ready",
        "kind=factura",
        "livemode=false",
        "customer=cus_1",
        f"reference={ready.reference}",
    ):
        assert ids(question) == [ready.pk], question
    assert ids("stamped_after=2026-11-20T12:00:00Z") == [stamped.pk]
    assert ids("stamped_before=2026-11-20T12:00:00Z") == []
    assert ids("occurred_after=2026-11-20T12:00:01Z") == [stamped.pk]
    assert ids("occurred_before=2026-11-20T12:00:01Z") == [ready.pk]
    assert ids("created_after=2026-11-21T00:00:00Z&status=ready") == []
    assert ids("created_before=2026-11-21T00:00:00Z") == [ready.pk]


@pytest.mark.parametrize("question", ["livemode=1", "kind=receipt", "status=READY", "total=5", "stamped_after=now"])
def test_a_bad_question_is_refused(question):
    assert api_client().get(f"{ADDRESS}?{question}").status_code == 400


def test_the_number_of_queries_does_not_grow(django_assert_num_queries):
    client = api_client()
    client.get(ADDRESS)
    for _i in range(2):
        for _j in range(5):
            make_document(issuer=IssuerFactory())
        with django_assert_num_queries(3):
            client.get(ADDRESS)
