"""Which document a buyer in El Salvador's terms gets. What cannot be decided is asked, never assumed.

| buyer | document |
|---|---|
| lives abroad | export; held when somebody asked for another kind |
| `document_kind` says factura | factura: the buyer or the seller has answered |
| gave an NRC, or `document_kind` says ccf | CCF, even when its data are incomplete: the gaps hold it |
| gave a NIT of 14 digits, no NRC, and nobody said which kind | CCF, held with the question, unless a rule chooses |
| anybody else | factura |

A CCF never becomes a factura by itself: the buyer would lose the tax credit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from billing.addresses import HOME
from billing.parties import Buyer
from billing.texts import folded
from smartbill.drafts import Provenance
from smartbill.errors import Problem
from smartbill.lifecycle import Kind

NIT_DIGITS = 14
CCF_OR_FACTURA = "ccf_or_factura"
ABROAD = gettext_noop("the buyer lives abroad")
ASKED_FOR = gettext_noop("asked for")
NRC_GIVEN = gettext_noop("an NRC was given")
RULE_CHOSE = gettext_noop("a NIT was given, but no NRC; a rule of the house chose the kind")
NIT_ONLY = gettext_noop("a NIT was given, but no NRC")
AT_DEADLINE = gettext_noop("the buyer did not complete the data in time; the issuer then issues as to a consumer")
NEITHER = gettext_noop("neither an NRC nor a NIT of 14 digits was given")
STATED = {
    "CCF": Kind.CCF,
    "CREDITO FISCAL": Kind.CCF,
    "COMPROBANTE DE CREDITO FISCAL": Kind.CCF,
    "FACTURA": Kind.FACTURA,
    "CONSUMIDOR FINAL": Kind.FACTURA,
    "EXPORT": Kind.EXPORT,
    "EXPORTACION": Kind.EXPORT,
    "FACTURA DE EXPORTACION": Kind.EXPORT,
    "CONSUMER": Kind.FACTURA,
    "COMPANY": Kind.CCF,
    "FOREIGN": Kind.EXPORT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KindDecision:
    """The kind of document, where it follows from, and what a person has to answer first."""

    kind: Kind
    provenance: Provenance
    problems: Sequence[Problem] = ()


def kind_of(buyer: Buyer, *, chosen: str = "") -> KindDecision:
    """Return the kind of document for an issuer in El Salvador; `chosen` answers where neither buyer nor law do."""
    stated = STATED.get(folded(buyer.stated_kind.replace("_", " ")))
    if buyer.stated_kind and stated is None:
        text = _("“%(stated)s” is no kind of document; use factura, ccf or export.")
        return _by_buyer(buyer, None, [Problem("kind", "kind_unknown", text % {"stated": buyer.stated_kind})])
    return _by_buyer(buyer, stated, [], chosen=chosen)


def as_consumer(buyer: Buyer, *, told: str) -> tuple[Buyer, KindDecision]:
    """Return the buyer as an anonymous consumer at home, and the decision for a factura; `told` is who decided it.

    What makes a taxpayer of the buyer is left out: a factura prints no NRC, and a number that is in doubt is worse
    than none.
    """
    party = replace(buyer.party, tax_id="", tax_id_type="", nrc="", activity_code="", activity_text="", person_type="")
    gone = {"party.tax_id", "party.nrc", "party.activity_code", "party.activity_text", "party.person_type"}
    kept = {path: origin for path, origin in buyer.provenance.items() if path not in gone}
    decided = KindDecision(kind=Kind.FACTURA, provenance=Provenance(source=told, raw="", rule=AT_DEADLINE))
    return replace(buyer, party=party, provenance=kept), decided


def _by_buyer(buyer: Buyer, stated: Kind | None, problems: list[Problem], *, chosen: str = "") -> KindDecision:
    country = buyer.party.address.country
    if country and country != HOME:
        if stated not in (None, Kind.EXPORT):
            text = _("The buyer lives in %(country)s, but the document asked for is “%(kind)s”.")
            message = text % {"country": country, "kind": stated.label}
            problems.append(Problem("kind", "kind_contradicts_country", message))
        return _decided(Kind.EXPORT, "party.address.country", ABROAD, buyer, problems)
    if stated is not None:
        return _decided(stated, "kind", ASKED_FOR, buyer, problems)
    if buyer.party.nrc:
        return _decided(Kind.CCF, "party.nrc", NRC_GIVEN, buyer, problems)
    if buyer.party.tax_id_type == "nit" and len(buyer.party.tax_id) == NIT_DIGITS:
        if chosen:
            return _decided(Kind(chosen), "party.tax_id", RULE_CHOSE, buyer, problems)
        text = _("CCF or factura? The buyer gave a NIT but no NRC, and nobody said which document they want.")
        question = Problem("kind", CCF_OR_FACTURA, text)
        return _decided(Kind.CCF, "party.tax_id", NIT_ONLY, buyer, [*problems, question])
    return _decided(Kind.FACTURA, "party.address.country", NEITHER, buyer, problems)


def _decided(kind: Kind, name: str, rule: str, buyer: Buyer, problems: Sequence[Problem]) -> KindDecision:
    origin = buyer.provenance.get(name)
    source, raw = (origin.source, origin.raw) if origin else ("", "")
    return KindDecision(kind=kind, provenance=Provenance(source=source, raw=raw, rule=rule), problems=tuple(problems))
