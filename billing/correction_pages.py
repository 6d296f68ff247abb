"""The customer asks for a correction: a form behind the link of the document, without login and without script.

There is one open case per document, so the page is the form, or what became of what was asked. Looking changes nothing.
"""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from billing.correction_steps import CaseState
from billing.corrections import Wrong
from billing.errors import NotCorrectable
from billing.models import Correction
from billing.models.correction import STATEMENT_LENGTH
from billing.services.open_correction import ask_for_correction
from billing.tax_pages import PRIVATE
from billing.throttle import may_pass
from smartbill.lifecycle import VISIBLE_TO_CUSTOMER, Status
from smartbill.models import Document, DocumentLink
from smartbill.services.link import hash_of
from smartbill.services.replace import is_in_force

MOST_LOOKS, MOST_ASKS, HOUR = 120, 10, 3600


class AskForm(forms.Form):
    """What is wrong, and what it should say."""

    wrong = forms.ChoiceField(
        label=_("What is wrong?"),
        choices=[
            (Wrong.BUYER, _("My name, number or address")),
            (Wrong.KIND, _("I need another kind of document")),
            (Wrong.AMOUNT, _("The amount or a line")),
            (Wrong.DUPLICATE, _("I have two documents for one payment")),
            (Wrong.OTHER, _("Something else")),
        ],
        widget=forms.RadioSelect,
    )
    statement = forms.CharField(
        label=_("What should it say?"),
        max_length=STATEMENT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Write it as it is to stand on the document: name, tax number, address. Never card numbers."),
    )


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def correction(request: HttpRequest, token: str) -> HttpResponse:
    """Answer behind the document's link: 404 unknown, 410 withdrawn, 429 too often; the form or the case else."""
    link = DocumentLink.objects.select_related("document__issuer").filter(token_sha256=hash_of(token)).first()
    if link is None or link.document.status not in VISIBLE_TO_CUSTOMER:
        answer = render(request, "smartbill/gone.html", status=404)
    elif link.revoked_at is not None:
        answer = render(request, "smartbill/gone.html", status=410)
    else:
        with translation.override(link.document.language):
            answer = _answer(request, link)
    for name, value in PRIVATE.items():
        answer.headers[name] = value
    answer._csp_config = {**settings.SECURE_CSP, "script-src": ["'none'"], "connect-src": ["'none'"]}  # type: ignore[attr-defined]
    return answer


def _answer(request: HttpRequest, link: DocumentLink) -> HttpResponse:
    is_asked = request.method == "POST"
    most, door = (MOST_ASKS, "correction-ask") if is_asked else (MOST_LOOKS, "correction-look")
    if not may_pass(door, link.token_sha256, most=most, seconds=HOUR):
        answer = _page(request, link.document, what="often", status=429)
        answer.headers["Retry-After"] = str(HOUR)
        return answer
    latest = link.document.cases.order_by("-id").first()
    if latest is not None and not (latest.is_over and "again" in request.GET):
        return _page(request, link.document, case=latest, what=_told(latest))
    if not is_in_force(link.document):
        return _page(request, link.document, what="over", status=422 if is_asked else 200)
    form = AskForm(request.POST if is_asked else None)
    if is_asked and form.is_valid():
        try:
            ask_for_correction(link.document, **form.cleaned_data)
        except NotCorrectable as error:
            form.add_error(None, str(error))
        else:
            return HttpResponseRedirect(request.path)
    return _page(request, link.document, form=form, what="form", status=422 if form.errors else 200)


def _told(case: Correction) -> str:
    """Return what the customer is told of a case."""
    if not case.is_over:
        return "working" if case.begun_at else "asked"
    # What was settled by hand may have changed the document as well.
    is_changed = case.state == CaseState.DONE or case.document.status != Status.STAMPED
    return "corrected" if is_changed else "unchanged"


def _page(request: HttpRequest, document: Document, *, status: int = 200, **context: Any) -> HttpResponse:
    # What staff say among themselves is not for the customer: of a case of theirs only its state is shown.
    case = context.get("case")
    asked = case is not None and case.asked_by == Correction.AskedBy.CUSTOMER
    shown = {"document": document, "issuer": document.issuer, "asked": asked, **context}
    return render(request, "billing/correction.html", shown, status=status)
