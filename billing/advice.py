"""Every reason for which a sale is not issued, with the way to mend it and the place where that is done.

One row per code; a test reads the sources and fails for a code that has none. The same words serve the pre-issue check
and whoever else shows a reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

BUYER, DOCUMENT, SALE, ISSUER, LIMITS, RATES, FORM = "buyer", "document", "sale", "issuer", "limits", "rates", "form"
APPROVALS = "approvals"

PLACES: Mapping[str, Promise] = {
    BUYER: _("Buyer's tax data"),
    DOCUMENT: _("The document, “Correct the data”"),
    SALE: _("The sale"),
    ISSUER: _("The issuer's settings"),
    LIMITS: _("Legal limits"),
    RATES: _("Exchange rates"),
    FORM: _("The form for documents made by hand"),
    APPROVALS: _("Approvals"),
}
"""What each place is called."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about a reason, and where."""

    how: Promise
    place: str


_BUYER = Advice(_("Enter or correct it in the buyer's tax data; every document that waits is looked at again."), BUYER)
_ASK = Advice(_("Ask the customer, or enter their answer as the kind of buyer in the tax data."), BUYER)
_LINE = Advice(
    _("State the tax of the product or price at Stripe and have the sale decided again, or settle it by hand."), SALE
)
_AT_STRIPE = Advice(_("Correct it at Stripe, then have the sale decided again."), SALE)
_TEXT = Advice(_("Type the text anew at Stripe, then have the sale decided again."), SALE)
_WORDS = Advice(_("Correct the text at Stripe, or set a wording in the issuer's settings."), SALE)
_AMOUNT = Advice(
    _("Look at the amounts at Stripe. Where they are right, a person corrects the document or abandons it."), DOCUMENT
)
_ROUNDING = Advice(_("Allow a rounding line in the issuer's settings."), ISSUER)
_MODE = Advice(_("Connect the Stripe endpoint with an issuer of the same mode."), ISSUER)
_RATE = Advice(_("Enter or import the rate; the sale goes on by itself."), RATES)
_LIMIT = Advice(_("Enter it in the buyer's tax data. The amount itself is a dated row of the legal limits."), BUYER)
_EXTRA = Advice(_("Correct the extra properties: withdraw the sale and enter it again."), FORM)
_WAIT = Advice(_("Nothing: Stripe is asked again by itself. Have it decided again when Stripe shows it paid."), SALE)
_ROUTE = Advice(
    _("An operator enables the kind in the settings when the provider has confirmed it; or choose another."), BUYER
)
_ANSWER = Advice(_("Answer the question on the page of the sale."), SALE)

_TABLE: Sequence[tuple[str, Advice]] = (
    # The buyer
    ("activity country department district document_type dui dui_check_digit email municipality", _BUYER),
    ("nit nit_check_digit nrc person_type export_at_home wrong at_home abroad doubt", _BUYER),
    ("ccf_or_factura kind_unknown kind_contradicts_country unknown_kind", _ASK),
    ("identity_required email_required identity_asked email_asked", _LIMIT),
    # Texts, wherever they stand
    ("missing unprintable wrong_length", _TEXT),
    ("description_missing", _WORDS),
    # Lines and amounts
    ("tax_missing tax_class_unknown tax_treatment_unclear several_taxes rate_not_standard", _LINE),
    ("class_contradicts_tax tax_on_export tax_on_untaxed_line other_tax unknown_tax_class", _LINE),
    ("unknown_unit customs_missing", _LINE),
    ("negative_line not_a_number quantity decimals negative_discount credit_without_line not_money", _AMOUNT),
    ("total_differs lines_do_not_sum payments_differ payments_do_not_sum customer_balance overpaid", _AMOUNT),
    ("billing_credits tip credit_note_before_payment credit_note_after_payment unknown_method", _AMOUNT),
    ("refunded_before_issue", _AMOUNT),
    ("no_lines", _AT_STRIPE),
    ("too_many_lines", Advice(_("Press “Join equal lines” on the document's page."), DOCUMENT)),
    ("total_unreachable no_line_for_rounding", _ROUNDING),
    # Money of another currency, mode and routes
    ("rate_missing", _RATE),
    ("other_currency", Advice(_("Say in the issuer's settings which day's rate counts."), ISSUER)),
    ("currency", Advice(_("Say in the issuer's settings which day's rate counts, and enter the rate."), ISSUER)),
    ("currency_on_hold", _AT_STRIPE),
    ("wrong_mode", _MODE),
    ("route_disabled", _ROUTE),
    # The sale
    ("gone unreadable gave_up void negative_total", _AT_STRIPE),
    ("not_paid", _WAIT),
    ("zero_total", Advice(_("Nothing, or let the issuer issue documents over zero and decide again."), ISSUER)),
    ("part_of_another", Advice(_("Nothing: the other sale has the document."), SALE)),
    ("second_document", Advice(_("Keep one of the two documents and invalidate the other."), SALE)),
    ("linked_after_document", Advice(_("Compare the amounts of the two."), SALE)),
    # The rules of the house
    ("held_by_rule", Advice(_("Approve or refuse it with a reason; the sale then goes on by itself."), APPROVALS)),
    ("blocked_by_rule", Advice(_("Whoever may lift blocks lifts this one with a reason, or leaves it."), APPROVALS)),
    ("approval_refused", Advice(_("Refund it at Stripe, or ask again with a reason."), APPROVALS)),
    ("approved_otherwise", Advice(_("Refuse it or approve it as it is now."), APPROVALS)),
    # Entered by hand
    ("not_released", Advice(_("Another person lets it be issued, or it is withdrawn."), SALE)),
    ("withdrawn", Advice(_("Nothing: it was withdrawn. Enter it again where that was wrong."), FORM)),
    ("maybe_manual", _ANSWER),
    ("linked_amount_differs", Advice(_("Refund the difference at Stripe, or invalidate the document."), SALE)),
    ("linked_document_gone", Advice(_("Issue another by hand without a Stripe id, or refund."), FORM)),
    ("unknown_property not_a_text appendix customs customs_not_export", _EXTRA),
    # The answer of the tax authority
    ("more", Advice(_("Read the whole answer in the evidence of the document."), DOCUMENT)),
    # Credit notes, which are made from a document and not from a sale
    ("not_a_note no_code above_original only_whole", _AMOUNT),
)
ADVICE: Mapping[str, Advice] = {code: advice for codes, advice in _TABLE for code in codes.split()}


def advice_of(code: str, field: str) -> Advice:
    """Return what to do about a reason; a text of the buyer is mended with the buyer, wherever others are.

    A code of an older release has the general answer.
    """
    advice = ADVICE.get(code, _AMOUNT)
    return _BUYER if advice is _TEXT and field.startswith("party.") else advice
