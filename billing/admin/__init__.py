"""The admin pages of the Stripe side."""

from billing.admin.approvals import ApprovalAdmin
from billing.admin.corrections import CorrectionAdmin
from billing.admin.endpoints import StripeEndpointAdmin
from billing.admin.exchange_rates import ExchangeRateAdmin
from billing.admin.inbound_events import InboundEventAdmin
from billing.admin.manual_entries import ManualEntryAdmin
from billing.admin.mirror import MirrorAdmin
from billing.admin.profile_imports import ProfileImportAdmin
from billing.admin.reversals import ReversalAdmin
from billing.admin.rules import RuleAdmin
from billing.admin.sales import SaleAdmin
from billing.admin.search import sources_of
from billing.admin.simulations import RuleSimulationAdmin, SimulatedSaleAdmin
from billing.admin.story import related, tell
from billing.admin.tax_profiles import TaxProfileAdmin
from billing.admin.tax_requests import TaxRequestAdmin
from smartbill.admin import search as document_search
from smartbill.admin import timeline

__all__ = [
    "CorrectionAdmin",
    "ManualEntryAdmin",
    "ApprovalAdmin",
    "ExchangeRateAdmin",
    "InboundEventAdmin",
    "MirrorAdmin",
    "ProfileImportAdmin",
    "ReversalAdmin",
    "RuleAdmin",
    "RuleSimulationAdmin",
    "SaleAdmin",
    "SimulatedSaleAdmin",
    "StripeEndpointAdmin",
    "TaxProfileAdmin",
    "TaxRequestAdmin",
]

if sources_of not in document_search.sources_of:
    document_search.sources_of.append(sources_of)
if tell not in timeline.TELLERS:
    timeline.TELLERS.append(tell)
    timeline.RELATED.append(related)
