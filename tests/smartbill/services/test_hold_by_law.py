"""What waited past the day of a change of law is looked at once more before it is sent."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now

from smartbill.drafts import Party
from smartbill.lifecycle import Status
from smartbill.models import Attempt, Document
from smartbill.services.create import create_document
from smartbill.services.hold_by_law import screen_by_law
from smartbill.services.record_limit import NewLimit, record_limit
from tests.factories.held import held_sale
from tests.factories.people import make_staff
from tests.factories.smartbill import ApiKeyFactory, make_draft
from tests.flows.engine import claim_all, issuer_with_keys

pytestmark = pytest.mark.django_db(transaction=True)


def waiting(total: str, *, days: int) -> Document:
    issuer = issuer_with_keys()
    document = create_document(draft=make_draft(issuer, total=total, party=Party()))
    Document.objects.filter(pk=document.pk).update(status_since=now() - timedelta(days=days))
    return document


def new_law() -> None:
    limit = NewLimit(
        country="SV", kind="factura", demand="identity", effect="block", amount=Decimal("100.00"), currency="USD",
        valid_from=now().date() - timedelta(days=1), source="Decreto 123", certainty="published",
    )  # fmt: skip
    record_limit(limit, actor=make_staff("smartbill.add_legallimit"), reason="Diario Oficial")


def test_a_document_of_yesterday_that_the_law_asks_more_of_is_held_unsent():
    document = waiting("113.00", days=3)
    new_law()
    assert claim_all(worker="w", limit=8) == []
    document.refresh_from_db()
    assert (document.status, document.revision) == ("held", 2)
    assert "Decreto 123" in document.reason
    codes = [row["code"] for row in document.revisions.get(number=2).problems]
    assert codes == ["identity_required", "missing"]
    assert not Attempt.objects.exists()


def test_a_document_that_the_law_leaves_alone_is_sent():
    waiting("99.00", days=3)
    new_law()
    assert len(claim_all(worker="w", limit=8)) == 1


@pytest.mark.parametrize("way", [[Status.READY], [Status.UNKNOWN, Status.READY]])
def test_what_is_ready_anew_today_is_looked_at_all_the_same(way):
    """It was checked three days ago; an attempt that did not leave, or a doubt, made it ready again today."""
    document = waiting("113.00", days=3)
    document.move_to(Status.SUBMITTING)
    for status in way:
        document.move_to(status, reason="no network", next_at=now())
    new_law()
    assert claim_all(worker="w", limit=8) == []
    assert Document.objects.get().status == "held"


def test_below_every_amount_no_draft_is_read(django_assert_num_queries):
    document = waiting("113.00", days=3)
    with django_assert_num_queries(1):
        assert screen_by_law([document], document.issuer, document.status_since) == [document]


def test_what_the_law_holds_has_its_buyer_looked_at():
    sale = held_sale(metadata={})
    ApiKeyFactory(issuer=sale.endpoint.issuer)
    new_law()
    assert claim_all(worker="w", limit=8) == []
    sale.refresh_from_db()
    assert (sale.document.status, sale.buyer_due_at is not None) == ("held", True)
