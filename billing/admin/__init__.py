"""The admin pages of the Stripe side."""

from billing.admin.endpoints import StripeEndpointAdmin
from billing.admin.inbound_events import InboundEventAdmin
from billing.admin.mirror import MirrorAdmin
from billing.admin.reversals import ReversalAdmin
from billing.admin.sales import SaleAdmin

__all__ = ["InboundEventAdmin", "MirrorAdmin", "ReversalAdmin", "SaleAdmin", "StripeEndpointAdmin"]
