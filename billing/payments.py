"""How it was paid, in the words of a fiscal document; the table of Stripe's methods is data."""

import json
from collections.abc import Mapping
from pathlib import Path

from billing.money import to_decimal
from billing.purchases import Paid, Purchase
from smartbill.drafts import Payment, Provenance

_TABLE = json.loads((Path(__file__).parent / "data" / "payment_methods.json").read_text("utf-8"))
_WORDS = ("transfer", "wallet", "crypto")
GROUPS: Mapping[str, str] = {
    **{name: group for group in _WORDS for name in _TABLE[group]},
    # What a person enters is said in the words of a document.
    **{word: word for word in (*_WORDS, "cash")},
}
BALANCE = "customer_balance"


def method_of(paid: Paid) -> str:
    """Return card_credit, card_debit, transfer, wallet, crypto, cash or other; a method without a row is other."""
    if paid.method in _TABLE["card"]:
        funding: str = _TABLE["funding"].get(paid.funding or "unknown", "card_credit")
        return funding
    return GROUPS.get(paid.method, "other")


def payments_of(purchase: Purchase) -> tuple[tuple[Payment, ...], dict[str, Provenance]]:
    """Return the payments with Stripe's ids as references; a balance of the customer that was used is one of them."""
    paid = [payment for payment in purchase.payments if payment.amount]
    balance = purchase.differences.get(BALANCE, 0)
    if balance > 0:
        paid.append(Paid(reference=purchase.reference, amount=balance, method=BALANCE))
    provenance = {
        f"payments.{number}.method": Provenance(
            source=payment.source or f"{payment.reference}.payment_method_details",
            raw=" ".join(filter(None, (payment.method, payment.funding))),
        )
        for number, payment in enumerate(paid)
    }
    made = (
        Payment(
            method=method_of(payment),
            amount=to_decimal(payment.amount, purchase.currency),
            reference=payment.reference,
        )
        for payment in paid
    )
    return tuple(made), provenance
