"""The pre-issue check: one page that lists what keeps a sale from its document, and where each reason is mended."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from billing.advice import APPROVALS, BUYER, DOCUMENT, FORM, ISSUER, LIMITS, PLACES, RATES
from billing.models import Sale, TaxProfile
from billing.services.check_sale import Reason, SaleCheck, check_sale
from config.admin import ReadOnlyAdmin, amount
from smartbill.admin.page import label_of


@dataclass(frozen=True, slots=True)
class Shown:
    """One reason as the page shows it."""

    field: str
    message: str
    how: str
    place: str
    url: str


class PreIssuePage(ReadOnlyAdmin):
    """Adds the page to the admin of sales; documents lead to it by the key of their sale."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.check_view)
        return [path("check/<path:key>/", view, name="billing_sale_check"), *super().get_urls()]

    def check_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """Show the check of a sale; nothing is changed by looking."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = Sale.objects.select_related("document__issuer", "endpoint__issuer", "snapshot", "entry")
        sale = rows.filter(key=key).first()
        if sale is None:
            raise Http404
        found = check_sale(sale)
        profile = TaxProfile.objects.filter(customer_id=sale.buyer_id, livemode=sale.livemode).first()
        context = {
            **self.admin_site.each_context(request),
            "title": _("Before it is issued"),
            "opts": self.opts,
            "sale": sale,
            "sale_url": self.page_url(sale.pk),
            "found": found,
            "reasons": self._shown(found.reasons, sale, profile),
            "warnings": self._shown(found.warnings, sale, profile),
            "rule": _rule(found),
            "total": amount(found.draft.total, found.draft.currency) if found.draft else "–",
        }
        return TemplateResponse(request, "admin/billing/sale/check.html", context)

    def _shown(self, reasons: Iterable[Reason], sale: Sale, profile: TaxProfile | None) -> list[Shown]:
        return [
            Shown(
                label_of(reason.field),
                reason.message,
                str(reason.advice.how),
                str(PLACES[reason.advice.place]),
                self._url(reason.advice.place, sale, profile),
            )
            for reason in reasons
        ]

    def _url(self, place: str, sale: Sale, profile: TaxProfile | None) -> str:
        here = self.page_url(sale.pk)
        if place == BUYER and profile is not None:
            return reverse("admin:billing_taxprofile_change", args=[profile.pk])
        if place == DOCUMENT and sale.document is not None:
            return sale.document.get_absolute_url()
        if place == APPROVALS and (asked := sale.approvals.order_by("-id").first()) is not None:
            return reverse("admin:billing_approval_change", args=[asked.pk])
        return {
            ISSUER: reverse("admin:smartbill_issuer_change", args=[sale.endpoint.issuer_id]),
            LIMITS: reverse("admin:smartbill_legallimit_changelist"),
            RATES: f"{reverse('admin:billing_exchangerate_add')}?currency={sale.currency}",
            FORM: reverse("admin:billing_manualentry_add"),
        }.get(place, here)


def _rule(found: SaleCheck) -> dict[str, Any]:
    """Return why it is this kind of document: the rule, and the value that it was read from."""
    origin = found.kind_origin
    if origin is None:
        return {}
    rule = ", ".join(_(part) for part in origin.rule.split(", ") if part)
    return {"rule": rule, "source": origin.source, "raw": origin.raw}
