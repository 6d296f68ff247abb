"""Documents made by hand: the form with its preview, and the list of what was entered, by whom and why."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.admin.manual_form import MORE, MOST, LineSet, ManualForm
from billing.advice import advice_of
from billing.errors import BillingError, EnteredAlready
from billing.models import ManualEntry, TaxProfile
from billing.money import to_decimal
from billing.services.enter_manual import (
    RELEASE,
    Entered,
    enter_manual,
    foreseen_of_entered,
    look_alike,
    shown_of,
)
from config.admin import (
    HouseAdmin,
    Problem,
    ProblemFilter,
    amount,
    badge,
    found_exactly,
    moment,
    pretty_json,
    two_lines,
)
from smartbill.admin.page import TAX_CLASSES, label_of
from smartbill.lifecycle import Kind
from smartbill.models import Issuer
from smartbill.providers import provider_for
from smartbill.services.create import findings_of

MOST_OFFERED = 200
"""Known customers among which the form lets one choose; any other id can be typed."""


def to_let_go_by(rows: QuerySet[Any], person: Any) -> QuerySet[Any]:
    """Leave out what this person may not let go: everything without the right, and their own where two are needed."""
    return rows.exclude(needs_second=True, entered_by=person) if person.has_perm(RELEASE) else rows.none()


def without_payment(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Narrow to entries whose payment should have been seen, and would not be recognised by itself any more."""
    late = Q(pk__in=[])
    for issuer, days in Issuer.objects.values_list("pk", "manual_match_days"):
        late |= Q(sale__endpoint__issuer=issuer, paid_at__lt=now() - timedelta(days=days))
    return rows.filter(late, expects_payment=True, linked_at=None, withdrawn_at=None, released_at__isnull=False)


