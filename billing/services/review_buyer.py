"""A document that waits is looked at again with what is known of its buyer now: released, or the customer is asked.

Whatever may have changed that (a document was just held, somebody entered tax data) only sets `Sale.buyer_due_at`;
what follows is the same for all of them, and is repeated safely.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from time import monotonic

from django.conf import settings
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.models import Sale, profile_of
from billing.services.announce_approval import lapse_needless
from billing.services.ask_for_tax_data import ask_automatically, settle_request
from billing.services.redraft import wants_customer
from billing.services.screen_sale import corrected, screened
from smartbill.lifecycle import Status
from smartbill.services.revise import is_corrected, revise_document

logger = logging.getLogger(__name__)

BATCH = 50
AFTER_DEFECT = timedelta(minutes=15)


def review_due_buyers() -> int:
    """Review what is due for the budget of a drain; return how many sales were looked at."""
    end = monotonic() + settings.DRAIN["budget"]
    done = 0
    while monotonic() < end and (batch := _due()):
        for sale_id in batch:
            if monotonic() < end:
                _review(sale_id)
                done += 1
    return done


def _due() -> Sequence[int]:
    due = Sale.objects.with_buyer_due(now()).order_by("buyer_due_at", "id")
    return list(due.values_list("pk", flat=True)[:BATCH])


def _review(sale_id: int) -> None:
    """Review one; a defect is logged by its class alone, and its sale waits without stopping the others."""
    try:
        review_buyer(sale_id=sale_id)
    except Exception as error:
        logger.error("The buyer of sale %s could not be reviewed: %s", sale_id, type(error).__name__, exc_info=False)
        Sale.objects.filter(pk=sale_id).update(buyer_due_at=now() + AFTER_DEFECT)


def queue_review(document_id: int) -> None:
    """Have the buyer of a document that was just held looked at again."""
    Sale.objects.filter(document=document_id).update(buyer_due_at=now())


def review_buyer(*, sale_id: int) -> None:
    """Build the draft anew with the tax profile; a document that still lacks the buyer's data is asked for."""
    with transaction.atomic():
        sale = Sale.objects.select_for_update(no_key=True).filter(pk=sale_id, buyer_due_at__isnull=False).first()
        if sale is None:
            return
        Sale.objects.filter(pk=sale_id).update(buyer_due_at=None)
        document = sale.document
        if document is None or document.status not in (Status.HELD, Status.REJECTED):
            lapse_needless(sale)
            return
        profile = profile_of(sale.buyer_id, livemode=sale.livemode)
        present = document.revisions.get(number=document.revision).draft
        if is_corrected(present):
            # It stays as the person left it; only what is asked about it may have changed.
            draft = corrected(sale, present, profile=profile).held_draft
        else:
            draft = screened(sale, profile=profile).held_draft
        revise_document(document, draft=draft, reason=_("The buyer's tax data were looked at again."))
        if document.status == Status.HELD:
            ask_automatically(sale, document)
    if document.status != Status.HELD or not wants_customer(document):
        settle_request(customer_id=sale.buyer_id, livemode=sale.livemode)
