"""What people said about buyers: each field with its origin and check, every change, and the documents that wait."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.admin.tax_forms import EnterTaxDataForm
from billing.errors import BillingError
from billing.models import TaxProfile
from billing.profile_checks import CHECKS, DOUBT
from billing.profile_fields import FIELDS
from billing.profiles import CUSTOMER, SAID_BY, Entry
from billing.services.redraft import waiting_sales
from billing.services.save_profile import enter_profile
from config.admin import (
    Problem,
    ProblemFilter,
    ReadOnlyAdmin,
    badge,
    confirmed_action,
    found_exactly,
    mode_badge,
    moment,
    run_on_each,
    two_lines,
)
from config.admin.terms import part_of
from notifications.errors import MessageError
from smartbill.errors import SmartbillError


def enter_for(_row: Any, **fields: Any) -> None:
    """Store what was entered on the page of a row, whatever the row is: the form knows whose data they are."""
    enter_profile(**fields)


def _checked(entry: Entry) -> str:
    if entry.confirmed:
        who = gettext("the customer") if entry.confirmed == CUSTOMER else entry.confirmed
        return gettext("%(check)s; confirmed by %(who)s") % {"check": CHECKS[entry.check], "who": who}
    return str(CHECKS[entry.check]) if entry.check else ""


@admin.register(TaxProfile)
class TaxProfileAdmin(ReadOnlyAdmin):
    section = "work"
    position = 25
    refusals = (BillingError, SmartbillError, MessageError)
    action_rights = {"edit": "billing.edit_taxprofile"}
    problems = (
        Problem(
            key="doubts",
            label=_("Tax data with a check digit that does not fit"),
            hint=_("Nobody said that it is right: documents for it are held. Compare it, then correct or confirm it."),
            urgency=74,
            since="updated_at",
            rows=lambda rows: rows.filter(has_doubts=True),
        ),
    )
    list_display = ["buyer", "kind", "tax_id", "segment", "mode", "checks", "changed"]
    list_display_links = ["buyer"]
    list_filter = [ProblemFilter, "kind", "livemode"]
    sortable_by = ()
    search_fields = ["name"]
    search_help_text = _("Stripe's customer, tax id, or a part of the name")
    confirm_display = ["buyer", "kind", "tax_id", "mode"]
    fields = ["buyer", "mode", "version", "present", "waiting", "history"]
    readonly_fields = ["buyer", "mode", "present", "waiting", "history"]
    actions = ["edit_tax_data"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by an exact identifier first; else by a part of the name."""
        term = search_term.strip()
        if not term:
            return queryset, False
        bare = "".join(character for character in term if character not in "-. ")
        if (found := found_exactly(queryset, {"customer_id": term}, {"tax_id": bare or term})) is not None:
            return found, False
        return queryset.filter(part_of(term, "name")), False

    @admin.display(description=_("Customer"))
    def buyer(self, row: TaxProfile) -> SafeString:
        return two_lines(row.name or row.customer_id, row.customer_id if row.name else "")

    @admin.display(description=_("Mode"))
    def mode(self, row: TaxProfile) -> SafeString:
        return mode_badge(row.livemode)

    @admin.display(description=_("Checks"))
    def checks(self, row: TaxProfile) -> SafeString:
        return badge(CHECKS[DOUBT], "warn") if row.has_doubts else badge(_("no objection"), "good")

    @admin.display(description=_("Changed"))
    def changed(self, row: TaxProfile) -> SafeString:
        return moment(row.updated_at)

    @admin.display(description=_("What is known"))
    def present(self, row: TaxProfile) -> SafeString | str:
        """Show each field with its raw text where it differs, who said it when, and the check."""
        entries = row.profile.entries
        shown = (
            (
                field.label,
                entries[name].value,
                gettext("raw: “%(raw)s”") % {"raw": entries[name].raw}
                if entries[name].raw != entries[name].value
                else "",
                gettext(SAID_BY[entries[name].source]),
                moment(parse_datetime(entries[name].at)),
                _checked(entries[name]),
            )
            for name, field in FIELDS.items()
            if name in entries
        )
        return format_html_join("", "<p><strong>{}</strong> {} <small>{} · {} {} · {}</small></p>", shown) or "–"

    @admin.display(description=_("Documents that wait"))
    def waiting(self, row: TaxProfile) -> SafeString | str:
        sales = waiting_sales(row.customer_id, livemode=row.livemode)[:20]
        rows = ((s.document.get_absolute_url(), s.document, s.document.reason) for s in sales if s.document)
        return format_html_join("", '<p><a href="{}">{}</a> {}</p>', rows) or "–"

    @admin.display(description=_("What happened"))
    def history(self, row: TaxProfile) -> SafeString:
        rows = (
            (
                moment(change.created_at),
                change.get_source_display(),
                change.actor or "",
                "; ".join(
                    f"{FIELDS[name].label}: {change.before.get(name) or '–'} → {value or '–'}"
                    for name, value in change.after.items()
                ),
                change.reason,
            )
            for change in row.changes.select_related("actor").order_by("-version")
        )
        return format_html_join("", "<p>{} <strong>{}</strong> {} {} <small>{}</small></p>", rows)

    @confirmed_action(
        description=_("Enter tax data"),
        permissions=["edit"],
        consequence=_(
            "The data are used for this customer from now on, before anything Stripe says. Documents that wait for "
            "them are looked at again and sent at once when nothing is missing."
        ),
        form=EnterTaxDataForm,
        one_row=True,
    )
    def edit_tax_data(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, enter_for, done=_("tax data stored"), **fields)