@admin.register(ManualEntry)
class ManualEntryAdmin(HouseAdmin):
    section = "work"
    position = 21
    problems = (
        Problem(
            key="waiting",
            label=gettext_lazy("Documents made by hand for you to let go"),
            hint=gettext_lazy("A colleague entered them. Nothing is issued before another person lets them go."),
            urgency=39,
            since="entered_at",
            rows=lambda rows: rows.filter(released_at=None, withdrawn_at=None),
            mine=to_let_go_by,
        ),
        Problem(
            key="unmatched",
            label=gettext_lazy("Documents made by hand without their payment"),
            hint=gettext_lazy(
                "Issued for a payment that should be at Stripe by now. Look there, and say what became of it."
            ),
            urgency=69,
            since="entered_at",
            rows=without_payment,
        ),
    )
    list_display = ["name", "shown_amount", "why", "entered", "let_go", "payment"]
    list_display_links = ["name"]
    list_select_related = ["sale__document", "entered_by", "released_by"]
    list_filter = [ProblemFilter, "why"]
    search_fields = ["sale__key"]
    sortable_by = ()
    readonly_fields = [
        "sale_link", "shown_amount", "why", "note", "entered", "let_go", "payment", "shown_content"
    ]  # fmt: skip
    fields = [*readonly_fields]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by an exact identifier of the sale, each through its own index; else by a part of the name."""
        term = search_term.strip()
        if not term:
            return queryset, False
        ids = ({"sale__key": term}, {"sale__aliases__stripe_id": term}, {"sale__customer_id": term})
        if (found := found_exactly(queryset, *ids)) is not None:
            return found, True
        return queryset.filter(sale__customer_name__icontains=term) if len(term) > 1 else queryset.none(), False

    @admin.display(description=gettext_lazy("Sale"))
    def name(self, entry: ManualEntry) -> SafeString:
        return two_lines(str(entry.sale.document or entry.sale), entry.sale.get_outcome_display())

    @admin.display(description=gettext_lazy("Sale"))
    def sale_link(self, entry: ManualEntry) -> SafeString:
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:billing_sale_change", args=[entry.sale_id]), entry.sale
        )

    @admin.display(description=gettext_lazy("Amount"))
    def shown_amount(self, entry: ManualEntry) -> str:
        return amount(to_decimal(entry.amount_minor, entry.currency), entry.currency)

    @admin.display(description=gettext_lazy("Entered by"))
    def entered(self, entry: ManualEntry) -> SafeString:
        return format_html("{} {}", entry.entered_by, moment(entry.entered_at))

    @admin.display(description=gettext_lazy("Let go by"))
    def let_go(self, entry: ManualEntry) -> SafeString:
        if entry.withdrawn_at:
            return badge(_("withdrawn"), "off")
        if entry.released_at is None:
            return badge(_("waits for another person"), "warn")
        return format_html("{} {}", entry.released_by, moment(entry.released_at))

    @admin.display(description=gettext_lazy("Payment at Stripe"))
    def payment(self, entry: ManualEntry) -> SafeString:
        if entry.linked_at:
            return format_html("{} {}", badge(_("linked"), "good"), moment(entry.linked_at))
        return badge(_("awaited"), "wait") if entry.expects_payment else badge(_("none expected"), "off")

    @admin.display(description=gettext_lazy("As it was entered"))
    def shown_content(self, entry: ManualEntry) -> SafeString:
        return pretty_json(entry.content)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Ask, show what would be issued, and enter what was shown."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return self._page(request, ManualForm(), LineSet(prefix="lines"))
        if "_more" in request.POST:
            return self._page(request, ManualForm(request.POST), _longer(request), is_quiet=True)
        form, lines = ManualForm(request.POST), LineSet(request.POST, prefix="lines")
        if not (form.is_valid() & lines.is_valid()):
            return self._page(request, form, lines)
        entered = form.entered(lines.lines())  # type: ignore[attr-defined]
        seen = form.cleaned_data["shown"] == shown_of(entered)
        preview = self._preview(request, form, entered)
        if "_enter" not in request.POST or preview is None:
            return self._page(request, form, lines, preview)
        if not seen:
            text = _("Nothing was entered: something changed since it was shown. Look at it again, then press again.")
            return self._page(request, form, lines, preview, notice=text)
        if answer := self._enter(request, form, entered, is_held=bool(preview["problems"])):
            return answer
        text = "" if form.errors else _("Nothing was entered: tick the box if it is another sale than these.")
        return self._page(request, form, lines, preview, notice=text)

    def _enter(self, request: HttpRequest, form: ManualForm, entered: Entered, *, is_held: bool) -> HttpResponse | None:
        try:
            sale = enter_manual(entered, token=form.form_token, actor=request.user)
        except EnteredAlready:
            # The preview shows them, and asks.
            return None
        except BillingError as error:
            form.add_error(None, str(error))
            return None
        text = _("Entered: %(sale)s. It is issued at once.")
        if sale.entry.released_at is None:
            text = _("Entered: %(sale)s. It waits for another person to let it be issued.")
        elif is_held:
            text = _("Entered: %(sale)s. It is held, and its page says why.")
        messages.success(request, text % {"sale": sale})
        return HttpResponseRedirect(reverse("admin:billing_sale_change", args=[sale.pk]))

    def _preview(self, request: HttpRequest, form: ManualForm, entered: Entered) -> dict[str, Any] | None:
        """Return what would be issued, by the very rules that issue it; None where the form has to be mended first."""
        try:
            foreseen = foreseen_of_entered(entered, token=form.form_token)
        except BillingError as error:
            form.add_error(None, str(error))
            return None
        draft = foreseen.draft
        findings = findings_of(entered.issuer, draft)
        for problem in [row for row in findings.problems if row.field.startswith("extras")]:
            form.add_error("extras", str(problem.message))
        if form.errors:
            return None
        return {
            "shown": shown_of(entered),
            "kind": Kind(draft.kind).label,
            "rule": _(draft.provenance["kind"].rule),
            "total": amount(draft.total, draft.currency),
            "lines": [
                (line, amount(line.total, draft.currency), TAX_CLASSES.get(line.tax_class, "")) for line in draft.lines
            ],
            "breakdown": [] if findings.problems else _breakdown(entered, draft),
            "problems": [
                (label_of(row.field), row.message, advice_of(row.code, row.field).how)
                for row in (*findings.problems, *foreseen.problems)
            ],
            "warnings": [row.message for row in findings.warnings],
            "alike": look_alike(entered, draft),
            "goes": request.user.has_perm(RELEASE) and not entered.issuer.needs_second(draft.total),
        }

    def _page(
        self,
        request: HttpRequest,
        form: ManualForm,
        lines: Any,
        preview: Any = None,
        *,
        notice: str = "",
        is_quiet: bool = False,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Issue without Stripe"),
            "opts": self.opts,
            "form": form,
            "lines": lines,
            "preview": preview,
            "notice": notice,
            "quiet": is_quiet,
            "known": _known_customers(request.user),
        }
        return TemplateResponse(request, "admin/billing/manualentry/add.html", context)


def _breakdown(entered: Entered, draft: Any) -> list[tuple[str, str]]:
    printed = provider_for(entered.issuer).printed(draft)
    return [(label, amount(value, draft.currency)) for label, value in printed.totals]


def _known_customers(person: Any) -> QuerySet[TaxProfile]:
    """Return the buyers that the form offers: those with a tax profile, the newest first."""
    rows = (
        TaxProfile.objects.order_by("-id") if person.has_perm("billing.view_taxprofile") else TaxProfile.objects.none()
    )
    return rows.exclude(name="")[:MOST_OFFERED]


def _longer(request: HttpRequest) -> Any:
    """Return the lines as they were typed, with some more empty ones below."""
    data = request.POST.copy()
    count = data.get("lines-TOTAL_FORMS", "")
    data["lines-TOTAL_FORMS"] = str(min(int(count) + MORE, MOST) if _is_count(count) else MORE)
    return LineSet(data, prefix="lines")


def _is_count(typed: str) -> bool:
    return typed.isascii() and typed.isdecimal() and len(typed) <= len(str(MOST))
