"""What a credit note must be before it leaves: a part or the whole of one sealed CCF, with a reason in words."""

import re
from collections.abc import Iterator
from decimal import Decimal

from django.utils.translation import gettext as _

from smartbill.drafts import Draft
from smartbill.errors import Problem
from smartbill.lifecycle import Kind
from smartbill.providers.el_salvador.contract import Contract
from smartbill.providers.el_salvador.text_rules import text_problems

CODE = re.compile(r"[0-9A-F]{8}-(?:[0-9A-F]{4}-){3}[0-9A-F]{12}")


def note_problems(draft: Draft, contract: Contract) -> Iterator[Problem]:
    """Yield what is wrong with the draft of a credit note beside its lines."""
    corrected = draft.corrects
    if draft.kind != Kind.CREDIT_NOTE or corrected is None:
        yield Problem("kind", "not_a_note", _("Only a credit note corrects another document."))
        return
    if not CODE.fullmatch(corrected.generation_code.upper()):
        yield Problem("corrects", "no_code", _("The document to be corrected has no generation code."))
    shortest, longest = contract["limit.credit_note"]
    yield from text_problems("corrects", _("reason of the credit note"), corrected.description, shortest, longest)
    if not Decimal(0) < draft.total <= corrected.total:
        text = _("A credit note is above zero and at most %(total)s, the total of the document that it corrects.")
        yield Problem("total", "above_original", text % {"total": corrected.total})
    elif corrected.only_whole and draft.total != corrected.total:
        text = _("The document has lines without tax: until the provider confirms more, it is only credited whole.")
        yield Problem("total", "only_whole", text)
