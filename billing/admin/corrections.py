"""The correction assistant: a case is opened, the remedy that the law leaves is chosen, and the sequence is watched."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.admin.correction_forms import (
    ConfirmCaseForm,
    CreditForm,
    DeclineForm,
    InvalidateCaseForm,
    OpenForm,
    ReplaceForm,
)
from billing.admin.correction_page import UNDECIDED, CorrectionPage, shown_of
from billing.correction_steps import CaseState
from billing.corrections import Mending
from billing.errors import BillingError
from billing.models import Correction
from billing.services.correction_facts import offer_for
from billing.services.decide_correction import (
    confirm_correction,
    decline_correction,
    propose_credit,
    propose_invalidation,
    propose_replacement,
)
from billing.services.open_correction import open_correction
from billing.services.stop_correction import close_correction, may_stop, stop_correction, try_again
from config.admin import PeriodFilter, Problem, ProblemFilter, ReasonForm, confirmed_action, found_exactly, run_on_each
from config.admin.base import Button
from config.admin.texts import Text
from notifications.errors import MessageError
from smartbill.errors import SmartbillError
from smartbill.models import Document

REMEDIES = {
    "replace": (Mending.REPLACE, Mending.REISSUE),
    "invalidate": (Mending.INVALIDATE,),
    "credit": (Mending.CREDIT_NOTE,),
}
"""The remedies that each action proposes."""


class OpenedFilter(PeriodFilter):
    field = "opened_at"


@admin.register(Correction)
class CorrectionAdmin(CorrectionPage):
    section = "work"
    position = 24
    refusals = (BillingError, SmartbillError, MessageError)
    action_rights = {"open": "billing.open_correction", "decide": "billing.decide_correction"}
    problems = (
        Problem(
            key="open",
            label=_("Corrections to decide"),
            hint=_("A customer or a colleague says that a document is wrong. The page says what the law leaves."),
            urgency=41,
            since="state_since",
            rows=lambda rows: rows.filter(state=CaseState.OPEN),
        ),
        Problem(
            key="proposed",
            label=_("Corrections to confirm"),
            hint=_("One person has proposed the remedy. Another confirms or declines it; the law's time runs."),
            urgency=42,
            since="state_since",
            rows=lambda rows: rows.filter(state=CaseState.PROPOSED),
            mine=lambda rows, person: (
                rows.exclude(proposed_by=person) if person.has_perm("billing.decide_correction") else rows.none()
            ),
        ),
        Problem(
            key="person",
            label=_("Corrections that cannot go on"),
            hint=_("A step was refused. Until it is mended, two documents may be in force for one sale."),
            urgency=16,
            tone="bad",
            since="state_since",
            rows=lambda rows: rows.filter(state=CaseState.PERSON),
        ),
        Problem(
            key="under_way",
            label=_("Corrections under way"),
            hint=_("They go on by themselves."),
            urgency=93,
            tone="wait",
            since="state_since",
            rows=lambda rows: rows.filter(state=CaseState.UNDER_WAY),
        ),
    )
    list_display = ["status", "number", "amount", "wrong", "mending", "waits_for", "asker", "opened"]
    list_display_links = ["number"]
    list_filter = [ProblemFilter, "state", "wrong", "mending", "asked_by", OpenedFilter]
    list_select_related = ["document", "opened_by"]
    search_fields = ["document__reference"]
    search_help_text = _("Reference or control number of the document")
    sortable_by = ()
    confirm_display = ["status", "number", "amount", "mode", "what_is_wrong"]
    actions = ["replace", "invalidate", "credit", "confirm", "decline", "try_again", "stop", "close"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **({"form": OpenForm} if obj is None else {}), **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return list(OpenForm.Meta.fields) if obj is None else shown_of(obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [] if obj is None else shown_of(obj)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by an exact number of the document, each through its own index."""
        term = search_term.strip()
        if not term:
            return queryset, False
        found = found_exactly(
            queryset, {"document__reference": term.upper()}, {"document__control_number": term}, {"sale__key": term}
        )
        return (queryset.none(), False) if found is None else (found, True)

    # Opening ----------------------------------------------------------------------------------------------------------

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("billing.open_correction"))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Open the case of one document: without one, the list of documents is where to begin."""
        if object_id is None and not (request.GET.get("document") or request.POST.get("document")):
            messages.info(request, gettext("Open the document that is wrong: “What do you want to fix?” stands there."))
            return HttpResponseRedirect(reverse("admin:smartbill_document_changelist"))
        context = extra_context or {}
        if object_id is None:
            about = Document.objects.filter(pk=_number(request.GET.get("document"))).first()
            context |= {"title": gettext("What do you want to fix?"), "subtitle": str(about) if about else None}
            context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except BillingError as error:
            messages.warning(request, str(error))
            return HttpResponseRedirect(self.list_url())

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        made = open_correction(
            obj.document, wrong=obj.wrong, statement=form.cleaned_data["statement"], actor=request.user
        )
        obj.pk = made.pk

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        return HttpResponseRedirect(obj.get_absolute_url())

    # Deciding ---------------------------------------------------------------------------------------------------------

    def action_applies(self, row: Correction, name: str) -> bool:
        match name:
            case "replace" | "invalidate" | "credit":
                return row.state in UNDECIDED and offer_for(row).mending in REMEDIES[name]
            case "confirm":
                return row.state == CaseState.PROPOSED
            case "decline":
                return row.state in UNDECIDED
            case "stop":
                return may_stop(row)
            case _:
                return row.state == CaseState.PERSON

    def buttons(self, request: HttpRequest, row: Any) -> list[Button]:
        """Return the actions of the row's state; nobody is offered to confirm a proposal of their own."""
        own = row.proposed_by_id == request.user.pk
        return [act for act in super().buttons(request, row) if not (own and act.name == "confirm")]

    @confirmed_action(
        description=_("Replace the document"),
        permissions=["open"],
        consequence=_("The new document is sent to the tax authority. When it is stamped, the old one is given up."),
        form=ReplaceForm,
        one_row=True,
        is_danger=True,
    )
    def replace(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, propose_replacement, done=_told, **fields)

    @confirmed_action(
        description=_("Invalidate without replacement"),
        permissions=["open"],
        consequence=_("The document loses its legal value at the tax authority. This cannot be undone."),
        form=InvalidateCaseForm,
        one_row=True,
        is_danger=True,
    )
    def invalidate(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, propose_invalidation, done=_told, **fields)

    @confirmed_action(
        description=_("Credit note by line"),
        permissions=["open"],
        consequence=_("A credit note is sent to the tax authority, and the customer is told of it."),
        form=CreditForm,
        one_row=True,
        is_danger=True,
    )
    def credit(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, propose_credit, done=_told, **fields)

    @confirmed_action(
        description=_("Confirm the remedy"),
        permissions=["decide"],
        consequence=_("What the other person proposed begins now. What they said is yours as well then."),
        form=ConfirmCaseForm,
        one_row=True,
        is_danger=True,
    )
    def confirm(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, confirm_correction, done=_("confirmed and begun"), **fields)

    @confirmed_action(
        description=_("Change nothing"),
        permissions=["decide"],
        consequence=_("The case ends and no document changes. A customer who asked is told your answer by mail."),
        form=DeclineForm,
        one_row=True,
    )
    def decline(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, decline_correction, done=_("ended; nothing was changed"), **fields)

    @confirmed_action(
        description=_("Try the step again"),
        permissions=["decide"],
        consequence=_("The step that was refused is taken once more."),
        form=ReasonForm,
        one_row=True,
    )
    def try_again(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, try_again, done=_("looked at again"), **fields)

    @confirmed_action(
        description=_("Stop the correction"),
        permissions=["decide"],
        consequence=_("What was not sent yet is taken back, and the document stays as it is."),
        form=ReasonForm,
        one_row=True,
        is_danger=True,
    )
    def stop(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, stop_correction, done=_("stopped"), **fields)

    @confirmed_action(
        description=_("It is settled by hand"),
        permissions=["decide"],
        consequence=_("The case ends and nothing happens to any document. Say how it was settled."),
        form=ReasonForm,
        one_row=True,
    )
    def close(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, close_correction, done=_("ended"), **fields)


def _number(text: str | None) -> int:
    """Return the key that an address names; no row has the key 0."""
    return int(text) if text and text.isdecimal() and len(text) < 19 else 0


def _told(needs_other: bool) -> Text:
    return _("proposed; it waits for another person to confirm it") if needs_other else _("begun")
