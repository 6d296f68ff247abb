"""What a rule would have done in the last 90 days, beside what happened; both are only looked at."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.admin.sales import TONES as SALE_TONES
from billing.models import RuleSimulation, Sale, SimulatedSale
from billing.rule_conditions import Condition
from billing.rule_texts import condition_words, finding_words, rule_words, unknown_words
from config.admin import ReadOnlyAdmin, amount, badge, moment, two_lines

Outcome = Sale.Outcome
TONES: dict[str, str] = {RuleSimulation.State.RUNNING: "wait", RuleSimulation.State.DONE: "good"}


@admin.register(RuleSimulation)
class RuleSimulationAdmin(ReadOnlyAdmin):
    section = "setup"
    position = 31
    list_display = ["name", "status", "progress", "period", "actor", "started"]
    list_filter = ["state"]
    list_select_related = ["rule__issuer", "actor"]
    search_fields = ["rule__name"]
    sortable_by = ()
    fields = ["rule_link", "version", "status", "period", "progress", "tried", "result", "happened", "listed", "actor"]
    readonly_fields = ["rule_link", "status", "period", "progress", "tried", "result", "happened", "listed"]

    @admin.display(description=_("Rule"))
    def name(self, row: RuleSimulation) -> SafeString:
        return two_lines(row.rule.name, gettext("Version %(version)s") % {"version": row.version})

    @admin.display(description=_("Rule"))
    def rule_link(self, row: RuleSimulation) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("admin:billing_rule_change", args=[row.rule_id]), row.rule)

    @admin.display(description=_("State"))
    def status(self, row: RuleSimulation) -> SafeString:
        return badge(row.get_state_display(), TONES[row.state])

    @admin.display(description=_("Paid between"))
    def period(self, row: RuleSimulation) -> SafeString:
        return format_html("{} – {}", f"{row.since:%Y-%m-%d}", f"{row.until:%Y-%m-%d}")

    @admin.display(description=_("Started"))
    def started(self, row: RuleSimulation) -> SafeString:
        return moment(row.created_at)

    @admin.display(description=_("Sales looked at"))
    def progress(self, row: RuleSimulation) -> str:
        text = gettext("%(done)s of %(total)s") % {"done": _number(row.looked_at), "total": _number(row.total)}
        if not row.without_draft:
            return text
        note = gettext("%(number)s could not be asked: no document could be made of them.")
        return f"{text}. {note % {'number': _number(row.without_draft)}}"

    @admin.display(description=_("Rule as it was tried"))
    def tried(self, row: RuleSimulation) -> SafeString:
        rows = ((condition_words(Condition.from_json(each), _currency(row)),) for each in row.text["conditions"])
        asked = format_html_join("", "<p>{}</p>", rows)
        return format_html(
            "<p><strong>{}</strong></p>{}<p>{}: {}</p>",
            rule_words(row.text),
            asked,
            gettext("When a condition cannot be answered"),
            unknown_words(row.text),
        )

    @admin.display(description=_("What it would have done"))
    def result(self, row: RuleSimulation) -> SafeString:
        sums = row.sales.values("verdict").annotate(number=Count("pk"), total=Sum("amount")).order_by("verdict")
        rows = [(rule_words(row.text), SimulatedSale(verdict=each["verdict"]), each) for each in sums]
        said = format_html_join(
            "",
            "<p><strong>{}</strong> {} · {} ({})</p>",
            (
                (_number(each["number"]), does, amount(each["total"], _currency(row)), verdict.get_verdict_display())
                for does, verdict, each in rows
            ),
        )
        return said or format_html("{}", gettext("Nothing: no sale of the period meets its conditions."))

    @admin.display(description=_("What happened to these sales"))
    def happened(self, row: RuleSimulation) -> SafeString | str:
        sums: dict[str, Any] = row.sales.aggregate(
            **{outcome: Count("pk", filter=Q(outcome=outcome)) for outcome in Outcome.values},
            back=Count("pk", filter=Q(went_back=True)),
            lost=Sum("amount", filter=Q(went_back=True)),
        )
        words = [(Outcome(outcome).label, _number(sums[outcome])) for outcome in Outcome.values if sums[outcome]]
        said = format_html_join("", "<p>{}: {}</p>", words)
        if not sums["back"]:
            return said or "–"
        told = gettext("Of %(number)s of them money went back later: %(amount)s were sold in these.")
        lost = amount(sums["lost"] or Decimal(0), _currency(row))
        return format_html("{}<p>{}</p>", said, told % {"number": _number(sums["back"]), "amount": lost})

    @admin.display(description=_("These sales"))
    def listed(self, row: RuleSimulation) -> SafeString:
        url = f"{reverse('admin:billing_simulatedsale_changelist')}?simulation__id__exact={row.pk}"
        return format_html('<a href="{}">{}</a>', url, gettext("Show the list"))


@admin.register(SimulatedSale)
class SimulatedSaleAdmin(ReadOnlyAdmin):
    section = "setup"
    position = 32
    list_display = ["name", "customer", "shown_amount", "paid", "says", "why", "what_happened"]
    list_display_links = None
    list_filter = ["verdict", "outcome", "went_back"]
    list_select_related = ["sale", "simulation__rule__issuer"]
    sortable_by = ()

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Not in the menu: the page of a simulation leads to its own sales."""
        return False

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        return lookup == "simulation__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("Sale"))
    def name(self, row: SimulatedSale) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("admin:billing_sale_change", args=[row.sale_id]), row.sale)

    @admin.display(description=_("Customer"))
    def customer(self, row: SimulatedSale) -> str:
        return row.sale.customer_name or row.sale.customer_id or "–"

    @admin.display(description=_("Amount"))
    def shown_amount(self, row: SimulatedSale) -> str:
        return amount(row.amount, _currency(row.simulation))

    @admin.display(description=_("Paid"))
    def paid(self, row: SimulatedSale) -> SafeString:
        return moment(row.sale.paid_at)

    @admin.display(description=_("What the rule says"))
    def says(self, row: SimulatedSale) -> str:
        return row.get_verdict_display()

    @admin.display(description=_("Why"))
    def why(self, row: SimulatedSale) -> SafeString:
        rows = ((finding_words(each, _currency(row.simulation)),) for each in row.findings)
        return format_html_join("", "<p>{}</p>", rows)

    @admin.display(description=_("What happened"))
    def what_happened(self, row: SimulatedSale) -> SafeString:
        said = badge(row.get_outcome_display(), SALE_TONES[row.outcome])
        return format_html("{} {}", said, gettext("money went back later")) if row.went_back else said


def _currency(row: RuleSimulation) -> str:
    return row.rule.issuer.currency


def _number(value: int) -> str:
    return number_format(value, force_grouping=True)
