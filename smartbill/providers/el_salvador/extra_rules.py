"""Rare properties that a person gives with a document: which the contract knows, and what each must look like.

| property | what it is | where it goes |
|---|---|---|
| notes | a text | below our reference, among the notes |
| appendix | a list of {field, label, value}, at most 10 with ours | the appendix |
| customs | fiscalPrecinct, regimeType, regime, incoterms: codes of the catalogues | the data of an export of goods |

A name that the contract does not know is a problem, never left out in silence.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from smartbill.drafts import Draft
from smartbill.errors import Problem
from smartbill.lifecycle import Kind
from smartbill.providers.el_salvador.catalogues import catalogue
from smartbill.providers.el_salvador.contract import Contract
from smartbill.providers.el_salvador.text_rules import text_problems

CUSTOMS = {"fiscalPrecinct": "CAT-027", "regimeType": "CAT-033", "regime": "CAT-028", "incoterms": "CAT-031"}
"""What the export of goods must name, and the catalogue of each."""


def customs_of(draft: Draft, contract: Contract) -> Mapping[str, Any]:
    """Return the customs data of a draft: its own, else those of the contract."""
    given = draft.extras.get("customs")
    return given if isinstance(given, Mapping) else contract["export.customs"]


def extra_problems(draft: Draft, contract: Contract) -> Iterator[Problem]:
    """Yield what is wrong with the extra properties of a draft."""
    known = contract["extra.properties"]
    for name in sorted(set(draft.extras) - set(known)):
        text = _("“%(name)s” is no property that the provider's contract knows; it knows %(known)s.")
        yield Problem(f"extras.{name}", "unknown_property", text % {"name": name, "known": ", ".join(known)})
    if "notes" in draft.extras:
        yield from _text("extras.notes", _("notes"), draft.extras["notes"], 1, contract["limit.notes"] // 2)
    if "appendix" in draft.extras:
        yield from _appendix(draft.extras["appendix"], contract)
    if "customs" in draft.extras:
        yield from _customs(draft)


def _text(field: str, label: str, value: Any, shortest: int, longest: int) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield Problem(field, "not_a_text", _("The %(label)s must be a text.") % {"label": label})
    else:
        yield from text_problems(field, label, value, shortest, longest)


def _appendix(rows: Any, contract: Contract) -> Iterator[Problem]:
    limits, most = contract["limit.appendix"], contract["limit.appendix_rows"] - 1
    if not isinstance(rows, list) or not 1 <= len(rows) <= most:
        text = _("The appendix is a list of 1 to %(most)d rows, each with %(names)s.")
        yield Problem("extras.appendix", "appendix", text % {"most": most, "names": ", ".join(limits)})
        return
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping) or set(row) != set(limits):
            text = _("Row %(n)d of the appendix must have exactly %(names)s.")
            yield Problem("extras.appendix", "appendix", text % {"n": number, "names": ", ".join(limits)})
            continue
        for name, longest in limits.items():
            label = _("“%(name)s” of row %(n)d of the appendix") % {"name": name, "n": number}
            yield from _text("extras.appendix", label, row[name], 1, longest)


def _customs(draft: Draft) -> Iterator[Problem]:
    given = draft.extras["customs"]
    if draft.kind != Kind.EXPORT:
        yield Problem("extras.customs", "customs_not_export", _("Only an export invoice carries customs data."))
    elif not isinstance(given, Mapping) or not customs_are_set(given):
        text = _("Customs data are exactly %(names)s, each a code of the tax authority's catalogue.")
        yield Problem("extras.customs", "customs", text % {"names": ", ".join(CUSTOMS)})


def customs_are_set(customs: Mapping[str, Any]) -> bool:
    """Tell whether customs data are complete and of the catalogues."""
    return set(customs) == set(CUSTOMS) and all(customs[name] in catalogue(CUSTOMS[name]) for name in CUSTOMS)
