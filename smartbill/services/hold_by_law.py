"""A document that waited past a day on which the law changed is held before it is sent, and says which row asks it to.

The rule in force is the one of the day of issue; what was checked on an earlier day is looked at once more.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from smartbill.drafts import Draft
from smartbill.legal_limits import BLOCK, Limit, in_force, limit_problems
from smartbill.lifecycle import Status
from smartbill.models import Document, Issuer, Revision
from smartbill.models.legal_limit import known_limits
from smartbill.services.create import findings_of, freeze

when_held: list[Callable[[int], None]] = []
"""Called with a document's id after its hold is committed; the apps above us put in what they do then."""


def screen_by_law(documents: Sequence[Document], issuer: Issuer, at: datetime) -> list[Document]:
    """Return those that may be sent today; the others are held. Rows that the caller has locked in its transaction.

    Every draft is compared with the law of today: when a document was last checked cannot be told from its state, since
    one that was tried and not sent, or was in doubt, is ready anew without having been checked.
    """
    limits = in_force(known_limits(issuer.country), at.astimezone(issuer.zone).date())
    reached = [row for row in documents if any(_reaches(row, limit) for limit in limits)]
    if not reached:
        return list(documents)
    rows = Revision.objects.filter(document__in=reached, number=F("document__revision"))
    drafts = {row.document_id: row.draft for row in rows}
    held = {row.pk for row in reached if _hold(row, drafts[row.pk], issuer, limits)}
    return [row for row in documents if row.pk not in held]


def _reaches(document: Document, limit: Limit) -> bool:
    if limit.amount is None or limit.effect != BLOCK or limit.kind != document.kind:
        return False
    return document.total >= limit.amount


def _hold(document: Document, draft: Draft, issuer: Issuer, limits: Sequence[Limit]) -> bool:
    problems = limit_problems(draft, limits)
    if not problems:
        return False
    number = document.revision + 1
    freeze(document, draft, findings_of(issuer, draft), number=number)
    text = _("The law has changed since it was checked: %(why)s")
    why = "\n".join(str(problem.message) for problem in problems)
    document.move_to(Status.HELD, reason=text % {"why": why}, detail={"revision": number}, revision=number)
    # After the commit: whoever listens takes the lock of a sale, which goes before that of a document.
    for tell in when_held:
        transaction.on_commit(partial(tell, document.pk), robust=True)
    return True
