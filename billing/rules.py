"""What becomes of a sale: pure decisions over its snapshot and its buyer's tax profile.

Every sale gets exactly one outcome, with reasons.

| snapshot | decision |
|---|---|
| not paid yet, or Stripe still has to make its invoice | `NotYet`: looked at again later |
| invoice void | `NotApplicable` |
| total of zero | `NotApplicable`, or a draft where the issuer issues documents over zero |
| everything refunded or credited before a document was made | `NotApplicable` |
| negative total, other mode, unreadable amount | `Held` |
| other currency without a stored rate that counts | `Held` |
| anything else | a draft, whose own doubts hold the document |
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from billing.conversion import converted
from billing.drafts import account_of, draft_from_account
from billing.money import CurrencyOnHold, UnreadableAmount
from billing.profiles import NOBODY, Profile
from billing.purchases import Purchase
from billing.rates import Quote
from billing.stripe_purchases import settlement
from billing.stripe_shapes import UnreadableShape
from smartbill.drafts import Draft
from smartbill.errors import Problem
from smartbill.models import Issuer


@dataclass(frozen=True, slots=True, kw_only=True)
class NotYet:
    """The sale cannot be decided now; ask Stripe again later."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotApplicable:
    """No document is owed, for these reasons."""

    reasons: Sequence[Problem]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A person has to look, for these reasons."""

    reasons: Sequence[Problem]


Decision = NotYet | NotApplicable | Held | Draft


def decide(
    content: Mapping[str, Any],
    *,
    issuer: Issuer,
    source: str,
    profile: Profile = NOBODY,
    quote: Quote | Problem | None = None,
    chosen: str = "",
) -> Decision:
    """Return what becomes of the sale with this snapshot; `source` is its business key, `profile` its buyer's.

    `quote` is the rate for a sale in another currency than the issuer's, or why there is none (`rates.quote_for`).
    `chosen` is the kind of document that a rule of the house chose.
    """
    try:
        unpaid = _unpaid(settlement(content))
        return unpaid or _paid(content, issuer=issuer, source=source, profile=profile, quote=quote, chosen=chosen)
    except CurrencyOnHold as error:
        text = _("Stripe's own documents disagree about amounts in %(currency)s; none is issued.")
        return _held("currency", "currency_on_hold", text % {"currency": str(error).upper()})
    except (UnreadableShape, UnreadableAmount) as error:
        text = _("Stripe's object could not be read (%(detail)s).")
        return _held("snapshot", "unreadable", text % {"detail": str(error)})


def _unpaid(state: str) -> NotYet | NotApplicable | None:
    if state == "paid":
        return None
    if state == "void":
        return _not_applicable("void", _("The invoice was voided at Stripe."))
    if state == "awaiting_invoice":
        return NotYet(reason=_("Stripe has not made the invoice of this checkout yet."))
    return NotYet(reason=_("Stripe says that this is not paid."))


def _paid(
    content: Mapping[str, Any],
    *,
    issuer: Issuer,
    source: str,
    profile: Profile,
    quote: Quote | Problem | None,
    chosen: str,
) -> Decision:
    account = account_of(content, issuer=issuer, profile=profile)
    purchase = account.purchase
    if purchase.total == 0 and issuer.zero_total == Issuer.ZeroTotal.NONE:
        text = _("Nothing was charged: the total is zero, and this issuer issues no document over zero.")
        return _not_applicable("zero_total", text)
    if _all_given_back(purchase):
        text = _("Everything was refunded or credited before a document was made.")
        return _not_applicable("refunded_before_issue", text)
    reasons = list(_obstacles(purchase, issuer, quote))
    if reasons:
        return Held(reasons=reasons)
    draft = draft_from_account(account, issuer=issuer, source=source, chosen=chosen)
    return converted(draft, quote) if isinstance(quote, Quote) else draft


def _all_given_back(purchase: Purchase) -> bool:
    credited = purchase.differences.get("credit_note_after_payment", 0)
    refunded = bool(purchase.payments) and all(paid.given_back for paid in purchase.payments)
    return refunded or credited >= purchase.total > 0


def _obstacles(purchase: Purchase, issuer: Issuer, quote: Quote | Problem | None) -> list[Problem]:
    found = []
    if purchase.total < 0:
        found.append(Problem("total", "negative_total", _("The total is negative: this is a credit, not a sale.")))
    if isinstance(quote, Problem):
        found.append(quote)
    elif purchase.currency != (quote.currency if quote else issuer.currency):
        text = _("The sale is in %(theirs)s; this issuer issues in %(ours)s only.")
        shown = {"theirs": purchase.currency, "ours": issuer.currency}
        found.append(Problem("currency", "other_currency", text % shown))
    if purchase.livemode != issuer.livemode:
        text = _("A payment of the other mode (test or live) never reaches this issuer.")
        found.append(Problem("livemode", "wrong_mode", text))
    return found


def _held(field: str, code: str, message: str) -> Held:
    return Held(reasons=[Problem(field, code, message)])


def _not_applicable(code: str, message: str) -> NotApplicable:
    return NotApplicable(reasons=[Problem("total" if code != "void" else "invoice", code, message)])
