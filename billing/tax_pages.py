"""The customer's page behind the link of a request: a form without login and without script.

It shows who asks and for which purchase, and fills in what this customer has given already, here or at Stripe: it is
theirs, and they have to see it to mend it. What staff or an import said is not shown and stays where nothing is typed.
Looking changes nothing; one answer is taken, and after that the page says what to do.
"""

from collections.abc import Sequence
from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.utils.text import Truncator
from django.utils.timezone import now
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from billing.errors import InvalidProfile, RequestOver
from billing.models import Sale, TaxRequest, profile_of
from billing.profiles import Profile
from billing.services.ask_for_tax_data import becomes_consumer, until
from billing.services.complete_request import complete_request
from billing.services.prefill import known_by_customer
from billing.services.redraft import MOST_SALES, buyer_problems, waiting_sales
from billing.tax_form import CONFIRM, TaxForm, form_field
from billing.throttle import may_pass
from smartbill.drafts import Draft
from smartbill.faces import LOCALES
from smartbill.models import Document, Revision
from smartbill.services.link import hash_of

# The origin of a form with the policy "no-referrer" is "null", which the protection against forged requests refuses.
PRIVATE = {
    "Cache-Control": "private, no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "same-origin",
}
MOST_LOOKS, MOST_ANSWERS, HOUR = 120, 20, 3600
MOST_SHOWN = 5
LONGEST_LINE = 80
GROUPS = (
    ("who", ["kind", "legal_name", "email", "phone"]),
    ("number", ["id_type", "id_number", CONFIRM]),
    ("company", ["nrc", "activity_code"]),
    ("address", ["country", "municipality", "district", "line", "city", "postal_code"]),
)
State = TaxRequest.State


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def tax_form(request: HttpRequest, token: str) -> HttpResponse:
    """Answer behind the link: 404 unknown, 410 over, 429 too often; the form else."""
    asked = TaxRequest.objects.select_related("endpoint__issuer").filter(token_sha256=hash_of(token)).first()
    with translation.override(asked.language if asked else translation.get_language()):
        answer = _answer(request, asked)
    for name, value in PRIVATE.items():
        answer.headers[name] = value
    answer._csp_config = {**settings.SECURE_CSP, "script-src": ["'none'"], "connect-src": ["'none'"]}  # type: ignore[attr-defined]
    return answer


def _answer(request: HttpRequest, asked: TaxRequest | None) -> HttpResponse:
    if asked is None:
        return _notice(request, None, "unknown", 404)
    if not _may_pass(request, asked):
        answer = _notice(request, asked, "often", 429)
        answer.headers["Retry-After"] = str(HOUR)
        return answer
    if asked.state == State.OPEN and now() < asked.ends_at:
        return _form(request, asked)
    if asked.state == State.COMPLETED:
        return _notice(request, asked, "done", 200)
    if asked.state == State.SETTLED:
        return _notice(request, asked, "settled", 410)
    return _notice(request, asked, "over", 410)


def _may_pass(request: HttpRequest, asked: TaxRequest) -> bool:
    if request.method == "POST":
        return may_pass("tax-answer", asked.token_sha256, most=MOST_ANSWERS, seconds=HOUR)
    return may_pass("tax-look", asked.token_sha256, most=MOST_LOOKS, seconds=HOUR)


def _form(request: HttpRequest, asked: TaxRequest) -> HttpResponse:
    sales = list(waiting_sales(asked.customer_id, livemode=asked.livemode)[:MOST_SALES])
    profile = profile_of(asked.customer_id, livemode=asked.livemode)
    form = TaxForm(request.POST if request.method == "POST" else None, initial=known_by_customer(sales, profile))
    if request.method == "POST" and form.is_valid():
        try:
            complete_request(asked, values=form.given(), is_confirmed=form.is_confirmed)
        except InvalidProfile as error:
            form.show(error.problems)
        except RequestOver:
            return HttpResponseRedirect(request.path)
        else:
            return HttpResponseRedirect(request.path)
    return render(
        request, "billing/tax_form.html", _context(asked, form, sales, profile), status=422 if form.errors else 200
    )


def _context(asked: TaxRequest, form: TaxForm, sales: Sequence[Sale], profile: Profile) -> dict[str, Any]:
    # Before anything is typed a field is only marked: what would be wrong with it is said of what was sent.
    wanted = set() if form.is_bound else {form_field(problem.field) for problem in buyer_problems(sales, profile)}
    documents = [sale.document for sale in sales if sale.document]
    return {
        "asked": asked,
        "issuer": asked.endpoint.issuer,
        "form": form,
        "groups": [
            (key, [(form[name], name in wanted) for name in names if name in form.fields]) for key, names in GROUPS
        ],
        "purchases": _purchases(asked, documents[:MOST_SHOWN]),
        "until": until(asked),
        "becomes_consumer": any(becomes_consumer(asked, document) for document in documents),
    }


def _purchases(asked: TaxRequest, documents: Sequence[Document]) -> list[tuple[str, str, str]]:
    """Return day, first line and total of each purchase, as the buyer knows them."""
    locale, zone = LOCALES.get(asked.language, "en_US"), asked.endpoint.issuer.zone
    issued = Q(pk__in=[])
    for document in documents:
        issued |= Q(document=document, number=document.revision)
    drafts = {row.document_id: row.draft for row in Revision.objects.filter(issued)}
    return [
        (
            format_date(document.occurred_at.astimezone(zone), "long", locale=locale),
            _first_line(drafts[document.pk]) or document.reference,
            format_currency(document.total, document.currency, locale=locale),
        )
        for document in documents
    ]


def _first_line(draft: Draft) -> str:
    if not draft.lines:
        return ""
    first = Truncator(draft.lines[0].description).chars(LONGEST_LINE)
    rest = len(draft.lines) - 1
    if not rest:
        return first
    return ngettext("%(line)s and %(count)d more line", "%(line)s and %(count)d more lines", rest) % {
        "line": first,
        "count": rest,
    }


def _notice(request: HttpRequest, asked: TaxRequest | None, what: str, status: int) -> HttpResponse:
    issuer = asked.endpoint.issuer if asked else None
    return render(request, "billing/tax_notice.html", {"what": what, "issuer": issuer, "asked": asked}, status=status)
