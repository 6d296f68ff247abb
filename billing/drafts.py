"""From a frozen snapshot to the draft of a fiscal document: nothing is rounded, guessed or left unsaid.

Sum of lines = total = what Stripe charged, to the cent; where it is not, the draft says by how much and why, and the
document is held.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from billing.kinds import as_consumer, kind_of
from billing.languages import language_of
from billing.lines import BuiltLines, LineRules, build_lines
from billing.manual import ORIGIN
from billing.money import to_decimal
from billing.parties import Buyer, buyer_from
from billing.payments import BALANCE, payments_of
from billing.profiles import NOBODY, Profile, facts_with, provenance_with
from billing.purchases import Purchase
from billing.stripe_facts import facts_of
from billing.stripe_purchases import purchase_from
from billing.taxes import standard_rate
from billing.texts import digits
from smartbill.drafts import Draft, Party, Payment, Provenance
from smartbill.errors import Problem
from smartbill.lifecycle import Kind
from smartbill.models import Issuer
from smartbill.providers import provider_for

DUI_DIGITS = 9
DUI_SERVES_AS_NIT = gettext_noop("digits only; 9 digits are a DUI that serves as NIT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A snapshot that was read: what was bought, by whom, and in which language they are addressed.

    `confirmed` are numbers by which somebody stands although their check digit does not fit.
    """

    purchase: Purchase
    buyer: Buyer
    language: str
    spoken: Provenance
    confirmed: frozenset[str] = frozenset()
    extras: Mapping[str, Any] = field(default_factory=dict)


def account_of(content: Mapping[str, Any], *, issuer: Issuer, profile: Profile = NOBODY) -> Account:
    """Read a paid snapshot, or raise UnreadableShape; `profile` is what people said about the buyer."""
    facts = facts_with(facts_of(content), profile)
    buyer = buyer_from(facts)
    buyer = replace(buyer, provenance=provenance_with(buyer.provenance, profile))
    country = buyer.party.address.country
    language, spoken = language_of(facts, country=country, default=issuer.language)
    with override(language):
        shipping = _("Shipping")
    return Account(
        purchase=purchase_from(content, shipping=shipping),
        buyer=buyer,
        language=language,
        spoken=spoken,
        confirmed=profile.confirmed,
        extras=(content.get(ORIGIN) or {}).get("extras", {}),
    )


def draft_from_snapshot(
    content: Mapping[str, Any],
    *,
    issuer: Issuer,
    source: str,
    profile: Profile = NOBODY,
    is_consumer: bool = False,
    chosen: str = "",
) -> Draft:
    """Return the draft of a paid sale; `source` is its business key. All doubts are in `held_because`.

    Raises UnreadableShape, UnreadableAmount or CurrencyOnHold where there is nothing to build a draft from.
    """
    account = account_of(content, issuer=issuer, profile=profile)
    return draft_from_account(account, issuer=issuer, source=source, is_consumer=is_consumer, chosen=chosen)


