import pytest
from djstripe.signals import WEBHOOK_SIGNALS

from billing.dispatch import DISPATCH, MIRRORED, handler_for, mirror_only
from billing.models import InboundEvent
from billing.services import announce_reversal, announce_sale


@pytest.mark.parametrize(
    ("event_type", "handler"),
    [
        ("invoice.paid", announce_sale.on_invoice_paid),
        ("invoice.payment_succeeded", announce_sale.on_invoice_paid),
        ("invoice_payment.paid", announce_sale.on_invoice_payment_paid),
        ("checkout.session.completed", announce_sale.on_checkout_session),
        ("checkout.session.async_payment_succeeded", announce_sale.on_checkout_session),
        ("payment_intent.succeeded", announce_sale.on_payment_intent_succeeded),
        ("charge.refunded", announce_reversal.on_charge_refunded),
        ("charge.refund.updated", announce_reversal.on_refund),
        ("refund.created", announce_reversal.on_refund),
        ("refund.updated", announce_reversal.on_refund),
        ("refund.failed", announce_reversal.on_refund),
        ("credit_note.created", announce_reversal.on_credit_note),
        ("credit_note.updated", announce_reversal.on_credit_note),
        ("credit_note.voided", announce_reversal.on_credit_note),
        ("charge.dispute.closed", announce_reversal.on_dispute_closed),
        ("charge.dispute.created", mirror_only),
        ("invoice.voided", announce_reversal.on_invoice_given_up),
        ("invoice.marked_uncollectible", announce_reversal.on_invoice_given_up),
        ("customer.updated", mirror_only),
        ("product.updated", mirror_only),
        ("price.updated", mirror_only),
        ("checkout.session.async_payment_failed", mirror_only),
        ("invoice.created", mirror_only),
    ],
)
def test_what_an_event_leads_to(event_type, handler):
    assert handler_for(event_type) is handler


@pytest.mark.parametrize("event_type", ["balance.available", "invoice", "invoice.", "Invoice.paid", "", "made.up"])
def test_an_unknown_type_leads_to_nothing(event_type):
    assert handler_for(event_type) is None


def test_dj_stripe_has_a_handler_for_every_type_that_is_only_mirrored():
    without = [name for name in MIRRORED.split() if not WEBHOOK_SIGNALS[name].receivers]
    assert without == []


def test_no_type_is_named_twice():
    names = MIRRORED.split()
    assert len(names) == len(set(names))
    only_mirrored = {name for name, handler in DISPATCH.items() if handler is mirror_only}
    assert only_mirrored == set(names)


@pytest.mark.django_db
def test_mirroring_only_changes_nothing_of_ours(django_assert_num_queries):
    with django_assert_num_queries(0):
        mirror_only(event=InboundEvent(event_id="evt_1", type="customer.updated"))
