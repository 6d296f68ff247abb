"""The queue's door to this app. Each task works off a table and carries nothing."""

from datetime import datetime

from billing.models import Approval, Correction, InboundEvent, Reversal, RuleSimulation, Sale, TaxRequest
from billing.services.advance_requests import advance_due_requests
from billing.services.alarm_proposals import alarm_proposals
from billing.services.announce_approval import remind_due_approvals
from billing.services.catch_up_events import catch_up_events as find_missed_events
from billing.services.decide_due_sales import decide_due_sales
from billing.services.process_event import process_due_events
from billing.services.pursue_due_corrections import pursue_due_corrections
from billing.services.pursue_due_reversals import pursue_due_reversals
from billing.services.review_buyer import review_due_buyers
from billing.services.simulate_rule import run_due_simulations
from billing.services.sweep_events import sweep_events as watch_inbox
from config.queue import drain_task


def _events_due(at: datetime) -> bool:
    return InboundEvent.objects.due(at).exists()


@drain_task(due=_events_due)
def drain_events() -> None:
    """Process the events of the inbox that are due."""
    process_due_events()


def _sales_due(at: datetime) -> bool:
    return Sale.objects.due(at).exists()


@drain_task(due=_sales_due)
def drain_sales() -> None:
    """Decide the sales that are due."""
    decide_due_sales()


def _buyers_due(at: datetime) -> bool:
    return Sale.objects.with_buyer_due(at).exists()


@drain_task(due=_buyers_due)
def drain_buyers() -> None:
    """Look again at documents that wait for data of their buyer."""
    review_due_buyers()


def _tax_requests_due(at: datetime) -> bool:
    return TaxRequest.objects.due(at).exists()


@drain_task(due=_tax_requests_due)
def drain_tax_requests() -> None:
    """Remind customers who were asked for tax data, and act at their deadline."""
    advance_due_requests()


def _reversals_due(at: datetime) -> bool:
    return Sale.objects.to_search(at).exists() or Reversal.objects.due(at).exists()


@drain_task(due=_reversals_due)
def drain_reversals() -> None:
    """Find out what went back of sales, and bring the reversals that are due one step further."""
    pursue_due_reversals()


def _corrections_due(at: datetime) -> bool:
    return Correction.objects.due(at).exists()


@drain_task(due=_corrections_due)
def drain_corrections() -> None:
    """Bring the corrections that are due one step further."""
    pursue_due_corrections()


def watch_proposals() -> None:
    """Every 15 minutes: warn of what waits for a decision while its legal time runs out."""
    alarm_proposals()


def _approvals_due(at: datetime) -> bool:
    return Approval.objects.due(at).exists()


@drain_task(due=_approvals_due)
def drain_approvals() -> None:
    """Remind people of the approvals that wait for them."""
    remind_due_approvals()


def _simulations_due(at: datetime) -> bool:
    return RuleSimulation.objects.due(at).exists()


@drain_task(due=_simulations_due)
def drain_simulations() -> None:
    """Try rules on the past."""
    run_due_simulations()


def sweep_events() -> None:
    """Once a minute: raise the alarm when the inbox is not worked off."""
    watch_inbox()


def catch_up_events() -> None:
    """Every 15 minutes, and again at once while a backlog is left: find the events that no webhook brought."""
    find_missed_events()
