"""A draft made anew of a sale: more may be known of the buyer, everything else is as it was."""

from datetime import date
from decimal import Decimal

import pytest

from billing.models import Sale, Snapshot
from billing.profiles import NOBODY
from billing.rates import Quote
from billing.rules import decide
from billing.services.redraft import draft_of
from smartbill.services.create import create_document
from tests.billing import shapes
from tests.factories.billing import SaleFactory, StripeEndpointFactory

pytestmark = pytest.mark.django_db


def test_it_keeps_the_rate_of_the_first():
    endpoint = StripeEndpointFactory.create()
    content = shapes.of_invoice(shapes.invoice([shapes.included(10000)], currency="eur"))
    quote = Quote(currency="EUR", into="USD", rate=Decimal("1.0837"), on=date(2026, 11, 20), source="BCE")
    sale = SaleFactory.create(endpoint=endpoint)
    first = decide(content, issuer=endpoint.issuer, source=sale.key, quote=quote)
    Snapshot.objects.create(sale=sale, content=content, api_version="x", sha256="0" * 64)
    sale.document, sale.outcome, sale.next_at = create_document(draft=first), Sale.Outcome.DOCUMENT, None
    sale.save()
    again = draft_of(sale, NOBODY)
    assert (again.currency, again.total, again.conversion) == ("USD", Decimal("108.37"), first.conversion)


def test_without_a_document_there_is_nothing_to_make_anew():
    sale = SaleFactory.create()
    Snapshot.objects.create(
        sale=sale, content=shapes.of_invoice(shapes.invoice([shapes.included(100)])), api_version="x", sha256="0" * 64
    )
    with pytest.raises(ValueError, match="has no document"):
        draft_of(sale, NOBODY)
