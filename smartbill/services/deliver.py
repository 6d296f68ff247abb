"""What an issued document owes its customer: a link and one mail, written with the verdict in one transaction."""

from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency
from django.utils import translation
from django.utils.translation import gettext as _

from notifications.services.queue_message import queue_message
from smartbill.drafts import Draft
from smartbill.faces import LOCALES
from smartbill.lifecycle import Status
from smartbill.models import Document, DocumentEvent
from smartbill.providers import provider_for
from smartbill.providers.base import Provider
from smartbill.services.link import link_for

TEMPLATE = "document_issued"


def reference_of(document: Document) -> str:
    """Return the opaque reference under which the messages of this document are kept."""
    return f"document:{document.pk}"


def deliver(document: Document) -> None:
    """Queue the customer's mail. Without an address, or where the provider mails, the event says so instead."""
    link = link_for(document)
    draft = document.revisions.get(number=document.revision).draft
    note = why_no_mail(document, provider_for(document.issuer), draft)
    if not note:
        queue_message(**mail_of(document, link))
        return
    if not document.customer_email:
        Document.objects.filter(pk=document.pk).update(untold=True)
    DocumentEvent.objects.create(document=document, before=document.status, after=document.status, reason=note)


def why_no_mail(document: Document, provider: Provider, draft: Draft) -> str:
    """Return why the customer gets no mail of ours, or nothing."""
    if document.replaces_id is not None:
        return _("It replaces another document: the customer is told when that one is given up.")
    if provider.mails_customer(draft):
        return _("The provider mails the customer; no mail of ours.")
    if not document.customer_email:
        return _("The customer has no e-mail address: nobody was told. The link can be sent by hand.")
    return ""


def mail_of(document: Document, link: str) -> dict[str, Any]:
    """Return the arguments of `queue_message` for the mail that an issued document owes."""
    return {
        "reference": reference_of(document),
        "template": TEMPLATE,
        "language": document.language,
        "recipient": document.customer_email,
        "context": mail_context(document, link),
    }


def mail_context(document: Document, link: str) -> dict[str, Any]:
    """Return the values of the mail, formatted as the customer's country writes them."""
    issuer = document.issuer
    locale = LOCALES.get(document.language, "en_US")
    issued_at = document.issued_at or document.occurred_at
    with translation.override(document.language):
        kind_label = str(document.get_kind_display())
    return {
        "seller_name": issuer.commercial_name or issuer.name,
        "customer_name": document.customer_name,
        "kind_label": kind_label,
        "number": document.control_number or document.reference,
        "total": format_currency(document.total, document.currency, locale=locale),
        "currency": document.currency,
        "issued_on": format_date(issued_at.astimezone(issuer.zone), "long", locale=locale),
        "link": link,
        "contingency": document.status == Status.CONTINGENCY,
        "contact_email": issuer.email,
        "livemode": document.livemode,
        "provider_mails": issuer.provider_mails_customer,
    }
