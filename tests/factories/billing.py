"""Rows of the billing app, and events signed as Stripe signs them."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from time import time
from typing import Any

import factory

from billing.models import InboundEvent, Sale, SaleAlias, StripeEndpoint
from tests.factories.smartbill import IssuerFactory

SECRET = "whsec_0123456789abcdef0123456789abcdef"
OLD_SECRET = "whsec_fedcba9876543210fedcba9876543210"
API_VERSION = "2026-08-26.dahlia"


class StripeEndpointFactory(factory.django.DjangoModelFactory[StripeEndpoint]):
    class Meta:
        model = StripeEndpoint

    label = factory.Sequence(lambda n: f"Acme {n}")
    api_version = API_VERSION
    issuer = factory.SubFactory(IssuerFactory)
    secrets = SECRET


def event_content(**changes: Any) -> dict[str, Any]:
    """An event as Stripe renders it; `object` replaces what it is about."""
    subject = changes.pop(
        "object", {"id": "in_1", "object": "invoice", "customer": "cus_1", "status": "paid", "livemode": False}
    )
    return {
        "id": "evt_1",
        "object": "event",
        "api_version": API_VERSION,
        "created": 1_795_219_200,
        "data": {"object": subject},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "invoice.paid",
    } | changes


def signature(body: bytes, *, secret: str = SECRET, at: float | None = None) -> str:
    """The `Stripe-Signature` header of these bytes, by default of this moment."""
    stamp = str(int(time() if at is None else at))
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


class InboundEventFactory(factory.django.DjangoModelFactory[InboundEvent]):
    class Meta:
        model = InboundEvent

    class Params:
        content = factory.LazyAttribute(
            lambda event: event_content(
                id=event.event_id,
                type=event.type,
                object={"id": event.object_id, "object": event.type.split(".")[0], "customer": event.customer_id},
            )
        )

    event_id = factory.Sequence(lambda n: f"evt_{n:06d}")
    endpoint = factory.SubFactory(StripeEndpointFactory)
    type = "invoice.paid"
    api_version = API_VERSION
    occurred_at = datetime(2026, 11, 21, tzinfo=UTC)
    object_id = factory.Sequence(lambda n: f"in_{n:06d}")
    customer_id = factory.Sequence(lambda n: f"cus_{n:06d}")
    body = factory.LazyAttribute(lambda event: json.dumps(event.content).encode())


class SaleFactory(factory.django.DjangoModelFactory[Sale]):
    class Meta:
        model = Sale

    key = factory.Sequence(lambda n: f"invoice:in_{n:06d}")
    endpoint = factory.SubFactory(StripeEndpointFactory)
    livemode = False
    customer_id = factory.Sequence(lambda n: f"cus_{n:06d}")


class SaleAliasFactory(factory.django.DjangoModelFactory[SaleAlias]):
    class Meta:
        model = SaleAlias

    sale = factory.SubFactory(SaleFactory)
    kind = "invoice"
    stripe_id = factory.Sequence(lambda n: f"in_{n:06d}")
