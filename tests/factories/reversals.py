"""Reversals of a sale of 113.00 with a CCF, as a search at Stripe would have left them."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.utils.timezone import now

from billing.models import Reversal, ReversalAlias, Sale
from tests.factories.billing import SaleFactory, StripeEndpointFactory
from tests.factories.documents import make_document
from tests.factories.smartbill import COMPANY, ApiKeyFactory, IssuerFactory, make_draft

_numbers = count(1)


def make_reversed_sale(status: str = "stamped", *, kind: str = "ccf", **issuer_fields: Any) -> Sale:
    """Return a sale with its document, of an issuer with a manager key."""
    number = next(_numbers)
    issuer = IssuerFactory.create(**issuer_fields)
    ApiKeyFactory.create(issuer=issuer)
    draft = make_draft(issuer, kind=kind, source=f"invoice:in_r{number}")
    if kind == "ccf":
        draft = make_draft(issuer, kind=kind, source=draft.source, party=COMPANY)
    document = make_document(status, issuer=issuer, draft=draft, stamped_at=now())
    return SaleFactory.create(
        key=draft.source,
        endpoint=StripeEndpointFactory.create(issuer=issuer),
        currency="USD",
        amount_minor=11300,
        customer_name=draft.party.name,
        outcome="document",
        document=document,
        next_at=None,
    )


def make_reversal(
    *, sale: Sale | None = None, status: str = "stamped", kind: str = "ccf", key: str = "", **changes: Any
) -> Reversal:
    """Return a refund of 40.00 that nobody has looked at yet; other fields are the issuer's or the row's."""
    row_fields = {field.name for field in Reversal._meta.get_fields()}
    issuer_fields = {name: value for name, value in changes.items() if name not in row_fields}
    columns: dict[str, Any] = {
        "key": key or f"refund:re_{next(_numbers)}",
        "sale": sale or make_reversed_sale(status, kind=kind, **issuer_fields),
        "source": "refund",
        "standing": "settled",
        "currency": "USD",
        "amount_minor": 4000,
        "occurred_at": datetime(2026, 11, 21, 12, tzinfo=UTC),
    }
    row = Reversal.objects.create(**{**columns, **{n: v for n, v in changes.items() if n in row_fields}})
    kind_of_id, _colon, stripe_id = row.key.partition(":")
    ReversalAlias.objects.create(reversal=row, kind=kind_of_id, stripe_id=stripe_id)
    return row
