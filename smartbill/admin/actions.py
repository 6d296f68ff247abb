"""What people may have done to documents: each action is a question, one line, and a service that checks the right."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from config.admin import ReadOnlyAdmin, ReasonForm, confirmed_action, run_on_each
from config.admin.base import Button
from config.admin.texts import Text
from smartbill.admin.forms import ConfirmAnswerForm, CorrectForm, FoundForm, InvalidateForm, ResendForm
from smartbill.lifecycle import Status
from smartbill.models import Proposal
from smartbill.services.abandon import abandon_document
from smartbill.services.correct import correct_document
from smartbill.services.group_lines import group_lines, has_too_many_lines
from smartbill.services.invalidate import request_invalidation, withdraw_invalidation
from smartbill.services.link import revoke_link
from smartbill.services.propose import open_proposal, withdraw_proposal
from smartbill.services.read import queue_reading
from smartbill.services.resend import resend_mail
from smartbill.services.resolve import adopt_found, answered_attempt, confirm_proposal, send_again
from smartbill.services.send import queue_submission, queue_submissions
from smartbill.services.settle_twin import settle_twin


def told_if_it_waits(done: Text) -> Callable[[Proposal | None], Text]:
    """Return how an answer is told: done, or only proposed."""
    waits = _("proposed; it waits for a second person to confirm it")
    return lambda proposal: waits if proposal else done


class DocumentActions(ReadOnlyAdmin):
    """The actions by the names that `lifecycle.STAGES` gives them."""

    answers = ("found", "not_issued", "confirm_answer", "withdraw_answer", "look_up", "settle_twin")
    action_rights = {
        "submit": "smartbill.submit_document",
        "correct": "smartbill.correct_document",
        "invalidate": "smartbill.invalidate_document",
        "resolve": "smartbill.resolve_unknown",
        "resend": "notifications.resend_message",
    }
    actions = [
        "send",
        "correct",
        "group_lines",
        "found",
        "not_issued",
        "confirm_answer",
        "withdraw_answer",
        "look_up",
        "retry_contingency",
        "resend_mail",
        "withdraw_link",
        "settle_twin",
        "withdraw_invalidation",
        "invalidate",
        "abandon",
    ]

    def action_applies(self, row: Any, name: str) -> bool:
        match name:
            case "confirm_answer" | "withdraw_answer":
                return row.status == Status.UNKNOWN and open_proposal(row) is not None
            case "found" if row.status == Status.READY:
                return answered_attempt(row) is not None
            case "found" | "not_issued":
                return name in row.stage.actions and open_proposal(row) is None
            case "group_lines":
                return has_too_many_lines(row)
            case "settle_twin":
                return bool(row.twin_code)
            case "withdraw_link":
                return bool(row.has_link)
            case _:
                return name in row.stage.actions

    def buttons(self, request: HttpRequest, row: Any) -> list[Button]:
        """Return the actions of the row's state; nobody is offered to confirm an answer of their own."""
        offered = super().buttons(request, row)
        waiting = open_proposal(row) if any(act.name == "confirm_answer" for act in offered) else None
        is_own = waiting is not None and waiting.proposed_by_id == request.user.pk
        return [act for act in offered if not (is_own and act.name == "confirm_answer")]

    @confirmed_action(
        description=_("Send now"),
        permissions=["submit"],
        consequence=_("The documents are sent to the tax authority at once. What is stamped is legal and final."),
        in_bulk=True,
    )
    def send(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        done = _("queued to be sent")
        run_on_each(self, request, queryset, queue_submission, together=queue_submissions, done=done, **fields)

    @confirmed_action(
        description=_("Correct the data"),
        permissions=["correct"],
        consequence=_("The corrected data become a new revision, which is sent to the tax authority at once."),
        form=CorrectForm,
        one_row=True,
    )
    def correct(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, correct_document, done=_("corrected and queued to be sent"), **fields)

    @confirmed_action(
        description=_("Join equal lines"),
        permissions=["correct"],
        consequence=_(
            "Lines of the same thing at the same price become one with the sum of their quantities. The total stays "
            "what it is; when nothing else is wrong, the document is sent at once."
        ),
        form=ReasonForm,
        one_row=True,
    )
    def group_lines(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, group_lines, done=_("lines joined"), **fields)

    @confirmed_action(
        description=_("It was issued: take the code"),
        permissions=["resolve"],
        consequence=_(
            "The document with this code is read at the provider. If it agrees with ours, the doubt ends. Above the "
            "amount set for the issuer, another person has to confirm it."
        ),
        form=FoundForm,
        one_row=True,
        needs_proof=True,
    )
    def found(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        done = told_if_it_waits(_("found at the provider and adopted"))
        run_on_each(self, request, queryset, adopt_found, done=done, **fields)

    @confirmed_action(
        description=_("It was not issued: send again"),
        permissions=["resolve"],
        consequence=_(
            "Look at the provider first. If the document was issued after all, the customer gets a second one "
            "for the same payment. Above the amount set for the issuer, another person has to confirm it."
        ),
        form=ReasonForm,
        is_danger=True,
    )
    def not_issued(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        done = told_if_it_waits(_("queued to be sent again"))
        run_on_each(self, request, queryset, send_again, done=done, **fields)

    @confirmed_action(
        description=_("Confirm the answer"),
        permissions=["resolve"],
        consequence=_(
            "The answer of the other person takes effect. What they said is yours as well then, so look at the "
            "provider yourself before."
        ),
        form=ConfirmAnswerForm,
        one_row=True,
        is_danger=True,
    )
    def confirm_answer(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, confirm_proposal, done=_("confirmed; it takes effect"), **fields)

    @confirmed_action(
        description=_("Withdraw or decline the answer"),
        permissions=["resolve"],
        consequence=_("The answer that waits for a second person ends without effect. The document stays in doubt."),
        form=ReasonForm,
        one_row=True,
    )
    def withdraw_answer(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, withdraw_proposal, done=_("ended without effect"), **fields)

    @confirmed_action(
        description=_("Look up again"),
        permissions=["submit"],
        consequence=_("The provider is asked what it holds. Nothing is issued and nothing is invalidated."),
        in_bulk=True,
    )
    def look_up(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, queue_reading, done=_("look-up queued"), **fields)

    @confirmed_action(
        description=_("Ask for the stamp now"),
        permissions=["submit"],
        consequence=_("The provider is asked for the missing stamp. The document is not issued a second time."),
        in_bulk=True,
    )
    def retry_contingency(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, queue_reading, done=_("question for the stamp queued"), **fields)

    @confirmed_action(
        description=_("Send the mail again"),
        permissions=["resend"],
        consequence=_("The customer gets another mail with the link to the document."),
        form=ResendForm,
        in_bulk=True,
    )
    def resend_mail(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, resend_mail, done=_("mail queued"), **fields)

    @confirmed_action(
        description=_("Withdraw the customer's link"),
        permissions=["resend"],
        consequence=_(
            "The address in all mails sent so far stops showing the document. “Send the mail again” makes a new one."
        ),
        form=ReasonForm,
        is_danger=True,
        in_bulk=True,
    )
    def withdraw_link(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, revoke_link, done=_("link withdrawn"), **fields)

    @confirmed_action(
        description=_("The second document is settled"),
        permissions=["resolve"],
        consequence=_("The second document is read at the provider. If it is invalid there, this incident ends."),
        form=ReasonForm,
        one_row=True,
        needs_proof=True,
    )
    def settle_twin(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, settle_twin, done=_("settled"), **fields)

    @confirmed_action(
        description=_("Withdraw the invalidation"),
        permissions=["invalidate"],
        consequence=_("The invalidation is not sent; the documents stay valid. A call under way cannot be stopped."),
        in_bulk=True,
    )
    def withdraw_invalidation(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, withdraw_invalidation, done=_("withdrawn"), **fields)

    @confirmed_action(
        description=_("Invalidate"),
        permissions=["invalidate"],
        consequence=_(
            "The documents lose their legal value at the tax authority. This cannot be undone. The payment stays as "
            "it is: a refund is made in Stripe."
        ),
        form=InvalidateForm,
        is_danger=True,
        in_bulk=True,
    )
    def invalidate(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, request_invalidation, done=_("invalidation queued"), **fields)

    @confirmed_action(
        description=_("Abandon"),
        permissions=["correct"],
        consequence=_("No document is ever issued for these payments from here. This cannot be undone."),
        form=ReasonForm,
        is_danger=True,
        in_bulk=True,
    )
    def abandon(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, abandon_document, done=_("abandoned"), **fields)
