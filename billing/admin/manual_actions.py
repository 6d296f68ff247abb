"""What people may do on the page of a sale about documents made by hand: let go, withdraw, and answer the question."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.admin.pre_issue import PreIssuePage
from billing.models import ManualEntry, Sale
from billing.money import to_decimal
from billing.services.link_manual import MAYBE_MANUAL, candidates_for, issue_own, link_to_manual
from billing.services.release_manual import release_manual, withdraw_manual
from config.admin import ReasonForm, amount, confirmed_action, moment, run_on_each


class LinkForm(ReasonForm):
    """Which document made by hand the payment belongs to."""

    entry_id = forms.TypedChoiceField(label=gettext_lazy("Document made by hand"), coerce=int, widget=forms.RadioSelect)
    field_order = ["entry_id", "reason"]

    def __init__(self, *args: Any, rows: Any, **kwargs: Any) -> None:
        super().__init__(*args, rows=rows, **kwargs)
        field = self.fields["entry_id"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - told to the type checker
        field.choices = [(entry.pk, _named(entry)) for entry in candidates_for(rows[0])]


def _named(entry: ManualEntry) -> str:
    total = amount(to_decimal(entry.amount_minor, entry.currency), entry.currency)
    return f"{entry.sale.document or entry.sale} · {total} · {entry.paid_at:%Y-%m-%d %H:%M}"


class ManualActions(PreIssuePage):
    """The actions, and what the page of a sale says of its entry and its check."""

    action_rights = {
        "release": "billing.release_manualentry",
        "withdraw": "billing.add_manualentry",
        "answer": "billing.answer_manualentry",
    }
    actions = ["let_go", "withdraw", "link", "own_document"]

    def action_applies(self, row: Any, name: str) -> bool:
        if row.outcome != Sale.Outcome.HELD:
            return False
        if name in ("let_go", "withdraw"):
            return bool(row.is_manual) and row.entry.released_at is None
        return any(reason["code"] == MAYBE_MANUAL for reason in row.reasons)

    def before_issue(self, sale: Sale) -> SafeString:
        """Lead to the check, and say the warnings of the document."""
        url = reverse("admin:billing_sale_check", args=[sale.key])
        link = format_html('<a href="{}">{}</a>', url, _("All reasons and warnings, and where each is mended"))
        document = sale.document
        warnings = document.revisions.get(number=document.revision).warnings if document else []
        return link + format_html_join("", "<p>{}</p>", ((row["message"],) for row in warnings))

    def by_hand(self, sale: Sale) -> SafeString | str:
        """Say who entered the sale by hand, why, and whether its payment was seen."""
        if not sale.is_manual:
            return "–"
        entry = sale.entry
        linked = _("payment seen at Stripe") if entry.linked_at else _("payment not seen at Stripe")
        return format_html(
            '<a href="{}">{}</a> {} {} · {}',
            reverse("admin:billing_manualentry_change", args=[entry.pk]),
            entry.get_why_display(),
            entry.entered_by,
            moment(entry.entered_at),
            linked,
        )

    @confirmed_action(
        description=gettext_lazy("Let it be issued"),
        permissions=["release"],
        consequence=gettext_lazy("The document entered by hand is sent to the tax authority at once."),
        form=ReasonForm,
        one_row=True,
    )
    def let_go(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, release_manual, done=gettext_lazy("let go"), **fields)

    @confirmed_action(
        description=gettext_lazy("Withdraw what was entered"),
        permissions=["withdraw"],
        consequence=gettext_lazy("Nothing is issued. A payment at Stripe that belongs to it gets its own document."),
        form=ReasonForm,
        one_row=True,
        is_danger=True,
    )
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, withdraw_manual, done=gettext_lazy("withdrawn"), **fields)

    @confirmed_action(
        description=gettext_lazy("It is the payment of a document made by hand"),
        permissions=["answer"],
        consequence=gettext_lazy("The payment is linked to that document, and no second one is made."),
        form=LinkForm,
        one_row=True,
    )
    def link(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, link_to_manual, done=gettext_lazy("linked, no second document"), **fields)

    @confirmed_action(
        description=gettext_lazy("It is another sale: its own document"),
        permissions=["answer"],
        consequence=gettext_lazy("The sale is decided again and gets a document of its own."),
        form=ReasonForm,
        one_row=True,
    )
    def own_document(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, issue_own, done=gettext_lazy("to be issued"), **fields)
