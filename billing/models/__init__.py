"""The tables of what Stripe told us and what we owe for it."""

from billing.models.endpoint import StripeEndpoint
from billing.models.inbound_event import InboundEvent
from billing.models.lease import ObjectLease
from billing.models.reversal import Reversal, ReversalAlias, ReversalEvent
from billing.models.sale import Sale, SaleAlias, Snapshot
from billing.models.sale_event import SaleEvent

__all__ = [
    "InboundEvent",
    "ObjectLease",
    "Reversal",
    "ReversalAlias",
    "ReversalEvent",
    "Sale",
    "SaleAlias",
    "SaleEvent",
    "Snapshot",
    "StripeEndpoint",
]
