"""Actions that are confirmed first: who and how much is named, a reason is asked, and a double click acts once.

A few rows are done in the request. More of them become a job, where the action allows it: its rows are frozen before
the question is shown, and the answer lets a worker begin.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import display_for_value, label_for_field, lookup_field
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.admin.base import Elsewhere, HouseAdmin
from config.admin.confirm_token import VALID_FOR, first_use, job_of, new_token, opened_nonce, signed
from config.admin.texts import Text
from config.jobs import freeze
from config.jobs.models import Job
from config.sign_in.proof import ProofForm
from config.sign_in.session import is_fresh

MOST_ROWS = 100
"""Rows that a page shows; what is not made for bulk work takes no more of them at a time either."""
FEW_ROWS = 10
"""Rows that are done while the person waits; more of them become a job."""
Act = Callable[..., HttpResponse | None]


class ConfirmForm(forms.Form):
    """What a confirmation asks besides yes; `rows` are what it is about, `todo` names the fields that must change."""

    todo: frozenset[str] = frozenset()
    preview: Sequence[tuple[Text, Sequence[Text]]] = ()
    """What happens where, in the words of the row: headings, each with its sentences."""

    def __init__(self, *args: Any, rows: Sequence[Any], **kwargs: Any) -> None:
        self.rows = rows
        super().__init__(*args, **kwargs)

    def service_fields(self) -> dict[str, Any]:
        """Return the keyword arguments of the service."""
        return dict(self.cleaned_data)


class ReasonForm(ConfirmForm):
    """For what cannot be undone."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("It is kept with the event and can be read by everybody who reads this page."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the confirmation page of an action says and asks."""

    name: str
    description: Text
    consequence: Text
    form: type[ConfirmForm]
    one_row: bool
    is_danger: bool
    needs_proof: bool
    in_bulk: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """What a question is about: the rows that are shown, the keys that come back, and the job that has all of them.

    `proof` asks who is sitting there, where that was not said a short while ago.
    """

    rows: Sequence[Any]
    keys: Sequence[Any]
    proof: ProofForm | None = None
    job: Job | None = None

    @property
    def count(self) -> int:
        return self.job.total if self.job else len(self.keys)


