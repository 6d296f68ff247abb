"""Which step of a correction comes next: one function over the states of its documents, read anew at every look.

Nothing but these states says how far a correction is, so that a process that dies between any two statements leaves
nothing behind that the next look would not find.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from billing.corrections import Mending
from smartbill.lifecycle import Status


class CaseState(TextChoices):
    OPEN = "open", _("To be decided")
    PROPOSED = "proposed", _("Waits for a second person")
    UNDER_WAY = "under_way", _("Under way")
    PERSON = "person", _("With a person")
    DONE = "done", _("Corrected")
    DECLINED = "declined", _("Nothing changed")
    STOPPED = "stopped", _("Stopped")


class Act(StrEnum):
    """What the machine does next; each is done at most once."""

    INVALIDATE = "invalidate"
    CREDIT = "credit"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a correction stands: its state, the code that says what it waits for, and what the machine does now."""

    state: str
    code: str
    act: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The states that decide. `asked`: the invalidation was asked for. Empty: there is no such document."""

    mending: str
    original: str
    replacement: str = ""
    note: str = ""
    asked: bool = False


S = Status
WAITS = {
    S.READY: "{}_waits",
    S.SUBMITTING: "{}_sent",
    S.UNKNOWN: "{}_in_doubt",
    S.CONTINGENCY: "{}_without_seal",
}


def position_of(at: Situation) -> Position:
    """Return where a correction stands whose remedy was begun."""
    if at.mending in (Mending.REPLACE, Mending.REISSUE) and at.replacement != S.STAMPED:
        return _unfinished("replacement", at.replacement, is_original_gone=at.original == S.INVALIDATED)
    if at.mending in (Mending.REPLACE, Mending.INVALIDATE):
        return _invalidation(at)
    return _credit(at)


def _unfinished(what: str, status: str, *, is_original_gone: bool = False) -> Position:
    if status in WAITS:
        return Position(CaseState.UNDER_WAY, WAITS[Status(status)].format(what))
    if status in (S.HELD, S.REJECTED):
        return Position(CaseState.PERSON, f"{what}_refused")
    if status in (S.INVALIDATING, S.INVALIDATION_UNKNOWN):
        return Position(CaseState.UNDER_WAY, f"{what}_being_invalidated")
    if is_original_gone:
        return Position(CaseState.PERSON, "nothing_left")
    return Position(CaseState.STOPPED, f"{what}_given_up")


def _invalidation(at: Situation) -> Position:
    if at.original == S.INVALIDATED:
        return Position(CaseState.DONE, "replaced" if at.mending == Mending.REPLACE else "invalidated")
    if at.original in (S.INVALIDATING, S.INVALIDATION_UNKNOWN):
        return Position(CaseState.UNDER_WAY, f"original_{at.original}")
    if at.asked:
        return Position(CaseState.PERSON, "invalidation_refused")
    return Position(CaseState.UNDER_WAY, "original_to_invalidate", Act.INVALIDATE)


def _credit(at: Situation) -> Position:
    if not at.note:
        return Position(CaseState.UNDER_WAY, "note_to_issue", Act.CREDIT)
    if at.note == S.STAMPED:
        return Position(CaseState.DONE, "reissued" if at.mending == Mending.REISSUE else "credited")
    found = _unfinished("note", at.note)
    if found.state == CaseState.STOPPED and at.mending == Mending.REISSUE:
        # Both documents stand: that is no end.
        return Position(CaseState.PERSON, "two_in_force")
    return found
