"""The closed table of what an answer means; the first row that fits wins, and whatever fits none is in doubt.

A failure before the first byte proves that nothing was sent. After it, only an explicit verdict of the provider accepts
or rejects. A code that was seen must be read before anything else is believed.
"""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from smartbill.errors import Problem
from smartbill.lifecycle import Kind, Outcome
from smartbill.providers.base import Exchange, Identifiers, PreparedRequest, Verdict
from smartbill.providers.el_salvador.answer_reader import (
    Answer,
    codes_in,
    error_problems,
    hacienda_codes,
    identifiers,
    moment,
    read_answer,
    seal_of,
    state_of,
    states_failure,
)
from smartbill.providers.el_salvador.contract import Contract

UNTRUSTED = "SSLCertVerificationError"
UNUSABLE_KEY = "UnusableKey"
"""How a failure begins where a key cannot even be written into a header."""

MOST_REASONS = 50


def submission_verdict(request: PreparedRequest, exchange: Exchange, contract: Contract) -> Verdict:
    """Judge the answer to an emission."""
    answer = read_answer(exchange.body, request.body, contract)
    early = _before_the_body(exchange, answer, contract)
    if early:
        return early
    problems = error_problems(answer, contract)
    status = exchange.status or 0
    seen = _codes_that_count(answer, problems, status, contract)
    if len(seen) > 1:
        return _doubt(_("The answer names several documents: %(codes)s.") % {"codes": ", ".join(seen)})
    if seen and (status >= 400 or problems or states_failure(answer, contract)):
        return _doubt(
            _("The answer names a document and states a failure (HTTP %(status)d).") % {"status": status},
            look_up=seen[0],
            problems=_first(problems) if status < 500 else (),
        )
    if seen and _is_success(exchange):
        found = identifiers(answer, seen[0], contract)
        note = _("Issued and sealed.") if found.seal else _("Issued; the seal is pending.")
        return Verdict(outcome=Outcome.ACCEPTED, note=note, identifiers=found)
    if request.route == contract["kind.routes"][Kind.CREDIT_NOTE] and _says_not_found(exchange, problems, contract):
        # The one route where "not found" is a verdict: there is no CCF under the code to be corrected.
        return Verdict(outcome=Outcome.REJECTED, note=_summary(problems), problems=_first(problems))
    return _without_code(exchange, answer, problems, contract)


def invalidation_verdict(request: PreparedRequest, exchange: Exchange, contract: Contract) -> Verdict:
    """Judge the answer to an invalidation; a doubt is resolved by reading the document."""
    answer = read_answer(exchange.body, request.body, contract)
    early = _before_the_body(exchange, answer, contract)
    if early:
        return early
    if answer.codes:
        return _doubt(_("The answer names another document: %(codes)s.") % {"codes": ", ".join(answer.codes)})
    problems = error_problems(answer, contract)
    if _says_not_found(exchange, problems, contract):
        return Verdict(outcome=Outcome.REJECTED, note=_summary(problems), problems=_first(problems))
    if _is_success(exchange) and not problems and not states_failure(answer, contract):
        return _invalidated(request, answer, contract)
    return _without_code(exchange, answer, problems, contract)


def _invalidated(request: PreparedRequest, answer: Answer, contract: Contract) -> Verdict:
    data = answer.part(contract["answer.data"])
    if state_of(answer, contract) != contract["state.invalidated"]:
        return _doubt(_("The answer does not say that the document was invalidated."))
    found = Identifiers(
        generation_code=codes_in(request.body)[0],
        issued_at=moment(data.get(contract["answer.data.fechaInvalidacion"])),
    )
    seal = seal_of(answer.tree, data, contract) or "–"
    return Verdict(
        outcome=Outcome.ACCEPTED,
        note=_("Invalidated; seal of the event: %(seal)s.") % {"seal": seal},
        identifiers=found,
    )


