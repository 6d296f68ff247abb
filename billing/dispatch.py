"""What each Stripe event leads to. A type that is not in the table is stored and ignored.

An event is a hint that an object changed: a service reads the object's present state and must bear being called twice,
late and out of order. dj-stripe's signals are not used, because it never sends them twice.
"""

from collections.abc import Mapping
from typing import Protocol

from billing.models import InboundEvent
from billing.services.announce_reversal import (
    on_charge_refunded,
    on_credit_note,
    on_dispute_closed,
    on_invoice_given_up,
    on_refund,
)
from billing.services.announce_sale import (
    on_checkout_session,
    on_invoice_paid,
    on_invoice_payment_paid,
    on_payment_intent_succeeded,
)


class Handler(Protocol):
    def __call__(self, *, event: InboundEvent) -> None:
        """Do what the event means, or raise billing.errors."""


def mirror_only(*, event: InboundEvent) -> None:
    """Nothing beyond the mirror: the type is known and asks for no document."""


MIRRORED = (
    "charge.captured charge.dispute.created charge.dispute.funds_reinstated "
    "charge.dispute.funds_withdrawn charge.dispute.updated charge.expired charge.failed charge.pending "
    "charge.succeeded charge.updated "
    "checkout.session.async_payment_failed checkout.session.expired "
    "coupon.created coupon.deleted coupon.updated "
    "customer.created customer.deleted customer.updated "
    "customer.subscription.created customer.subscription.deleted customer.subscription.paused "
    "customer.subscription.pending_update_applied customer.subscription.pending_update_expired "
    "customer.subscription.resumed customer.subscription.trial_will_end customer.subscription.updated "
    "customer.tax_id.created customer.tax_id.deleted customer.tax_id.updated "
    "invoice.created invoice.deleted invoice.finalization_failed invoice.finalized "
    "invoice.payment_action_required invoice.payment_failed invoice.sent invoice.updated "
    "invoiceitem.created invoiceitem.deleted "
    "payment_intent.amount_capturable_updated payment_intent.canceled payment_intent.created "
    "payment_intent.partially_funded payment_intent.payment_failed payment_intent.processing "
    "payment_intent.requires_action "
    "payment_method.attached payment_method.automatically_updated payment_method.detached payment_method.updated "
    "payout.canceled payout.created payout.failed payout.paid payout.reconciliation_completed payout.updated "
    "price.created price.deleted price.updated product.created product.deleted product.updated "
    "promotion_code.created promotion_code.updated "
    "setup_intent.canceled setup_intent.created setup_intent.requires_action setup_intent.setup_failed "
    "setup_intent.succeeded "
    "subscription_schedule.aborted subscription_schedule.canceled subscription_schedule.completed "
    "subscription_schedule.created subscription_schedule.expiring subscription_schedule.released "
    "subscription_schedule.updated "
    "tax_rate.created tax_rate.updated"
)
"""Types that dj-stripe has a handler for and that mean nothing more to us."""

DISPATCH: Mapping[str, Handler] = {
    **dict.fromkeys(MIRRORED.split(), mirror_only),
    "charge.dispute.closed": on_dispute_closed,
    # Of a charge it only says that something went back; `charge.refund.updated` is about a refund.
    "charge.refunded": on_charge_refunded,
    "charge.refund.updated": on_refund,
    "checkout.session.async_payment_succeeded": on_checkout_session,
    "checkout.session.completed": on_checkout_session,
    "credit_note.created": on_credit_note,
    "credit_note.updated": on_credit_note,
    "credit_note.voided": on_credit_note,
    "invoice.marked_uncollectible": on_invoice_given_up,
    "invoice.paid": on_invoice_paid,
    # The same news in other words; an endpoint may send either.
    "invoice.payment_succeeded": on_invoice_paid,
    "invoice.voided": on_invoice_given_up,
    "invoice_payment.paid": on_invoice_payment_paid,
    "payment_intent.succeeded": on_payment_intent_succeeded,
    "refund.created": on_refund,
    "refund.failed": on_refund,
    "refund.updated": on_refund,
}


def handler_for(event_type: str) -> Handler | None:
    """Return the service of an event type, or None when we know nothing of it."""
    return DISPATCH.get(event_type)
