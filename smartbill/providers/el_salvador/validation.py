"""Every reason why a draft cannot be issued, all at once, each with the field to mend and what to do about it.

The rules are the tax authority's (receiver, lines, arithmetic) and the limits of the contract table. What the upstream
app could not decide comes first.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from smartbill.drafts import Draft
from smartbill.errors import Problem
from smartbill.lifecycle import Kind
from smartbill.providers.el_salvador.arithmetic import CENT, Calculation, calculate
from smartbill.providers.el_salvador.contract import Contract, dated
from smartbill.providers.el_salvador.extra_rules import extra_problems
from smartbill.providers.el_salvador.line_rules import line_problems
from smartbill.providers.el_salvador.note_rules import note_problems
from smartbill.providers.el_salvador.party_rules import party_problems
from smartbill.providers.el_salvador.payload import written_notes
from smartbill.providers.el_salvador.terms import Terms
from smartbill.providers.el_salvador.text_rules import text_problems

FISCAL_ZONE = ZoneInfo("America/El_Salvador")
LARGEST = Decimal(10) ** 11
REFERENCE_ROOM = 100
"""Characters of the notes that are kept for our reference."""


def fiscal_day(draft: Draft) -> date:
    """Return the day of the sale in El Salvador: dated rules are read on it."""
    return draft.occurred_at.astimezone(FISCAL_ZONE).date()


def tax_rate(draft: Draft, contract: Contract) -> Decimal:
    """Return the IVA rate in force on the day of the sale."""
    return dated(contract["tax.rate"], fiscal_day(draft))


def calculation(draft: Draft, contract: Contract, terms: Terms) -> Calculation:
    """Price a draft under this contract and these terms."""
    return calculate(
        draft,
        rate=tax_rate(draft, contract),
        rounding_limit=Decimal(contract["rounding.limit"]) if terms.rounding_line else Decimal(0),
        rounding_text=contract["rounding.description"],
    )


def draft_problems(draft: Draft, contract: Contract, terms: Terms) -> list[Problem]:
    """Return every problem; what was held upstream first, then in the order in which a person reads the document."""
    found = [*draft.held_because, *_head_problems(draft, contract, terms)]
    if draft.kind in Kind.values:
        found += party_problems(draft, contract, terms)
    lines = list(line_problems(draft, contract, tax_rate(draft, contract)))
    found += lines
    found += _payment_problems(draft, contract) if draft.corrects is None else note_problems(draft, contract)
    found += extra_problems(draft, contract)
    if not lines and draft.total.is_finite() and draft.kind in Kind.values:
        found += _arithmetic_problems(draft, contract, terms)
    return found


def _head_problems(draft: Draft, contract: Contract, terms: Terms) -> Iterator[Problem]:
    if draft.kind not in Kind.values:
        yield Problem("kind", "unknown_kind", _("Choose factura, tax credit document or export invoice."))
    elif contract["kind.routes"][draft.kind] not in contract[f"routes.enabled.{terms.environment}"]:
        yield Problem(
            "kind",
            "route_disabled",
            _("This kind of document is switched off until the provider confirms it: choose another or enable it."),
        )
    if draft.currency.upper() != "USD":
        yield Problem(
            "currency",
            "currency",
            _("Documents of El Salvador are in USD only; this sale is in %(currency)s. Convert it by a recorded rate.")
            % {"currency": draft.currency.upper()},
        )
    if draft.livemode != terms.livemode:
        yield Problem(
            "livemode", "wrong_mode", _("A test sale and a live issuer do not go together; choose another issuer.")
        )
    if not _is_money(draft.total):
        yield Problem("total", "not_money", _("The total must be an amount in whole cents that is not negative."))


def _payment_problems(draft: Draft, contract: Contract) -> Iterator[Problem]:
    for number, payment in enumerate(draft.payments):
        field = f"payments[{number}]"
        if payment.method not in contract["codes.payment_method"]:
            yield Problem(
                f"{field}.method", "unknown_method", _("Choose how payment %(n)d was made.") % {"n": number + 1}
            )
        if not _is_money(payment.amount):
            yield Problem(
                f"{field}.amount",
                "not_money",
                _("Payment %(n)d must be an amount in whole cents that is not negative.") % {"n": number + 1},
            )
        if payment.reference:
            label = _("reference of payment %(n)d") % {"n": number + 1}
            yield from text_problems(
                f"{field}.reference", label, payment.reference, 1, contract["limit.payment_reference"]
            )
    paid = sum((payment.amount for payment in draft.payments), Decimal(0))
    if paid != draft.total:
        yield Problem(
            "payments",
            "payments_do_not_sum",
            _("The payments come to %(paid)s, the total is %(total)s: make them equal.")
            % {"paid": paid, "total": draft.total},
        )


def _arithmetic_problems(draft: Draft, contract: Contract, terms: Terms) -> Iterator[Problem]:
    charged = sum((line.total for line in draft.lines), Decimal(0))
    if charged != draft.total:
        yield Problem(
            "total",
            "lines_do_not_sum",
            _("The lines come to %(lines)s, the total is %(total)s: correct the lines.")
            % {"lines": charged, "total": draft.total},
        )
        return
    result = calculation(draft, contract, terms)
    if draft.notes.strip():
        # What is printed is never cut: what does not fit beside our reference and the credits is for a person.
        notes = "\n".join(written_notes(draft, result))
        yield from text_problems("notes", _("notes"), notes, 1, contract["limit.notes"] - REFERENCE_ROOM)
    if len(result.lines) > contract["limit.products"]:
        yield Problem("lines", "no_line_for_rounding", _("No line is left for the rounding: join lines."))
    if result.excess >= CENT / 2:
        yield Problem(
            "lines",
            "credit_without_line",
            _("Negative lines of %(excess)s exceed the lines of their tax class: a document cannot be negative.")
            % {"excess": result.excess},
        )
    elif result.difference:
        yield Problem(
            "total",
            "total_unreachable",
            _(
                "Charged %(charged)s, but the tax authority computes %(computed)s from the net prices, because it"
                " rounds the tax once on their sum. Allow a rounding line for this issuer or correct the lines."
            )
            % {"charged": draft.total, "computed": result.totals.payable},
        )


def _is_money(amount: Decimal) -> bool:
    return amount.is_finite() and 0 <= amount < LARGEST and amount == amount.quantize(CENT)
