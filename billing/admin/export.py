"""The columns of sales and reversals in a file."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from billing.money import to_decimal
from billing.remedy_texts import REASONS
from billing.rule_texts import in_words
from config.admin import Column, mode_word


def _units(amount_minor: int | None, currency: str) -> Decimal | None:
    return None if amount_minor is None else to_decimal(amount_minor, currency)


def _why(reasons: list[Any], last_error: str) -> str:
    return " ".join(in_words(reason) for reason in reasons) or last_error


def _reason(code: str, reason: str) -> str:
    return str(REASONS.get(code, reason))


SALE_COLUMNS = [
    Column(_("Mode"), ["livemode"], mode_word),
    Column(_("Outcome"), ["outcome"]),
    Column(_("Sale"), ["key"]),
    Column(_("Invoice number"), ["number"]),
    Column(_("Customer"), ["customer_name"]),
    Column(_("Customer at Stripe"), ["customer_id"]),
    Column(_("Amount"), ["amount_minor", "currency"], _units),
    Column(_("Currency"), ["currency"], str.upper),
    Column(_("Paid"), ["paid_at"]),
    Column(_("Why"), ["reasons", "last_error"], _why),
    Column(_("Document"), ["document__reference"]),
    Column(_("Control number"), ["document__control_number"]),
]
REVERSAL_COLUMNS = [
    Column(_("Mode"), ["sale__livemode"], mode_word),
    Column(_("State"), ["state"]),
    Column(_("Reversal"), ["key"]),
    Column(_("What happened"), ["source"]),
    Column(_("At Stripe"), ["standing"]),
    Column(_("Amount"), ["amount_minor", "currency"], _units),
    Column(_("That counts"), ["counted_minor", "currency"], _units),
    Column(_("Currency"), ["currency"], str.upper),
    Column(_("Happened"), ["occurred_at"]),
    Column(_("Why"), ["code", "reason"], _reason),
    Column(_("Remedy"), ["remedy"]),
    Column(_("Sale"), ["sale__key"]),
    Column(_("Invoice number"), ["sale__number"]),
    Column(_("Customer"), ["sale__customer_name"]),
    Column(_("Document"), ["sale__document__control_number"]),
    Column(_("Credit note"), ["credit_note__control_number"]),
]
