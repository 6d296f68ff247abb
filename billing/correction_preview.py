"""What a remedy does, told before it is confirmed: at the authority, in Stripe, in the books, and for the customer."""

from collections.abc import Sequence
from decimal import Decimal

from django.urls import reverse
from django.utils.html import format_html
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.corrections import CaseFacts, Mending, Wrong
from billing.models import Correction, TaxProfile
from config.admin import amount
from smartbill.clock_texts import WINDOW_NAMES
from smartbill.legal_rules import CREDIT_NOTE, INVALIDATION
from smartbill.providers import provider_for
from smartbill.services.propose import needs_second_person
from smartbill.services.windows import windows_of_document
from smartbill.windows import Window

Preview = Sequence[tuple[str, Sequence[str]]]


def preview_of(case: Correction, mending: str, facts: CaseFacts) -> Preview:
    """Return what this remedy would do to this case, as headings with their sentences."""
    return [
        (
            _("At the tax authority"),
            [*_authority(case, mending), *_nameless(case, mending), *_deadlines(case, mending)],
        ),
        (_("In Stripe"), _stripe(case, facts)),
        (_("In the books"), _books(case, mending, facts)),
        (_("For the customer"), _customer(case, mending)),
        (_("Who decides"), _people(case)),
    ]


def _authority(case: Correction, mending: str) -> list[str]:
    number = str(case.document)
    first = _("1. A new document is issued and stamped. Until then nothing happens to %(number)s.")
    match mending:
        case Mending.REPLACE:
            return [
                first % {"number": number},
                _("2. Then %(number)s is invalidated. That cannot be undone.") % {"number": number},
                _("If the invalidation is refused, both are in force until a person decides; the case says so."),
            ]
        case Mending.REISSUE:
            return [
                first % {"number": number},
                _("2. Then a credit note takes back all of %(number)s, which itself stays valid.") % {"number": number},
            ]
        case Mending.INVALIDATE:
            text = _("%(number)s is invalidated and nothing is issued in its place. That cannot be undone.")
            return [text % {"number": number}]
    return [_("A credit note to %(number)s is issued. The document stays valid for the rest.") % {"number": number}]


def _nameless(case: Correction, mending: str) -> list[str]:
    """Say which name the authority does not hold, before somebody corrects it there."""
    document = case.document
    issued = document.revisions.get(number=document.revision).draft
    if mending not in (Mending.REPLACE, Mending.REISSUE) or provider_for(document.issuer).names_buyer(issued):
        return []
    return [
        _(
            "It holds %(number)s for a consumer without name, because there is no tax id. A new name or address "
            "reaches it only together with the buyer's tax id."
        )
        % {"number": document}
    ]


def _deadlines(case: Correction, mending: str) -> list[str]:
    about = CREDIT_NOTE if mending in (Mending.CREDIT_NOTE, Mending.REISSUE) else INVALIDATION
    window = windows_of_document(case.document).get(about)
    return [_deadline(about, window)] if window else []


def _deadline(about: str, window: Window) -> str:
    at = now()
    shown = {
        "what": WINDOW_NAMES[about],
        "safe": f"{window.safe_until:%Y-%m-%d %H:%M}",
        "last": f"{window.last_possible:%Y-%m-%d %H:%M}",
    }
    if window.is_safe(at):
        return _("%(what)s: safe until %(safe)s, last possible %(last)s.") % shown
    return (
        _("%(what)s: the safe time ended on %(safe)s. Until %(last)s one text still allows it; it may be refused.")
        % shown
    )


def _stripe(case: Correction, facts: CaseFacts) -> list[str]:
    if facts.refunded:
        text = _("%(amount)s went back there already. Nothing changes there now.")
        return [text % {"amount": amount(facts.refunded, case.document.currency)}]
    said = [_("Nothing changes there by this: no charge, no refund.")]
    if case.wrong == Wrong.AMOUNT:
        said.append(
            _("If the money is to go back, refund it there yourself. The refund then leads to no second credit note.")
        )
    elif case.wrong in (Wrong.BUYER, Wrong.KIND):
        text = _("Correct the customer's tax data as well, or the next document is wrong again.")
        said.append(format_html('{} <a href="{}">{}</a>', text, _tax_data_url(case), _("Customer's tax data")))
    return said


def _tax_data_url(case: Correction) -> str:
    """Return the page of the buyer's tax data; before there are any, that of the sale, where they are entered."""
    sale = case.sale
    known = TaxProfile.objects.filter(customer_id=sale.buyer_id, livemode=sale.livemode).values_list("pk", flat=True)
    if (found := known.first()) is None:
        return reverse("admin:billing_sale_change", args=[sale.pk])
    return reverse("admin:billing_taxprofile_change", args=[found])


def _books(case: Correction, mending: str, facts: CaseFacts) -> list[str]:
    document = case.document
    total = amount(document.total, document.currency)
    if mending == Mending.REPLACE:
        rest = document.total - (facts.refunded if case.wrong == Wrong.AMOUNT else Decimal(0))
        text = _("%(old)s goes out, %(new)s comes in: a difference of %(difference)s. The sale is never counted twice.")
        difference = amount(rest - document.total, document.currency)
        return [text % {"old": total, "new": amount(rest, document.currency), "difference": difference}]
    if mending == Mending.REISSUE:
        text = _("%(total)s comes in with the new document and goes out with the credit note: a difference of 0.")
        return [text % {"total": total}]
    if mending == Mending.INVALIDATE:
        return [_("%(total)s goes out.") % {"total": total}]
    return [_("What the credit note is over goes out; of %(total)s, no more than is left.") % {"total": total}]


def _customer(case: Correction, mending: str) -> list[str]:
    mail = case.document.customer_email
    told = (
        _("One mail at the end, to %(address)s, with your answer.") % {"address": mail}
        if mail and (mending != Mending.CREDIT_NOTE or case.asked_by == Correction.AskedBy.CUSTOMER)
        else _("If you write an answer, another mail brings it to %(address)s.") % {"address": mail}
        if mail
        else _("There is no e-mail address: nobody is told. Send the link by hand.")
    )
    match mending:
        case Mending.REPLACE:
            page = _("The page of the old document says that it was replaced; the mail brings the new one.")
        case Mending.INVALIDATE:
            page = _("The page of the document says that it was invalidated.")
        case _other:
            page = _("The credit note has a page and a mail of its own.")
    return [page, told]


def _people(case: Correction) -> list[str]:
    if needs_second_person(case.document):
        return [_("Above the issuer's amount: another person has to confirm it.")]
    return [_("Who may decide begins it at once. What anybody else proposes is confirmed by such a person.")]
