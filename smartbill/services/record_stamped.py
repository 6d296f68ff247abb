"""The plain case of an answer, many at once: accepted with a seal, first and only word about its document.

A statement costs more than a row. So what came back in one round is recorded with a constant number of statements, and
whatever is not plain is left to `record_answer`, one by one.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.utils.timezone import now

from config.kill_points import reach
from notifications.services.queue_messages import queue_messages
from smartbill.lifecycle import Operation, Outcome, Status
from smartbill.models import ApiKey, Attempt, Document, DocumentEvent, DocumentLink, Outage, Revision
from smartbill.providers import provider_for
from smartbill.providers.base import Exchange, PreparedRequest, Provider, Verdict
from smartbill.services.accept import issued, told
from smartbill.services.channel import note_answer
from smartbill.services.deliver import mail_of, why_no_mail
from smartbill.services.link import address_of, new_link
from smartbill.services.update_each import update_each

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stamped:
    """One answer that says in so many words: issued and sealed."""

    attempt: Attempt
    exchange: Exchange
    verdict: Verdict
    provider: Provider

    @property
    def document(self) -> Document:
        return self.attempt.document


class NotPlain(Exception):
    """Somebody else has written about one of them meanwhile."""


def record_stamped(answers: Mapping[int, Exchange], *, worker: str) -> set[int]:
    """Record those of this worker's answers that are plain, all together; return their attempts.

    Nothing is lost by a failure: what is not returned has not been recorded.
    """
    try:
        plain = [each for each in _read(answers, worker) if _is_plain(each)]
        if not plain:
            return set()
        with transaction.atomic(durable=True):
            plain = _without_clashes(plain)
            if plain:
                _record(plain)
            reach("before_commit")
    except (InterfaceError, OperationalError):
        raise
    except Exception:
        # One of them is not as it seemed, whatever it carries: each is then judged alone.
        logger.info("%d answers are recorded one by one", len(answers), exc_info=True)
        return set()
    reach("after_commit")
    return {each.attempt.pk for each in plain}


def _read(answers: Mapping[int, Exchange], worker: str) -> list[Stamped]:
    open_attempts = Attempt.objects.open().filter(pk__in=answers, operation=Operation.SUBMIT, worker=worker)
    found = []
    providers: dict[int, Provider] = {}
    for attempt in open_attempts.select_related("document__issuer"):
        issuer = attempt.document.issuer
        provider = providers.setdefault(issuer.pk, provider_for(issuer))
        request = PreparedRequest(route=attempt.route, body=bytes(attempt.request))
        exchange = answers[attempt.pk]
        found.append(Stamped(attempt, exchange, provider.classify_submission(request, exchange), provider))
    return found


def _is_plain(each: Stamped) -> bool:
    verdict, document = each.verdict, each.document
    return (
        verdict.outcome == Outcome.ACCEPTED
        and bool(verdict.identifiers.seal and verdict.identifiers.generation_code)
        and document.status == Status.SUBMITTING
        and not (document.twin_code or verdict.pause or verdict.stop_key or verdict.look_up)
    )


def _without_clashes(plain: Sequence[Stamped]) -> list[Stamped]:
    """Leave out what names a code or number that another document has, and all of an issuer with an open outage."""
    issuers = {each.document.issuer_id for each in plain}
    codes = Counter(each.verdict.identifiers.generation_code for each in plain)
    numbers = Counter(each.verdict.identifiers.control_number for each in plain)
    same = Q(generation_code__in=codes) | Q(control_number__in=[number for number in numbers if number])
    taken = Document.objects.filter(same, issuer__in=issuers)
    for code, number in taken.values_list("generation_code", "control_number"):
        codes[code] += 1
        numbers[number] += 1
    waiting = set(Outage.objects.open().filter(issuer__in=issuers).values_list("issuer_id", flat=True))
    drafts = Revision.objects.filter(document__in=[each.document for each in plain])
    revisions = {(each.document_id, each.number): each for each in drafts}
    return [
        each
        for each in plain
        if codes[each.verdict.identifiers.generation_code] == 1
        and (not each.verdict.identifiers.control_number or numbers[each.verdict.identifiers.control_number] == 1)
        and each.document.issuer_id not in waiting
        and not why_no_mail(each.document, each.provider, revisions[each.document.pk, each.document.revision].draft)
    ]


def _record(plain: Sequence[Stamped]) -> None:
    at = now()
    ends = {each.attempt.pk: _end(each, at) for each in plain}
    if update_each(Attempt, ends, still="outcome IS NULL", of=()) != len(plain):
        raise NotPlain
    issues = {each.document.pk: _issue(each, at) for each in plain}
    if update_each(Document, issues, still="status = %s", of=(Status.SUBMITTING,)) != len(plain):
        raise NotPlain
    for each in plain:
        for name, value in issues[each.document.pk].items():
            setattr(each.document, name, value)
    DocumentEvent.objects.bulk_create(
        DocumentEvent(
            document=each.document,
            before=Status.SUBMITTING,
            after=Status.STAMPED,
            detail=told(each.verdict.identifiers),
            created_at=at,
        )
        for each in plain
    )
    links = DocumentLink.objects.bulk_create(new_link(each.document) for each in plain)
    queue_messages([mail_of(each.document, address_of(link)) for each, link in zip(plain, links, strict=True)])
    ApiKey.objects.filter(pk__in={each.attempt.api_key_id for each in plain}).update(last_used_at=at)
    for issuer, number in Counter(each.document.issuer for each in plain).items():
        note_answer(issuer, number=number)


def _end(each: Stamped, at: Any) -> dict[str, Any]:
    return {
        "outcome": each.verdict.outcome,
        "finished_at": at,
        "http_status": each.exchange.status,
        "answer": each.exchange.body,
        "note": "\n".join(part for part in (each.verdict.note, each.exchange.failure) if part),
        "problems": [problem.as_json() for problem in each.verdict.problems],
        "seen_code": each.verdict.look_up,
    }


def _issue(each: Stamped, at: Any) -> dict[str, Any]:
    return Document.moved(Status.STAMPED, at=at, **issued(each.document, each.verdict.identifiers, at))