def confirmed_action(
    *,
    description: Text,
    permissions: Sequence[str],
    consequence: Text,
    form: type[ConfirmForm] = ConfirmForm,
    one_row: bool = False,
    is_danger: bool = False,
    needs_proof: bool | None = None,
    in_bulk: bool = False,
) -> Callable[[Act], Act]:
    """Decorate an action `act(self, request, queryset, **fields)`: it runs after its confirmation page was answered.

    `fields` are what `form` asked. `one_row` refuses a choice of several rows, `is_danger` colours the button.
    What is dangerous asks for a password or code where the last one was given too long ago; `needs_proof` says
    otherwise.
    `in_bulk` lets a worker run the action on more than a few rows, up to a million: its body must be one call of
    `run_on_each`, its service a transaction without calls outside, and what its form asks plain values. The answer is
    about exactly the rows that it was asked about, whatever the list shows then.
    """

    def decorate(act: Act) -> Act:
        question = Question(
            name=act.__name__,
            description=description,
            consequence=consequence,
            form=form,
            one_row=one_row,
            is_danger=is_danger,
            needs_proof=is_danger if needs_proof is None else needs_proof,
            in_bulk=in_bulk,
        )

        @functools.wraps(act)
        def step(modeladmin: HouseAdmin, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
            return _step(act, question, modeladmin, request, queryset)

        step.is_danger, step.needs_proof = is_danger, question.needs_proof  # type: ignore[attr-defined]
        step.in_bulk, step.act, step.consequence = in_bulk, act, consequence  # type: ignore[attr-defined]
        return admin.action(description=description, permissions=permissions)(step)

    return decorate


def _step(
    act: Act, question: Question, modeladmin: HouseAdmin, request: HttpRequest, queryset: QuerySet[Any]
) -> HttpResponse | None:
    token = request.POST.get("_confirmed")
    about = [request.user.pk, modeladmin.opts.label_lower, question.name]
    if token and (job := job_of(token, about)):
        return _answer_job(question, modeladmin, request, job, token)
    found = queryset.values_list("pk", flat=True)[: MOST_ROWS + 1]
    keys = [key if isinstance(key, int) else str(key) for key in found]
    if refusal := _refusal(question, keys):
        messages.warning(request, refusal)
        return None
    if question.in_bulk and len(keys) > FEW_ROWS:
        return _ask_about_job(question, modeladmin, request, queryset, about)
    bound = [*about, sorted(keys)]
    proof = _proof(question, request, is_asked=token is None)
    choice = Choice(list(modeladmin.get_queryset(request).filter(pk__in=keys)), keys, proof)
    form = question.form(request.POST if token else None, rows=choice.rows, prefix="confirm")
    if token is None or not form.is_valid() or (proof is not None and not proof.is_valid()):
        return _page(question, modeladmin, request, choice, form, token or new_token(bound))
    nonce = opened_nonce(token, bound)
    if nonce is None:
        messages.warning(request, _("This page was too old or about something else. Please look again and confirm."))
        return _page(question, modeladmin, request, choice, form, new_token(bound))
    if not first_use(nonce):
        messages.info(request, _("This was confirmed before; it was done once and not a second time."))
        return None
    return act(modeladmin, request, queryset, **form.service_fields())


def _ask_about_job(
    question: Question, modeladmin: HouseAdmin, request: HttpRequest, queryset: QuerySet[Any], about: list[Any]
) -> HttpResponse | None:
    """Freeze the choice and ask about it; nothing begins before the answer."""
    try:
        job = freeze.freeze_choice(
            page=modeladmin.opts.label_lower,
            action=question.name,
            actor=request.user,
            queryset=queryset,
            summary=[
                {"label": str(line.label), "count": line.count, "amount": line.amount, "applies": line.applies}
                for line in modeladmin.choice_summary(queryset, question.name)
            ],
        )
    except freeze.TooManyRows:
        most = number_format(freeze.MOST_ROWS)
        messages.warning(request, _("Choose at most %(most)s rows at a time.") % {"most": most})
        return None
    choice = _choice_of(job, modeladmin, request, _proof(question, request, is_asked=True))
    form = question.form(None, rows=choice.rows, prefix="confirm")
    return _page(question, modeladmin, request, choice, form, new_token([*about, {"job": job.pk}]))


def _choice_of(job: Job, modeladmin: HouseAdmin, request: HttpRequest, proof: ProofForm | None) -> Choice:
    keys = freeze.first_keys(job, MOST_ROWS)
    return Choice(list(modeladmin.get_queryset(request).filter(pk__in=keys)), keys[:1], proof, job)


def _proof(question: Question, request: HttpRequest, *, is_asked: bool) -> ProofForm | None:
    """Return the question who is sitting there: unanswered when it is asked first, else with the answer of the page."""
    if not question.needs_proof or is_fresh(request):
        return None
    return ProofForm(None if is_asked else request.POST, request=request, prefix="ask")


def _answer_job(
    question: Question, modeladmin: HouseAdmin, request: HttpRequest, job: Job, token: str
) -> HttpResponse | None:
    """Let the job begin that the person was asked about; whoever presses twice is led to the same one."""
    if job.state == Job.State.ASKED:
        proof = _proof(question, request, is_asked=False)
        choice = _choice_of(job, modeladmin, request, proof)
        form = question.form(request.POST, rows=choice.rows, prefix="confirm")
        if not form.is_valid() or (proof is not None and not proof.is_valid()):
            return _page(question, modeladmin, request, choice, form, token)
        if signed(token, max_age=VALID_FOR) is None:
            messages.warning(request, _("This page was too old: nothing was done. Please choose the rows again."))
            return None
        if freeze.start_job(job, fields=form.service_fields()):
            messages.success(request, _("It has begun. This page shows how far it is; you need not keep it open."))
            return Elsewhere(job_url(job))
    messages.info(request, _("This was confirmed before; it was done once and not a second time."))
    return Elsewhere(job_url(job))


def job_url(job: Job) -> str:
    """Return the address of the page that shows how far a job is."""
    return reverse("admin:config_job_change", args=[job.pk])


def _refusal(question: Question, keys: Sequence[Any]) -> str:
    if not keys:
        return _("None of the chosen rows exists any more.")
    if len(keys) > MOST_ROWS and not question.in_bulk:
        return _("Choose at most %(most)s rows at a time.") % {"most": number_format(MOST_ROWS)}
    if question.one_row and len(keys) > 1:
        return _("Choose one row: this is asked for each by itself.")
    return ""


def _page(
    question: Question, modeladmin: HouseAdmin, request: HttpRequest, choice: Choice, form: ConfirmForm, token: str
) -> HttpResponse:
    columns = modeladmin.confirm_display
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": str(question.description),
        "opts": modeladmin.opts,
        "question": question,
        "form": form,
        "ask": choice.proof,
        "headings": [(name, label_for_field(name, modeladmin.model, modeladmin)) for name in columns],
        "rows": [
            ([(name, _cell(modeladmin, row, name)) for name in columns], modeladmin.action_applies(row, question.name))
            for row in choice.rows
        ],
        "chosen": choice.keys,
        "job": choice.job,
        "count": choice.count,
        "summary": choice.job.summary if choice.job else [],
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "token": token,
        "list_url": modeladmin.list_url(),
        "list_query": request.POST.get("_list", request.GET.urlencode()),
        "from_page": "_page" in request.POST,
        "back_url": modeladmin._came_from(request),
    }
    return TemplateResponse(request, "admin/confirm.html", context)


def _cell(modeladmin: HouseAdmin, row: Any, name: str) -> Any:
    field, _attribute, value = lookup_field(name, row, modeladmin)
    if field is not None and field.flatchoices:
        return getattr(row, f"get_{name}_display")()
    return display_for_value(value, "–")
