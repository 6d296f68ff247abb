"""Sales whose document waits for data of the buyer, made the way a decision makes them."""

from typing import Any

from django.utils.timezone import now

from billing.drafts import draft_from_snapshot
from billing.models import Sale, Snapshot, StripeEndpoint
from smartbill.lifecycle import Status
from smartbill.services.create import create_document
from tests.billing import shapes
from tests.factories.billing import SaleFactory, StripeEndpointFactory

NRC_ALONE = {"sv_nrc": "123456"}
COMPLETE: dict[str, str] = {
    "kind": "company",
    "legal_name": "Ferretería Ñandú, S.A. de C.V.",
    "nit": "0614-280390-112-1",
    "nrc": "12345-6",
    "activity_code": "47300",
    "country": "SV",
    "department": "06",
    "municipality": "23",
    "line": "Calle Arce 1020",
    "email": "pagos@nandu.example",
}
"""What a company has to say for a CCF."""
TYPED = {
    "kind": "company",
    "legal_name": COMPLETE["legal_name"],
    "id_type": "nit",
    "id_number": COMPLETE["nit"],
    "nrc": COMPLETE["nrc"],
    "activity_code": "47300",
    "municipality": "06-23",
    "line": COMPLETE["line"],
    "email": COMPLETE["email"],
}
"""The same in the customer's form."""


def held_sale(
    *, customer: str = "cus_1", endpoint: StripeEndpoint | None = None, metadata: Any = None, amount: int = 11300,
    **person: Any,
) -> Sale:  # fmt: skip
    """Return a paid sale with its snapshot and its document, held when the buyer's data are not enough."""
    endpoint = endpoint or StripeEndpointFactory.create()
    buyer = {"id": customer, "metadata": NRC_ALONE if metadata is None else metadata} | person
    found = shapes.invoice([shapes.included(amount)], customer=shapes.customer(**buyer))
    content = shapes.of_invoice(found)
    sale: Sale = SaleFactory.create(endpoint=endpoint, customer_id=customer, number="ACME-0001")
    Snapshot.objects.create(sale=sale, content=content, api_version="x", sha256="0" * 64)
    document = create_document(draft=draft_from_snapshot(content, issuer=endpoint.issuer, source=sale.key))
    sale.document, sale.outcome, sale.next_at = document, Sale.Outcome.DOCUMENT, None
    sale.buyer_due_at = now() if document.status == Status.HELD else None
    sale.save()
    return sale
