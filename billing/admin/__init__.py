"""The admin pages of the Stripe side."""

from billing.admin.endpoints import StripeEndpointAdmin
from billing.admin.exchange_rates import ExchangeRateAdmin
from billing.admin.inbound_events import InboundEventAdmin
from billing.admin.mirror import MirrorAdmin
from billing.admin.sales import SaleAdmin

__all__ = ["ExchangeRateAdmin", "InboundEventAdmin", "MirrorAdmin", "SaleAdmin", "StripeEndpointAdmin"]
