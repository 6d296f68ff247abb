"""The admin pages of the Stripe side."""

from billing.admin.endpoints import StripeEndpointAdmin
from billing.admin.exchange_rates import ExchangeRateAdmin
from billing.admin.inbound_events import InboundEventAdmin
from billing.admin.mirror import MirrorAdmin
from billing.admin.profile_imports import ProfileImportAdmin
from billing.admin.reversals import ReversalAdmin
from billing.admin.sales import SaleAdmin
from billing.admin.tax_profiles import TaxProfileAdmin
from billing.admin.tax_requests import TaxRequestAdmin

__all__ = [
    "ExchangeRateAdmin",
    "InboundEventAdmin",
    "MirrorAdmin",
    "ProfileImportAdmin",
    "ReversalAdmin",
    "SaleAdmin",
    "StripeEndpointAdmin",
    "TaxProfileAdmin",
    "TaxRequestAdmin",
]
