"""What the evidence page shows: every attempt as it was sent and answered, what happens next, what a person can say."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from config.admin import amount
from smartbill.admin.exact_json import indented
from smartbill.admin.states import TONES
from smartbill.admin.timeline import FINDINGS
from smartbill.lifecycle import Operation, Outcome, Status
from smartbill.models import ApiKey, Attempt, Document, Evidence, ReadingRecord
from smartbill.models.document import IN_DOUBT
from smartbill.services.absence import sending_blockers
from smartbill.services.alarm_doubts import AGES
from smartbill.services.propose import in_words, needs_second_person, open_proposal
from smartbill.services.quiet import quiet_until
from smartbill.services.read import code_to_read

MOST_SHOWN = 60_000
"""Characters of one body on the page; the download has all of it."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One body of the wire: its text for people, its size in bytes, and where its exact bytes are had."""

    text: str
    size: int
    url: str
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """One attempt with all that is known of it; `is_intact` tells whether the kept bytes still have their hash."""

    attempt: Attempt
    is_open_doubt: bool
    is_intact: bool
    request: Sheet | None
    answer: Sheet | None
    late: list[tuple[Evidence, Sheet | None]]


def evidence_of(document: Document) -> dict[str, Any]:
    """Return everything the template shows; asks nobody and changes nothing."""
    attempts = document.attempts.select_related("api_key").prefetch_related("evidence").order_by("-id")
    trials = [_trial(document, attempt) for attempt in attempts]
    doubtful = next((trial.attempt for trial in trials if trial.is_open_doubt), None)
    waiting, ended = open_proposal(document), document.proposals.exclude(ended_at=None)
    return {
        "tone": TONES[document.status],
        "total": amount(document.total, document.currency),
        "trials": trials,
        "readings": [
            (row, FINDINGS.get(row.state, row.state), _sheet(row.content, document, "reading", row.pk))
            for row in document.readings.select_related("actor").order_by("-id")
        ],
        "next": _what_happens_next(document),
        "warnings": _warnings(document),
        "question": _question(document, doubtful),
        "proposal": waiting,
        "proposal_words": in_words(waiting) if waiting else "",
        "needs_second": document.status == Status.UNKNOWN and needs_second_person(document),
        "earlier": [(row, in_words(row)) for row in ended.select_related("proposed_by", "ended_by")],
    }


def _trial(document: Document, attempt: Attempt) -> Trial:
    request = bytes(attempt.request)
    return Trial(
        attempt=attempt,
        is_open_doubt=attempt.outcome == Outcome.UNKNOWN and attempt.resolved_at is None,
        is_intact=hashlib.sha256(request).hexdigest() == attempt.request_sha256,
        request=_sheet(request or None, document, "request", attempt.pk),
        answer=_sheet(attempt.answer, document, "answer", attempt.pk),
        late=[(row, _sheet(row.answer, document, "late", row.pk)) for row in attempt.evidence.all()],
    )


def _sheet(content: Any, document: Document, what: str, key: int) -> Sheet | None:
    if content is None:
        return None
    raw = bytes(content)
    text = indented(raw) or raw.decode("utf-8", "replace").replace("\x00", "�")
    url = reverse("admin:smartbill_document_bytes", args=[document.pk, what, key])
    return Sheet(text[:MOST_SHOWN], len(raw), url, is_cut=len(text) > MOST_SHOWN)


def content_of(document: Document, what: str, key: int) -> bytes | None:
    """Return the exact bytes behind a sheet of this document, or None where it has no such sheet."""
    if what in ("request", "answer"):
        found = document.attempts.filter(pk=key).values_list(what, flat=True).first()
    elif what == "late":
        found = Evidence.objects.filter(attempt__document=document, pk=key).values_list("answer", flat=True).first()
    elif what == "reading":
        found = ReadingRecord.objects.filter(document=document, pk=key).values_list("content", flat=True).first()
    else:
        found = None
    return None if found is None else bytes(found)


def _what_happens_next(document: Document) -> list[tuple[str, datetime | None]]:
    """Return what the machine does next about a doubt, each with its time where it has one."""
    if document.status not in IN_DOUBT:
        return []
    code = code_to_read(document)
    steps: list[tuple[str, datetime | None]] = []
    if code and document.next_at:
        steps.append((_("The provider is asked for the code %(code)s.") % {"code": code}, document.next_at))
    elif code:
        steps.append((_("The code %(code)s was looked up; a person has to decide.") % {"code": code}, None))
    else:
        text = _("Nothing by itself: no code is known for which the provider could be asked. It is never sent again.")
        steps.append((text, None))
    if document.status == Status.INVALIDATION_UNKNOWN:
        steps.append((_("It goes on being looked up for as long as it takes; every look-up can end the doubt."), None))
    if code and not ApiKey.objects.usable().filter(issuer=document.issuer).exists():
        steps.append((_("No look-up can be made at present: the issuer has no usable API key."), None))
    steps.append((_("An answer that arrives late still counts and may end the doubt at any time."), None))
    return steps


def _warnings(document: Document) -> list[tuple[str, datetime, bool]]:
    """Return at what time people are warned of this doubt, and whether they have been."""
    if document.status not in IN_DOUBT:
        return []
    rung = dict(document.doubt_alarms.open().values_list("kind", "raised_at"))
    labels = dict(document.doubt_alarms.model.Kind.choices)
    return [
        (str(labels[kind]), rung.get(kind) or document.status_since + age, kind in rung) for kind, age in AGES.items()
    ]


def _question(document: Document, attempt: Attempt | None) -> dict[str, Any] | None:
    """Return what a person is asked about a submission in doubt: what to look for, and what forbids an answer."""
    if document.status != Status.UNKNOWN or attempt is None or attempt.operation != Operation.SUBMIT:
        return None
    return {
        "since": attempt.started_at,
        "until": quiet_until(attempt, document.issuer),
        "blockers": sending_blockers(document, attempt),
    }
