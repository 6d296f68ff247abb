"""Whom a document may name: what each kind demands of the buyer, in the tax authority's formats.

From which amount on a consumer has to be named at all is said by the law's dated rows (`smartbill/legal_limits.py`).
"""

from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from smartbill.drafts import Draft, Party
from smartbill.errors import Problem
from smartbill.lifecycle import Kind
from smartbill.providers.el_salvador.catalogues import ACTIVITIES, COUNTRIES, catalogue
from smartbill.providers.el_salvador.contract import Contract
from smartbill.providers.el_salvador.identity_rules import identity_problems, nit_problems
from smartbill.providers.el_salvador.place_rules import place_problems
from smartbill.providers.el_salvador.terms import Terms
from smartbill.providers.el_salvador.text_rules import clean, digits, text_problems


def party_problems(draft: Draft, contract: Contract, terms: Terms) -> list[Problem]:
    """Return what is wrong with the buyer for this kind of document."""
    if draft.kind == Kind.CREDIT_NOTE:
        # The provider writes the receiver of the CCF that is corrected: there is nothing of ours to be wrong.
        found = []
    elif draft.kind == Kind.CCF:
        found = list(_registered(draft.party, contract))
    elif draft.kind == Kind.EXPORT:
        found = list(_foreign(draft.party, contract, terms))
    else:
        found = list(_consumer(draft.party, contract, terms))
    return found


def is_named(party: Party) -> bool:
    """Whether a factura can name this buyer; without an identity it goes to the anonymous consumer."""
    return bool(clean(party.tax_id))


def _consumer(party: Party, contract: Contract, terms: Terms) -> Iterator[Problem]:
    if is_named(party):
        yield from identity_problems(party, contract)
        yield from _name(party, contract)
        yield from place_problems(party.address, contract, required=False)
        yield from _contact(party, contract, email_needed=False, email_sent=terms.mails_customer)


def _registered(party: Party, contract: Contract) -> Iterator[Problem]:
    yield from nit_problems(party.tax_id, contract)
    shortest, longest = contract["limit.nrc"]
    nrc = digits(party.nrc)
    if not nrc:
        yield Problem("party.nrc", "missing", _("Enter the NRC; without one issue a factura."))
    elif not (nrc.isascii() and nrc.isdigit() and shortest <= len(nrc) <= longest):
        yield Problem(
            "party.nrc",
            "nrc",
            _("The NRC has %(shortest)d to %(longest)d digits.") % {"shortest": shortest, "longest": longest},
        )
    yield from _name(party, contract)
    if party.activity_code not in catalogue(ACTIVITIES):
        yield Problem("party.activity_code", "activity", _("Choose the economic activity from the list."))
    label = _("text of the economic activity")
    yield from text_problems("party.activity_text", label, party.activity_text, *contract["limit.activity_text"])
    yield from place_problems(party.address, contract, required=True)
    yield from _contact(party, contract, email_needed=True, email_sent=True)


def _foreign(party: Party, contract: Contract, terms: Terms) -> Iterator[Problem]:
    country = party.address.country.upper()
    if country == "SV":
        yield Problem(
            "party.address.country", "export_at_home", _("An export goes abroad: choose another country or a factura.")
        )
    elif country not in catalogue(COUNTRIES):
        yield Problem("party.address.country", "country", _("Choose the buyer's country from the list."))
    yield from _name(party, contract)
    if is_named(party) or contract["export.identification_required"]:
        yield from identity_problems(party, contract)
    details = clean(party.address.line)
    if details:
        longest = contract["limit.address_details"][1]
        yield from text_problems("party.address.line", _("address"), details, 1, longest)
    if clean(party.activity_text):
        label = _("text of the economic activity")
        yield from text_problems("party.activity_text", label, party.activity_text, *contract["limit.activity_text"])
    if party.person_type and party.person_type not in contract["words.person_type"]:
        yield Problem("party.person_type", "person_type", _("Say whether the buyer is a natural or a legal person."))
    yield from _contact(party, contract, email_needed=False, email_sent=terms.mails_customer)


def _name(party: Party, contract: Contract) -> Iterator[Problem]:
    longest = contract["limit.name"]
    yield from text_problems("party.name", _("buyer's name"), party.name, 1, longest)
    if clean(party.commercial_name):
        yield from text_problems("party.commercial_name", _("commercial name"), party.commercial_name, 1, longest)


def _contact(party: Party, contract: Contract, *, email_needed: bool, email_sent: bool) -> Iterator[Problem]:
    if clean(party.phone):
        yield from text_problems("party.phone", _("telephone number"), party.phone, *contract["limit.phone"])
    if email_needed and not party.email:
        yield Problem("party.email", "missing", _("Enter the buyer's e-mail address."))
    elif email_sent and party.email and not is_email(party.email, contract):
        yield Problem("party.email", "email", _("The e-mail address is not valid: correct it."))


def is_email(address: str, contract: Contract) -> bool:
    """Whether the authority takes this address: its length, its form and a real top-level domain."""
    shortest, longest = contract["limit.email"]
    try:
        validate_email(address)
    except ValidationError:
        return False
    return shortest <= len(address) <= longest and "." in address.rpartition("@")[2]