def draft_from_account(
    account: Account, *, issuer: Issuer, source: str, is_consumer: bool = False, chosen: str = ""
) -> Draft:
    """Return the draft of a snapshot that was read already.

    `is_consumer` applies what the issuer chose for buyers who do not complete their data in time; `chosen` is the kind
    of document that a rule chose, where neither buyer nor law say which.
    """
    purchase, buyer = account.purchase, account.buyer
    if is_consumer:
        buyer, decided = as_consumer(buyer, told="issuer.late_buyer")
    else:
        decided = kind_of(buyer, chosen=chosen)
    party, named = _party_for(decided.kind, buyer)
    rate = standard_rate(purchase.paid_at.astimezone(issuer.zone).date())
    rules = LineRules(
        kind=decided.kind,
        untaxed=issuer.untaxed_lines,
        rate=rate,
        default_description=issuer.default_description,
    )
    built = build_lines(purchase, rules)
    payments, paid_by = payments_of(purchase)
    draft = Draft(
        issuer_id=issuer.pk,
        source=source,
        kind=decided.kind.value,
        livemode=purchase.livemode,
        currency=purchase.currency,
        total=to_decimal(purchase.total, purchase.currency),
        party=party,
        lines=built.lines,
        payments=payments,
        language=account.language,
        occurred_at=purchase.paid_at,
        customer_reference=purchase.customer_id,
        provenance={
            **named,
            "kind": decided.provenance,
            "language": account.spoken,
            "total": Provenance(source=f"{purchase.origin}.{purchase.reference}", raw=str(purchase.total)),
            **built.provenance,
            **paid_by,
        },
        residuals=built.residuals,
        extras=account.extras,
        held_because=(*decided.problems, *built.problems, *_sum_problems(purchase, built, payments)),
    )
    if digits(party.tax_id)[0] in account.confirmed:
        return draft
    return replace(draft, held_because=(*draft.held_because, *provider_for(issuer).doubts(draft)))


def _party_for(kind: str, buyer: Buyer) -> tuple[Party, dict[str, Provenance]]:
    """A NIT of 9 digits is a DUI; a CCF calls it NIT, every other document calls it DUI."""
    named = dict(buyer.provenance)
    is_dui = buyer.party.tax_id_type == "nit" and len(buyer.party.tax_id) == DUI_DIGITS
    if kind == Kind.CCF or not is_dui:
        return buyer.party, named
    named["party.tax_id"] = replace(named["party.tax_id"], rule=DUI_SERVES_AS_NIT)
    return replace(buyer.party, tax_id_type="dui"), named


def _sum_problems(purchase: Purchase, built: BuiltLines, payments: Sequence[Payment]) -> list[Problem]:
    found = [
        Problem("total", name, _explained(name) % {"amount": _shown(amount, purchase)})
        for name, amount in purchase.differences.items()
    ]
    if built.total != purchase.total:
        text = _("The lines sum to %(lines)s, but Stripe charged %(total)s: a difference of %(difference)s.")
        shown = {
            "lines": _shown(built.total, purchase),
            "total": _shown(purchase.total, purchase),
            "difference": _shown(purchase.total - built.total, purchase),
        }
        found.append(Problem("total", "total_differs", text % shown))
    paid, total = (
        sum((payment.amount for payment in payments), Decimal(0)),
        to_decimal(purchase.total, purchase.currency),
    )
    if paid != total:
        text = _("The payments sum to %(paid)s, but the total is %(total)s: a difference of %(difference)s.")
        shown = {name: f"{value} {purchase.currency}" for name, value in _compared(paid, total)}
        found.append(Problem("payments", "payments_differ", text % shown))
    return found + _refunds(purchase)


def _compared(paid: Decimal, total: Decimal) -> list[tuple[str, Decimal]]:
    return [("paid", paid), ("total", total), ("difference", total - paid)]


def _shown(amount: int, purchase: Purchase) -> str:
    return f"{to_decimal(amount, purchase.currency)} {purchase.currency}"


def _explained(name: str) -> str:
    return {
        BALANCE: _("%(amount)s was settled from the customer's balance at Stripe."),
        "credit_note_before_payment": _("A credit note of %(amount)s lowered the invoice before it was paid."),
        "credit_note_after_payment": _("A credit note of %(amount)s was made before the document was issued."),
        "overpaid": _("The customer paid %(amount)s more than the invoice asked for."),
        "billing_credits": _("%(amount)s was settled from billing credits."),
        "tip": _("The payment contains a tip of %(amount)s."),
    }[name]


def _refunds(purchase: Purchase) -> list[Problem]:
    refunded = sum(paid.refunded for paid in purchase.payments)
    if not refunded:
        return []
    text = _("%(amount)s was refunded before the document was issued.")
    return [Problem("total", "refunded_before_issue", text % {"amount": _shown(refunded, purchase)})]