def _before_the_body(exchange: Exchange, answer: Answer, contract: Contract) -> Verdict | None:
    """Rows that do not depend on what the provider says: nothing sent, no complete answer, a redirect."""
    if not exchange.written and exchange.status is None:
        untrusted = UNTRUSTED in exchange.failure
        return Verdict(
            outcome=Outcome.NOT_SENT,
            note=_("Nothing was sent: the provider's certificate is not trusted.")
            if untrusted
            else _("Nothing was sent."),
            stop_key=exchange.failure.startswith(UNUSABLE_KEY),
            pause=contract["pause.misconfigured"] if untrusted else 0,
        )
    if exchange.failure or exchange.status is None:
        return _doubt(_("It was sent, but the answer was lost."), look_up=answer.evidence)
    if 300 <= exchange.status < 400:
        note = _("The provider answered with a redirect (HTTP %(status)d), which is never followed.")
        return _doubt(note % {"status": exchange.status}, look_up=answer.evidence)
    return None


def _codes_that_count(answer: Answer, problems: Sequence[Problem], status: int, contract: Contract) -> tuple[str, ...]:
    """Return the codes that may be a document of ours.

    A refusal may hide one in its message. Where the status says "not processed" only a code that is called one counts:
    gateways like to number their refusals.
    """
    if status in contract["status.not_processed"]:
        return answer.named
    return answer.traces if problems or states_failure(answer, contract) else answer.codes


def _without_code(exchange: Exchange, answer: Answer, problems: Sequence[Problem], contract: Contract) -> Verdict:
    status = exchange.status or 0
    structured = bool(problems) and (_is_success(exchange) or status in contract["status.verdict"])
    if structured and not _leaves_doubt(answer, problems, contract):
        return Verdict(outcome=Outcome.REJECTED, note=_summary(problems), problems=_first(problems))
    if status in contract["status.not_processed"]:
        return _not_processed(exchange, status, problems, contract)
    if problems:
        note = _("HTTP %(status)d says nothing about what happened: %(error)s")
        return _doubt(note % {"status": status, "error": _summary(problems)}, look_up=answer.evidence)
    note = _("HTTP %(status)d without an answer that can be understood.")
    return _doubt(note % {"status": status}, look_up=answer.evidence)


def _not_processed(exchange: Exchange, status: int, problems: Sequence[Problem], contract: Contract) -> Verdict:
    pause = 0
    if status in contract["status.wait"]:
        pause = min(exchange.retry_after or contract["pause.rate_limited"], contract["pause.longest"])
    elif status in contract["status.misconfigured"]:
        pause = contract["pause.misconfigured"]
    return Verdict(
        outcome=Outcome.NOT_SENT,
        note=_("Refused before processing (HTTP %(status)d): %(error)s")
        % {"status": status, "error": _summary(problems) or "–"},
        problems=_first(problems),
        stop_key=status in contract["status.stops_key"],
        pause=pause,
    )


def _leaves_doubt(answer: Answer, problems: Sequence[Problem], contract: Contract) -> bool:
    """Whether an error may hide a document: it "already exists", or the sender does not know what happened."""
    names = ("conflict", "internal", "bad_gateway", "gateway_timeout", "hacienda_unavailable")
    doubtful = {contract[f"error.{name}"][1] for name in names}
    exists = contract["hacienda.already_exists"]
    codes = {problem.code for problem in problems} | hacienda_codes(answer, contract)
    return any(code in doubtful or code.zfill(len(exists)) == exists for code in codes)


def _says_not_found(exchange: Exchange, problems: Sequence[Problem], contract: Contract) -> bool:
    status, word = contract["error.not_found"]
    return exchange.status == status and _has_code(problems, word)


def _has_code(problems: Sequence[Problem], code: str) -> bool:
    return any(problem.code == code for problem in problems)


def _is_success(exchange: Exchange) -> bool:
    return exchange.status is not None and 200 <= exchange.status < 300


def _doubt(note: str, *, look_up: str = "", problems: Sequence[Problem] = ()) -> Verdict:
    return Verdict(outcome=Outcome.UNKNOWN, note=note, look_up=look_up, problems=problems)


def _summary(problems: Sequence[Problem]) -> str:
    return "; ".join(" ".join(filter(None, (p.field, p.code, p.message))) for p in _first(problems))


def _first(problems: Sequence[Problem]) -> Sequence[Problem]:
    """Return as many reasons as a person can read; the exact answer stays with the attempt."""
    if len(problems) <= MOST_REASONS:
        return problems
    text = _("And %(count)d more: the evidence has the answer as it came.")
    return [*problems[:MOST_REASONS], Problem("", "more", text % {"count": len(problems) - MOST_REASONS})]
