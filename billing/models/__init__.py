"""The tables of what Stripe told us and what we owe for it."""

from billing.models.approval import Approval, ApprovalEvent, RuleDecision
from billing.models.correction import Correction, CorrectionEvent
from billing.models.endpoint import StripeEndpoint
from billing.models.exchange_rate import ExchangeRate
from billing.models.inbound_event import InboundEvent
from billing.models.lease import ObjectLease
from billing.models.manual_entry import ManualEntry
from billing.models.profile_import import ProfileImport
from billing.models.reversal import Reversal, ReversalAlias, ReversalEvent
from billing.models.rule import Rule, RuleChange, RuleSimulation
from billing.models.sale import Sale, SaleAlias, Snapshot
from billing.models.sale_event import SaleEvent
from billing.models.simulated_sale import SimulatedSale
from billing.models.tax_profile import TaxProfile, TaxProfileChange, profile_of
from billing.models.tax_request import TaxRequest

__all__ = [
    "Correction",
    "CorrectionEvent",
    "Approval",
    "ApprovalEvent",
    "ExchangeRate",
    "InboundEvent",
    "ManualEntry",
    "ObjectLease",
    "ProfileImport",
    "Reversal",
    "ReversalAlias",
    "ReversalEvent",
    "Rule",
    "RuleChange",
    "RuleDecision",
    "RuleSimulation",
    "Sale",
    "SaleAlias",
    "SaleEvent",
    "SimulatedSale",
    "Snapshot",
    "StripeEndpoint",
    "TaxProfile",
    "TaxProfileChange",
    "TaxRequest",
    "profile_of",
]
