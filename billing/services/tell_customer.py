"""The customer's answer at the end of a case: one mail in their language, whichever way it ended."""

from django.utils import translation

from billing.correction_steps import CaseState
from billing.corrections import Mending
from billing.models import Correction, CorrectionEvent
from notifications.services.queue_message import queue_message
from smartbill.lifecycle import Status
from smartbill.models import Document
from smartbill.services.link import link_for
from smartbill.services.replace import live_replacement

TEMPLATE = "correction_answer"


def reference_of_case(case: Correction) -> str:
    """Return the opaque reference under which the message of a case is kept."""
    return f"correction:{case.pk}"


def tell_customer(case: Correction) -> None:
    """Queue the mail, in the caller's transaction. Who asked is always answered; of what staff found the customer is
    told when a document of theirs changed. A credit note has a mail of its own, so that another only brings an answer.
    """
    changed = case.state == CaseState.DONE
    is_told_already = case.mending == Mending.CREDIT_NOTE and not case.answer
    if case.asked_by != Correction.AskedBy.CUSTOMER and (not changed or is_told_already):
        return
    document = _shown(case)
    if not document.customer_email:
        CorrectionEvent.objects.create(
            correction=case, before=case.state, after=case.state, code="nobody_told", reason=""
        )
        return
    issuer, replaced = document.issuer, changed and document.pk != case.document_id
    with translation.override(document.language):
        kind_label = str(document.get_kind_display())
    queue_message(
        reference=reference_of_case(case),
        template=TEMPLATE,
        language=document.language,
        recipient=document.customer_email,
        context={
            "seller_name": issuer.commercial_name or issuer.name,
            "customer_name": document.customer_name,
            "kind_label": kind_label,
            "number": str(document),
            "old_number": str(case.document),
            "answer": case.answer,
            "contact_email": issuer.email,
            "link": link_for(document),
            "replaced": replaced,
            "invalidated": changed and case.mending == Mending.INVALIDATE,
            "credited": changed and case.mending == Mending.CREDIT_NOTE,
            "unchanged": not changed and document.status == Status.STAMPED and live_replacement(document) is None,
            "livemode": document.livemode,
        },
    )


def _shown(case: Correction) -> Document:
    """Return the document that the mail is about: the one in force now."""
    return case.replacement if case.state == CaseState.DONE and case.replacement else case.document
