"""What billing knows of a document: Stripe's events, rules, approvals, reversals and cases, and their pages."""

from collections.abc import Iterator

from django.db.models import Model, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from billing.models import Approval, Correction, InboundEvent, Reversal, Sale, TaxProfile
from billing.models.approval import ApprovalEvent, RuleDecision
from billing.models.correction import CorrectionEvent
from billing.models.reversal import ReversalEvent
from billing.models.sale_event import SaleEvent
from smartbill.admin.timeline import Moment, Related
from smartbill.models import Document

MOST_EVENTS = 100
"""Events of Stripe that are told: an object of one purchase has a dozen, and a broken sender may have thousands."""


def tell(document: Document, request: HttpRequest) -> Iterator[Moment]:
    """Tell what happened to the sale of a document; seven queries at most."""
    sale = _sale_of(document)
    if sale is None or not request.user.has_perm("billing.view_sale"):
        return
    yield from _of_stripe(sale, request)
    yield from _of_sale(sale, request)
    if request.user.has_perm("billing.view_approval"):
        for asked in ApprovalEvent.objects.filter(approval__sale=sale).select_related("actor", "approval"):
            what = _("Approval: %(what)s") % {"what": asked.get_what_display()}
            url = _page(Approval, asked.approval_id)
            yield Moment(asked.created_at, what, _person(asked.actor), asked.reason, "wait", url)
    if request.user.has_perm("billing.view_reversal"):
        for back in ReversalEvent.objects.filter(reversal__sale=sale).select_related("actor", "reversal"):
            name = back.reversal.get_source_display()
            what = f"{name}: {back.get_after_display()}"
            url = _page(Reversal, back.reversal_id)
            yield Moment(back.created_at, what, _person(back.actor), back.reason, "warn", url)
    if request.user.has_perm("billing.view_correction"):
        for step in CorrectionEvent.objects.filter(correction__sale=sale).select_related("actor"):
            what = _("Correction: %(state)s") % {"state": step.get_after_display()}
            url = _page(Correction, step.correction_id)
            yield Moment(step.created_at, what, _person(step.actor), step.reason, "warn", url)


def related(document: Document, request: HttpRequest) -> Iterator[Related]:
    """Lead to the sale, the buyer's tax profile, and what went back or was corrected."""
    sale = _sale_of(document)
    if sale is None:
        return
    may = request.user.has_perm
    yield Related(_label(Sale), str(sale), _page(Sale, sale.pk) if may("billing.view_sale") else "")
    if may("billing.view_taxprofile"):
        for profile in TaxProfile.objects.filter(customer_id=sale.buyer_id, livemode=sale.livemode):
            version = _("version %(number)s") % {"number": profile.version}
            yield Related(_label(TaxProfile), str(profile), _page(TaxProfile, profile.pk), version)
    if may("billing.view_reversal"):
        for row in sale.reversals.in_order():
            yield Related(row.get_source_display(), str(row), _page(Reversal, row.pk), row.get_state_display())
    if may("billing.view_correction"):
        for case in Correction.objects.filter(sale=sale).order_by("id"):
            yield Related(
                _label(Correction), case.get_wrong_display(), _page(Correction, case.pk), case.get_state_display()
            )


def _of_stripe(sale: Sale, request: HttpRequest) -> Iterator[Moment]:
    """Tell the events whose object is one of those by which the sale is known, the newest of them."""
    ids = sale.aliases.values("stripe_id")
    found = InboundEvent.objects.filter(Q(object_id__in=ids), livemode=sale.livemode).defer("body")
    may_look = request.user.has_perm("billing.view_inboundevent")
    for event in found.order_by("-received_at", "-id")[:MOST_EVENTS]:
        what = _("Stripe: %(type)s") % {"type": event.type}
        url = _page(InboundEvent, event.pk) if may_look else ""
        yield Moment(event.received_at, what, event.get_origin_display(), event.last_error, "off", url)


def _of_sale(sale: Sale, request: HttpRequest) -> Iterator[Moment]:
    url = _page(Sale, sale.pk)
    for row in SaleEvent.objects.filter(sale=sale).select_related("actor"):
        what = _("Sale: %(outcome)s") % {"outcome": row.get_after_display()}
        yield Moment(row.created_at, what, _person(row.actor), row.reason, "off", url)
    for decision in RuleDecision.objects.filter(sale=sale).only("created_at"):
        yield Moment(decision.created_at, _("The rules were asked"), _person(None), "", "off", url)


def _sale_of(document: Document) -> Sale | None:
    return Sale.objects.filter(key=document.source).first()


def _label(model: type[Model]) -> str:
    return str(capfirst(model._meta.verbose_name))


def _page(model: type[Model], key: int) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[key])


def _person(actor: object) -> str:
    return str(actor) if actor is not None else _("by itself")
