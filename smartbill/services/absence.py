"""What must be known before anybody may say that a document in doubt was not issued.

The provider has had time to finish, says so under every code that was seen, and shows that it can be believed.
"""

from typing import Any

from django.utils.timezone import now
from django.utils.translation import gettext as _

from smartbill.errors import PreconditionFailed, TransitionRefused
from smartbill.lifecycle import ISSUED, Status
from smartbill.models import Attempt, Document, Issuer
from smartbill.services.ask import ask, read_remote
from smartbill.services.compare import ABSENT, NO_INFORMATION, may_be_ours
from smartbill.services.doubt import is_doubtful
from smartbill.services.quiet import quiet_until

NOBODYS_CODE = "00000000-0000-4000-8000-000000000000"
"""A code that no document has: a provider that says so can be asked."""
KNOWN = 3
"""So many documents of ours are asked for, until the provider knows one."""
IN_FORCE = ["stamped", "contingency"]


def require_absence(document: Document, attempt: Attempt, actor: Any) -> None:
    """Raise PreconditionFailed while there is any way to know better; asks the provider, outside any transaction."""
    _require(_not_quiet(document, attempt))
    _require(_held_there(document))
    if attempt.seen_code:
        _require_code_is_not_ours(document, attempt.seen_code, actor)
    _require_believable(document.issuer)


def require_still_absent(document: Document, attempt: Attempt) -> None:
    """Raise if anything has been learnt since; call under the document's row lock, with the attempt as it was read."""
    seen = attempt.seen_code
    attempt.refresh_from_db()
    if document.status != Status.UNKNOWN or not is_doubtful(attempt):
        raise TransitionRefused(document, Status.READY)
    if attempt.seen_code != seen:
        raise PreconditionFailed(_("An answer has arrived meanwhile. Look at the document again."))
    _require(_held_there(document))


def sending_blockers(document: Document, attempt: Attempt) -> list[str]:
    """Return in words what forbids the answer "not issued" at present, without asking the provider."""
    return [text for text in (_not_quiet(document, attempt), _held_there(document)) if text]


def _not_quiet(document: Document, attempt: Attempt) -> str:
    until = quiet_until(attempt, document.issuer)
    text = _("The provider may still be working on it. Answer again after %(time)s.")
    return text % {"time": until.astimezone(document.issuer.zone).strftime("%H:%M:%S")} if now() < until else ""


def _held_there(document: Document) -> str:
    if document.twin_code:
        text = _("The provider holds %(code)s for this sale: take that code, or have it invalidated there first.")
        return text % {"code": document.twin_code}
    return _("A look-up has found it at the provider: take its code instead.") if _was_found(document) else ""


def _require(blocker: str) -> None:
    if blocker:
        raise PreconditionFailed(blocker)


def _was_found(document: Document) -> bool:
    """Whether the last look-up of any code returned a document in force that carries our reference."""
    said = document.readings.exclude(state=NO_INFORMATION).order_by("id").values_list("code", "state", "content")
    last = {code: (state, bytes(content or b"")) for code, state, content in said}
    return any(state in IN_FORCE and document.reference.encode() in content for state, content in last.values())


def _require_code_is_not_ours(document: Document, code: str, actor: Any) -> None:
    """Read the code that the doubtful answer named: absent, invalidated and another's are no obstacle."""
    reading = read_remote(document, code=code, actor=actor)
    if reading.state == NO_INFORMATION:
        text = _("The answer named the code %(code)s, and the provider does not say at present what it is. Try later.")
        raise PreconditionFailed(text % {"code": code})
    if reading.state in IN_FORCE and may_be_ours(document, reading):
        text = _("The answer named the code %(code)s, and the provider holds a document under it: take that code.")
        raise PreconditionFailed(text % {"code": code})


def _require_believable(issuer: Issuer) -> None:
    """Refuse while the provider answers no look-up, or does not know what it has issued itself."""
    issued = Document.objects.filter(issuer=issuer, status__in=ISSUED).order_by("-id")
    known = list(issued.values_list("generation_code", flat=True)[:KNOWN])
    for code in known or [NOBODYS_CODE]:
        state = ask(issuer, code=code).state
        if state == NO_INFORMATION:
            text = _("The provider answers no look-up at present, so nobody can know. Try again later.")
            raise PreconditionFailed(text)
        if state != ABSENT or not known:
            return
    text = _("The provider does not even know %(code)s, which it has issued: its look-ups prove nothing at present.")
    raise PreconditionFailed(text % {"code": known[0]})
