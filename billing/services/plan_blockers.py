"""All that forbids the plan of a case, known before its first step: asked when it is proposed and when it begins."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from billing.corrections import CaseFacts, Mending, Wrong
from billing.models import Correction
from smartbill.drafts import Draft
from smartbill.providers import provider_for
from smartbill.services.credit import credit_blockers
from smartbill.services.invalidate import invalidation_blockers
from smartbill.services.replace import replacement_blockers


def seen_of(facts: CaseFacts) -> Mapping[str, Any]:
    """Return what a plan rests on: it is frozen with the plan, and the plan ends with it."""
    return {
        "credited": str(facts.document.credited.normalize()),
        "refunded": str(facts.refunded.normalize()),
        "reversals": dict(facts.reversals),
    }


def lines_of(plan: Mapping[str, Any]) -> Mapping[int, Decimal]:
    """Return what a plan credits of which line, counted from 0; of none, and it credits all that is left."""
    return {int(number): Decimal(value) for number, value in plan.get("lines", {}).items()}


def plan_blockers(case: Correction, mending: str, plan: Mapping[str, Any], facts: CaseFacts) -> list[str]:
    """Return, in words, what would stop this remedy at any of its steps, or make it say what is not so."""
    blockers: list[str] = []
    if plan["seen"] != seen_of(facts):
        blockers.append(_("Money went back or was credited since this was proposed. Look at it again."))
    if mending in (Mending.REPLACE, Mending.REISSUE):
        draft = Draft.from_json(plan["draft"])
        blockers += [*_total_blockers(draft, facts), *replacement_blockers(case.document)]
        blockers += _needless(case, draft)
    if mending in (Mending.REPLACE, Mending.INVALIDATE):
        blockers += invalidation_blockers(case.document)
    if mending == Mending.CREDIT_NOTE:
        blockers += _credit_blockers(case, lines_of(plan), facts)
    return list(dict.fromkeys(blockers))


def _total_blockers(draft: Draft, facts: CaseFacts) -> list[str]:
    if facts.says(Wrong.AMOUNT) and draft.conversion is not None:
        return [_("A document converted from another currency is corrected by hand.")]
    if facts.replaced_total <= 0 and facts.says(Wrong.AMOUNT):
        return [_("Nothing would be left of the document. Have it invalidated instead.")]
    if draft.total != facts.replaced_total:
        text = _("The new document is over %(total)s and has to be over %(right)s: what was paid and did not go back.")
        return [text % {"total": f"{draft.total:.2f}", "right": f"{facts.replaced_total:.2f}"}]
    return []


def _needless(case: Correction, draft: Draft) -> list[str]:
    """Say that the authority would learn nothing new: a stamped document is not given up for that."""
    document = case.document
    issued = document.revisions.get(number=document.revision).draft
    if case.wrong in (Wrong.BUYER, Wrong.KIND):
        # Terms that rules print today are not what was to be mended.
        draft = replace(draft, notes=issued.notes)
    provider = provider_for(document.issuer)
    # What cannot be issued is refused for its own reasons, and there is nothing yet to compare.
    if provider.problems(replace(draft, held_because=())):
        return []
    if provider.reported(draft) != provider.reported(issued):
        return []
    if provider.names_buyer(draft):
        return [_("Nothing was changed: the new document would say the same to the tax authority as the old one.")]
    return [
        _(
            "Nothing would change at the tax authority: a buyer without tax id is reported as a consumer without name. "
            "Enter the buyer's tax id. Without one, change nothing and answer the customer that the name was never "
            "reported; it stands on their document for information only."
        )
    ]


def _credit_blockers(case: Correction, lines: Mapping[int, Decimal], facts: CaseFacts) -> list[str]:
    amount = sum(lines.values(), Decimal(0)) if lines else facts.left
    blockers = credit_blockers(case.document, amount, lines)
    if not facts.says(Wrong.AMOUNT) and amount != facts.left:
        blockers.append(_("The document should not exist at all: the note has to be over all that is left of it."))
    if facts.says(Wrong.AMOUNT) and not lines:
        blockers.append(_("Say of at least one line how much is taken back."))
    return blockers
