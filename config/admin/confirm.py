"""Actions that are confirmed first: who and how much is named, a reason is asked, and a double click acts once."""

import functools
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import display_for_value, label_for_field, lookup_field
from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.formats import number_format
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.admin.base import HouseAdmin
from config.admin.texts import Text
from config.models import UsedConfirmation
from config.sign_in.proof import ProofForm
from config.sign_in.session import is_fresh

MOST_ROWS = 100
"""Rows that a page shows; what acts row by row takes no more of them at a time either."""
VALID_FOR = timedelta(hours=1)
SALT = "config.admin.confirm"
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
    most_rows: int


@dataclass(frozen=True, slots=True)
class Choice:
    """What a question is about: the rows that are shown, the keys of all of them, and the query that finds them.

    `proof` asks who is sitting there, where that was not said a short while ago.
    """

    rows: Sequence[Any]
    keys: Sequence[Any]
    queryset: QuerySet[Any]
    proof: ProofForm | None


def confirmed_action(
    *,
    description: Text,
    permissions: Sequence[str],
    consequence: Text,
    form: type[ConfirmForm] = ConfirmForm,
    one_row: bool = False,
    is_danger: bool = False,
    needs_proof: bool | None = None,
    most_rows: int = MOST_ROWS,
) -> Callable[[Act], Act]:
    """Decorate an action `act(self, request, queryset, **fields)`: it runs after its confirmation page was answered.

    `fields` are what `form` asked. `one_row` refuses a choice of several rows, `is_danger` colours the button.
    What is dangerous asks for a password or code where the last one was given too long ago; `needs_proof` says
    otherwise.
    `most_rows` may be raised for an action whose service works on sets: the question then shows the first rows and
    sums up the others, and the answer is about exactly the rows that it was asked about, whatever the list shows then.
    Such an action is given their `keys` as well.
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
            most_rows=most_rows,
        )

        @functools.wraps(act)
        def step(modeladmin: HouseAdmin, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
            return _step(act, question, modeladmin, request, queryset)

        step.is_danger, step.needs_proof = is_danger, question.needs_proof  # type: ignore[attr-defined]
        return admin.action(description=description, permissions=permissions)(step)

    return decorate


def _step(
    act: Act, question: Question, modeladmin: HouseAdmin, request: HttpRequest, queryset: QuerySet[Any]
) -> HttpResponse | None:
    token = request.POST.get("_confirmed")
    about = [request.user.pk, modeladmin.opts.label_lower, question.name]
    keys = _frozen_choice(token, about) if token else []
    if len(keys) > MOST_ROWS:
        queryset = modeladmin.get_queryset(request).filter(pk__in=keys)
    else:
        chosen = queryset.values_list("pk", flat=True)[: question.most_rows + 1]
        keys = [key if isinstance(key, int) else str(key) for key in chosen]
    if refusal := _refusal(question, keys):
        messages.warning(request, refusal)
        return None
    bound = [*about, sorted(keys)]
    rows = list(modeladmin.get_queryset(request).filter(pk__in=keys[:MOST_ROWS]))
    form = question.form(request.POST if token else None, rows=rows, prefix="confirm")
    proof = None
    if question.needs_proof and not is_fresh(request):
        proof = ProofForm(request.POST if token else None, request=request, prefix="ask")
    choice = Choice(rows, keys, queryset, proof)
    if token is None or not form.is_valid() or (proof is not None and not proof.is_valid()):
        return _page(question, modeladmin, request, choice, form, token or _new_token(bound))
    nonce = _opened(token, bound)
    if nonce is None:
        messages.warning(request, _("This page was too old or about something else. Please look again and confirm."))
        return _page(question, modeladmin, request, choice, form, _new_token(bound))
    if not _first_use(nonce):
        messages.info(request, _("This was confirmed before; it was done once and not a second time."))
        return None
    fields = {"keys": keys} if question.most_rows > MOST_ROWS else {}
    return act(modeladmin, request, queryset, **fields, **form.service_fields())


def _refusal(question: Question, keys: Sequence[Any]) -> str:
    if not keys:
        return _("None of the chosen rows exists any more.")
    if len(keys) > question.most_rows:
        return _("Choose at most %(most)s rows at a time.") % {"most": number_format(question.most_rows)}
    if question.one_row and len(keys) > 1:
        return _("Choose one row: this is asked for each by itself.")
    return ""


def _page(
    question: Question, modeladmin: HouseAdmin, request: HttpRequest, choice: Choice, form: ConfirmForm, token: str
) -> HttpResponse:
    columns = modeladmin.confirm_display
    is_large = len(choice.keys) > MOST_ROWS
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
        # A large choice comes back within the token: a form of ten thousand fields is refused by Django.
        "chosen": choice.keys[:1] if is_large else choice.keys,
        "count": len(choice.keys),
        "summary": modeladmin.choice_summary(choice.queryset, question.name) if is_large else [],
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


def _new_token(bound: list[Any]) -> str:
    return signing.dumps([secrets.token_urlsafe(18), bound], salt=SALT, compress=True)


def _frozen_choice(token: str, about: list[Any]) -> list[Any]:
    """Return the keys of the rows that this person was asked about for this action, or none."""
    try:
        _nonce, made_for = signing.loads(token, salt=SALT, max_age=VALID_FOR)
    except signing.BadSignature:
        return []
    return list(made_for[-1]) if made_for[:-1] == about else []


def _opened(token: str, bound: list[Any]) -> str | None:
    """Return the token's nonce, or None when it is too old, forged, or was made for another question."""
    try:
        nonce, made_for = signing.loads(token, salt=SALT, max_age=VALID_FOR)
    except signing.BadSignature:
        return None
    return str(nonce) if made_for == bound else None


def _first_use(nonce: str) -> bool:
    """Write the nonce down; of two requests that carry the same one, the database lets a single one pass."""
    UsedConfirmation.objects.filter(used_at__lt=now() - 2 * VALID_FOR).delete()
    try:
        with transaction.atomic():
            UsedConfirmation.objects.create(nonce=nonce)
    except IntegrityError:
        return False
    return True
