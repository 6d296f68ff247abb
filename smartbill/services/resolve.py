"""The two answers a person can give about a document in doubt, and the second person who confirms one."""

from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from smartbill.errors import NotOurs, PreconditionFailed, TransitionRefused
from smartbill.lifecycle import Operation, Outcome, Status
from smartbill.models import Attempt, Document, Proposal
from smartbill.permissions import require_person, require_reason
from smartbill.providers.base import Reading
from smartbill.services.absence import require_absence, require_still_absent
from smartbill.services.ask import read_remote
from smartbill.services.compare import identity_problems
from smartbill.services.doubt import believe_issued, suspect
from smartbill.services.propose import RIGHT, end_proposal, in_words, lapse_proposal, needs_second_person, propose

Answer = Proposal.Answer


def adopt_found(document: Document, *, code: str, actor: Any, reason: str = "") -> Proposal | None:
    """Adopt the remote document with this generation code after reading it and comparing it with ours.

    Raises NotOurs, with every difference, when it is another document or cannot be read; then nothing is changed.
    Above the issuer's amount the answer is only proposed: the proposal is returned. Whoever finds it after another
    person has said "not issued", and before it is sent again, prevents that: the doubt is reopened with the code.
    """
    require_person(actor, RIGHT)
    code, answered = code.strip().upper(), answered_attempt(document)
    attempt = answered or doubtful_attempt(document)
    reading = _read_as_ours(document, code, actor)
    if answered is not None:
        _prevent(document, answered, code)
        return None
    if needs_second_person(document):
        return propose(document, attempt, answer=Answer.FOUND, code=code, reason=reason.strip(), actor=actor)
    _adopt(document, attempt, reading, actor, _("A person found it at the provider."))
    return None


def send_again(document: Document, *, actor: Any, reason: str) -> Proposal | None:
    """Record that a person saw that nothing was issued, and send anew as the next attempt.

    Refused while there is any way to know better; `absence.py` has the list. Above the issuer's amount the answer is
    only proposed: the proposal is returned.
    """
    require_person(actor, RIGHT)
    reason = require_reason(reason)
    attempt = doubtful_attempt(document)
    require_absence(document, attempt, actor)
    if needs_second_person(document):
        return propose(document, attempt, answer=Answer.NOT_ISSUED, reason=reason, actor=actor)
    _send(document, attempt, actor, reason)
    return None


def confirm_proposal(document: Document, *, actor: Any, proposal_id: int) -> None:
    """Let the answer of another person take effect. All that it rests on is looked up once more before."""
    require_person(actor, RIGHT)
    attempt = doubtful_attempt(document)
    waiting = Proposal.objects.open().filter(document=document, pk=proposal_id, attempt=attempt)
    proposal = waiting.select_related("proposed_by").first()
    if proposal is None:
        raise PreconditionFailed(_("This proposal has ended meanwhile. Look at the document again."))
    if proposal.proposed_by_id == actor.pk:
        raise PreconditionFailed(_("You proposed it yourself: another person has to confirm it."))
    what = _("%(what)s (proposed by %(who)s)") % {"what": in_words(proposal), "who": proposal.proposed_by}
    if proposal.answer == Answer.FOUND:
        _adopt(document, attempt, _read_as_ours(document, proposal.code, actor), actor, what, proposal)
    else:
        require_absence(document, attempt, actor)
        _send(document, attempt, actor, what, proposal)


def doubtful_attempt(document: Document) -> Attempt:
    """Return the attempt that the doubt is about, or raise TransitionRefused where there is no doubt."""
    doubtful = document.attempts.filter(operation=Operation.SUBMIT, outcome=Outcome.UNKNOWN, resolved_at=None)
    attempt = doubtful.order_by("-id").first() if document.status == Status.UNKNOWN else None
    if attempt is None:
        raise TransitionRefused(document, Status.READY)
    return attempt


def answered_attempt(document: Document) -> Attempt | None:
    """Return the attempt of which a person said "not issued" while the next sending still waits, if there is one."""
    if document.status != Status.READY:
        return None
    answered = document.attempts.filter(operation=Operation.SUBMIT, outcome=Outcome.UNKNOWN, revision=document.revision)
    return answered.exclude(resolved_at=None).order_by("-id").first()


def _prevent(document: Document, attempt: Attempt, code: str) -> None:
    with transaction.atomic(durable=True):
        row = _locked(document)
        attempt.refresh_from_db()
        suspect(row, attempt, code)


def _read_as_ours(document: Document, code: str, actor: Any) -> Reading:
    reading = read_remote(document, code=code, actor=actor)
    if problems := identity_problems(document, reading):
        raise NotOurs(problems)
    return reading


def _adopt(
    document: Document, attempt: Attempt, reading: Reading, actor: Any, how: str, proposal: Proposal | None = None
) -> None:
    with transaction.atomic(durable=True):
        row = _locked(document)
        attempt.refresh_from_db()
        _take(row, proposal, actor)
        adopted = believe_issued(row, attempt, reading.identifiers, how=how, actor=actor)
    if not adopted:
        raise PreconditionFailed(_("The doubt ended meanwhile with another document: the provider holds two."))


def _send(document: Document, attempt: Attempt, actor: Any, reason: str, proposal: Proposal | None = None) -> None:
    with transaction.atomic(durable=True):
        row = _locked(document)
        require_still_absent(row, attempt)
        _take(row, proposal, actor)
        unresolved = Attempt.objects.filter(pk=attempt.pk, resolved_at=None, outcome=Outcome.UNKNOWN)
        if not unresolved.update(resolution=_("Not issued: %(why)s") % {"why": reason}, resolved_at=now()):
            raise TransitionRefused(row, Status.READY)
        row.move_to(Status.READY, actor=actor, reason=reason, next_at=now())


def _locked(document: Document) -> Document:
    return Document.objects.select_for_update(of=("self",)).select_related("issuer").get(pk=document.pk)


def _take(document: Document, proposal: Proposal | None, actor: Any) -> None:
    """End the proposal that now takes effect; an answer that needs none makes one that waits void."""
    if proposal is None:
        lapse_proposal(document)
    elif not end_proposal(proposal, Proposal.Ending.CONFIRMED, actor=actor) and document.status == Status.UNKNOWN:
        raise PreconditionFailed(_("This proposal has ended meanwhile. Look at the document again."))
