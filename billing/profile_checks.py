"""Whether what somebody entered can be true: form, check digit, catalogue. Nothing is mended, and nothing is guessed.

| field | what is checked |
|---|---|
| NIT | 14 digits, or the 9 of a DUI; check digit by python-stdnum |
| DUI | 9 digits; check digit with weights 9 to 2, which python-stdnum does not know |
| NRC | 2 to 8 digits; the authority publishes no check digit |
| activity, country, department, municipality, district | the tax authority's catalogues |

A check digit that does not fit is a doubt: no official text states how it is made. Whoever enters such a number is
asked once whether it is right, and until somebody says so, documents for it are held.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import places
from billing.languages import LANGUAGES
from billing.profile_fields import FIELDS, HOME_COUNTRY, KINDS, PERSON_TYPES
from config.admin.texts import Text
from smartbill.errors import Problem
from smartbill.providers.el_salvador.catalogues import ACTIVITIES, COUNTRIES, catalogue
from smartbill.providers.el_salvador.identity_rules import check_digit_fits

FITS, DOUBT, FORM, LISTED = "fits", "doubt", "form", "listed"
CHECKS: Mapping[str, Text] = {
    "": gettext_lazy("nothing to check"),
    FITS: gettext_lazy("check digit fits"),
    DOUBT: gettext_lazy("check digit does not fit"),
    FORM: gettext_lazy("form is right"),
    LISTED: gettext_lazy("in the catalogue"),
}
Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Checked:
    """A value as it is kept, the rule that changed it, and the result of its check."""

    value: str
    rule: str
    check: str


class Wrong(Exception):
    """The value cannot be true; the text says what to enter instead."""


def check_values(typed: Values, *, known: Values) -> tuple[dict[str, Checked], list[Problem]]:
    """Check what was typed, in the light of what is `known` already; return what can be kept and all problems.

    Empty values are left out. The problems carry the name of the field.
    """
    found: dict[str, Checked] = {}
    problems: list[Problem] = []
    present = {**known, **typed}
    for name in [name for name in FIELDS if typed.get(name, "").strip()]:
        try:
            found[name] = _checked(name, typed[name], present)
            present[name] = found[name].value
        except Wrong as error:
            problems.append(Problem(name, "wrong", str(error)))
    return found, problems + _contradictions(present, {problem.field for problem in problems})


def _checked(name: str, raw: str, present: Values) -> Checked:
    if name in PLACES:
        code, rule = PLACES[name](raw, present)
        if not code:
            raise Wrong(_("“%(typed)s” is not in the tax authority's list.") % {"typed": raw[:60]})
        return Checked(code, rule, LISTED)
    field = FIELDS[name]
    value, rule = field.rule(raw)
    if not value:
        raise Wrong(_("“%(typed)s” contains nothing that can be used.") % {"typed": raw[:60]})
    if name not in ("nit", "dui", "nrc") and len(value) > field.longest:
        raise Wrong(_("Give at most %(longest)d characters.") % {"longest": field.longest})
    return Checked(value, rule, RULES[name](value) if name in RULES else "")


def _contradictions(present: Values, wrong: set[str]) -> list[Problem]:
    kind, country = present.get("kind", ""), present.get("country", "")
    if not country or {"kind", "country"} & wrong:
        return []
    if kind == "foreign" and country == HOME_COUNTRY:
        return [Problem("country", "at_home", _("A buyer abroad lives in another country than El Salvador."))]
    if kind == "company" and country != HOME_COUNTRY:
        text = _("A company registered for IVA has its address in El Salvador; otherwise it is a buyer abroad.")
        return [Problem("country", "abroad", text)]
    return []


# Rules of one field each ----------------------------------------------------------------------------------------------
def _nit(value: str) -> str:
    if len(value) not in (9, 14):
        raise Wrong(_("The NIT has 14 digits, or 9 where the DUI serves as NIT."))
    return FITS if check_digit_fits(value) else DOUBT


def _dui(value: str) -> str:
    if len(value) != 9:
        raise Wrong(_("The DUI has 9 digits."))
    return FITS if check_digit_fits(value) else DOUBT


def _nrc(value: str) -> str:
    if not 2 <= len(value) <= 8:
        raise Wrong(_("The NRC has %(shortest)d to %(longest)d digits.") % {"shortest": 2, "longest": 8})
    return FORM


def _document(value: str) -> str:
    if len(value) < 3:
        raise Wrong(_("Give the whole number of the document."))
    return FORM


def _email(value: str) -> str:
    try:
        validate_email(value)
    except ValidationError as error:
        raise Wrong(_("The e-mail address is not valid: correct it.")) from error
    return FORM


def _one_of(names: Callable[[], Values]) -> Callable[[str], str]:
    def check(value: str) -> str:
        known = names()
        if value not in known:
            if len(known) > 9:
                raise Wrong(_("“%(typed)s” is not in the tax authority's list.") % {"typed": value[:60]})
            raise Wrong(_("Use one of: %(words)s.") % {"words": ", ".join(sorted(known))})
        return LISTED

    return check


def _words(words: Mapping[str, object]) -> Callable[[], Values]:
    return lambda: dict.fromkeys(words, "")


RULES: Mapping[str, Callable[[str], str]] = {
    "kind": _one_of(_words(KINDS)),
    "nit": _nit,
    "dui": _dui,
    "nrc": _nrc,
    "passport": _document,
    "resident_card": _document,
    "other_id": _document,
    "person_type": _one_of(_words(PERSON_TYPES)),
    "activity_code": _one_of(lambda: catalogue(ACTIVITIES)),
    "country": _one_of(lambda: catalogue(COUNTRIES)),
    "email": _email,
    "language": _one_of(lambda: dict.fromkeys(LANGUAGES, "")),
}
PLACES: Mapping[str, Callable[[str, Values], tuple[str, str]]] = {
    "department": lambda raw, _present: places.department(raw),
    "municipality": lambda raw, present: places.municipality(raw, within=present.get("department", "")),
    "district": lambda raw, present: places.district(raw, within=present.get("department", "")),
}
