"""Identity documents of a buyer: kind, form and, where it is switched on, the check digit."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from stdnum.sv import nit as stdnum_nit

from smartbill.drafts import Party
from smartbill.errors import Problem
from smartbill.providers.el_salvador.contract import Contract
from smartbill.providers.el_salvador.text_rules import digits, text_problems


def identity_problems(party: Party, contract: Contract) -> Iterator[Problem]:
    """Yield what is wrong with a buyer's document kind and number."""
    if party.tax_id_type not in contract["words.document_type"]:
        yield Problem(
            "party.tax_id_type",
            "document_type",
            _("Say which document the number belongs to: NIT, DUI, passport, other."),
        )
    elif party.tax_id_type == "nit":
        yield from nit_problems(party.tax_id, contract)
    elif party.tax_id_type == "dui":
        yield from _dui_problems(party.tax_id, contract)
    else:
        shortest, longest = contract["limit.identification"]
        yield from text_problems("party.tax_id", _("document number"), party.tax_id, shortest, longest)


def nit_problems(tax_id: str, contract: Contract) -> Iterator[Problem]:
    """Yield what is wrong with a NIT: 14 digits, or the 9 of a DUI that serves as one."""
    number = digits(tax_id)
    if not _is_number(number, contract["limit.nit"]):
        yield Problem("party.tax_id", "nit", _("The NIT has 14 digits, or 9 where the DUI serves as NIT."))
    elif len(number) == 9:
        yield from _dui_check(number, contract)
    elif contract["check.nit"] == "block" and not stdnum_nit.is_valid(number):
        yield Problem("party.tax_id", "nit_check_digit", _("The last digit of the NIT does not fit: check the number."))


def _dui_problems(tax_id: str, contract: Contract) -> Iterator[Problem]:
    number = digits(tax_id)
    if not _is_number(number, contract["limit.dui"]):
        yield Problem("party.tax_id", "dui", _("The DUI has 9 digits."))
    else:
        yield from _dui_check(number, contract)


def _dui_check(number: str, contract: Contract) -> Iterator[Problem]:
    if contract["check.dui"] == "block" and not dui_digit_fits(number):
        yield Problem("party.tax_id", "dui_check_digit", _("The last digit of the DUI does not fit: check the number."))


def digit_doubts(party: Party) -> Iterator[Problem]:
    """Yield the doubt about a NIT or DUI whose check digit does not fit; no official text states how it is made."""
    number = digits(party.tax_id)
    if party.tax_id_type in ("nit", "dui") and not check_digit_fits(number):
        text = _("%(number)s looks like a typing error: its last digit does not fit. Compare it with the card.")
        yield Problem("party.tax_id", "doubt", text % {"number": number})


def check_digit_fits(number: str) -> bool:
    """Tell of the digits of a NIT or DUI whether the last one fits; what has another length is not judged."""
    if not number.isascii() or not number.isdigit() or len(number) not in (9, 14):
        return True
    return dui_digit_fits(number) if len(number) == 9 else bool(stdnum_nit.is_valid(number))


def dui_digit_fits(number: str) -> bool:
    """Tell of nine digits whether the last one fits: weights 9 to 2, ten less the remainder of ten.

    That is common practice and not an official rule.
    """
    return -sum(weight * int(digit) for weight, digit in zip(range(9, 1, -1), number, strict=False)) % 10 == int(
        number[-1]
    )


def _is_number(text: str, lengths: list[int]) -> bool:
    return text.isascii() and text.isdigit() and len(text) in lengths
