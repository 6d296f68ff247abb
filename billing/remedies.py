"""What the law leaves to do when money of a sale went back: one table, read from the top, the first row that fits wins.

Pure: facts in, verdict out. Deadlines come in as moments; what a verdict asks for is carried out elsewhere.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing.remedy_texts import REASONS
from smartbill.lifecycle import Kind, Status


class Source(TextChoices):
    """What happened at Stripe."""

    REFUND = "refund", _("Refund")
    CREDIT_NOTE = "credit_note", _("Credit note")
    DISPUTE = "dispute", _("Lost dispute")
    VOID = "void", _("Invoice voided")
    WRITTEN_OFF = "written_off", _("Invoice written off")


class Standing(TextChoices):
    """How sure it is at Stripe."""

    PENDING = "pending", _("Under way")
    SETTLED = "settled", _("Final")
    UNDONE = "undone", _("Taken back")


class State(TextChoices):
    WAITING = "waiting", _("Waiting")
    PROPOSED = "proposed", _("Proposed")
    UNDER_WAY = "under_way", _("Under way")
    DONE = "done", _("Done")
    NOTHING = "nothing", _("Nothing to do")
    PERSON = "person", _("With a person")


class Remedy(TextChoices):
    ABANDON = "abandon", _("Issue nothing")
    INVALIDATE = "invalidate", _("Invalidation")
    CREDIT_NOTE = "credit_note", _("Credit note")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFacts:
    """The document of the sale, in units of its currency. `…_until` is the end of the safe time and None where no rule
    allows that act, `…_last` the last moment that any text allows.

    `only_whole`: no part of it can be credited. `is_replaced`: another one stands, or is to stand, in its place.
    """

    kind: str
    status: str
    total: Decimal
    credited: Decimal = Decimal(0)
    only_whole: bool = False
    invalidate_until: datetime | None = None
    credit_until: datetime | None = None
    invalidate_last: datetime | None = None
    credit_last: datetime | None = None
    is_replaced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that decides. `amount` is what counts of the reversal within the sale, in units of its currency.

    `is_whole`: together with the earlier ones it takes back the whole sale. `earlier_open`: an earlier reversal of the
    sale still waits or is under way. `begun` and `note` are the remedy begun for this very reversal, and the status of
    its credit note. `correction_open`: a case of the same document is under way. `foreseen` is what a case has taken
    out of the documents of the sale already, and no other reversal accounts for; `corrected` what this one accounted
    for when it was last looked at.
    """

    source: str
    standing: str
    amount: Decimal
    is_whole: bool
    sale: str
    at: datetime
    document: DocumentFacts | None = None
    same_currency: bool = True
    earlier_open: bool = False
    begun: str = ""
    note: str = ""
    correction_open: bool = False
    foreseen: Decimal = Decimal(0)
    corrected: Decimal = Decimal(0)

    @property
    def covered(self) -> Decimal:
        """What of it a correction has taken out of the documents already."""
        return min(self.foreseen, self.amount)

    @property
    def owed(self) -> Decimal:
        """What of it the documents do not show yet."""
        return self.amount - self.covered

    @property
    def left(self) -> Decimal:
        """What live credit notes leave of the document."""
        return self.document.total - self.document.credited if self.document else Decimal(0)

    @property
    def whole(self) -> Decimal:
        """The total of the document."""
        return self.document.total if self.document else Decimal(0)

    @property
    def note_amount(self) -> Decimal:
        """What a credit note would be over: the whole document where only that can be, or can be told."""
        document = self.document
        if document and self.is_whole and not document.credited and (document.only_whole or not self.same_currency):
            return document.total
        return self.owed

    def status_in(self, *statuses: str) -> bool:
        return self.document is not None and self.document.status in statuses

    def kind_in(self, *kinds: str) -> bool:
        return self.document is not None and self.document.kind in kinds

    def in_time(self, act: str) -> bool:
        until = getattr(self.document, f"{act}_until", None)
        return until is not None and self.at <= until


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of a reversal now. With a `remedy`, somebody has to let it happen: the policy or a person."""

    state: str
    code: str
    remedy: str = ""

    @property
    def reason(self) -> Promise:
        return REASONS[self.code]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table; its code names the reason."""

    code: str
    fits: Callable[[Facts], bool]
    state: str
    remedy: str = ""


S = Status
FINAL_KINDS = (Kind.FACTURA, Kind.EXPORT)
"""Kinds that no credit note can correct."""
BY_REFUND: Collection[str] = (Source.REFUND, Source.CREDIT_NOTE)
"""What the seller decided at Stripe; the rest was decided by others, so a person looks at it first."""


def _refused(facts: Facts) -> bool:
    """An invalidation was begun for it, and the document is stamped still: refused, withdrawn, or never sent."""
    return facts.begun == Remedy.INVALIDATE


def _gone(facts: Facts) -> bool:
    return facts.standing == Standing.UNDONE


TABLE = (
    # The remedy that was begun decides, whatever is heard afterwards.
    Row("undone_after_note", lambda f: f.note == S.STAMPED and _gone(f), State.PERSON),
    Row("credited", lambda f: f.note == S.STAMPED, State.DONE),
    Row("note_invalidated", lambda f: f.note == S.INVALIDATED, State.PERSON),
    Row("note_abandoned", lambda f: f.note == S.ABANDONED, State.PERSON),
    Row("note_held", lambda f: f.note in (S.HELD, S.REJECTED), State.PERSON),
    Row("note_under_way", lambda f: bool(f.note), State.UNDER_WAY),
    Row(
        "undone_after_invalidation",
        lambda f: f.begun == Remedy.INVALIDATE and f.status_in(S.INVALIDATED) and _gone(f),
        State.PERSON,
    ),
    Row("invalidated", lambda f: f.begun == Remedy.INVALIDATE and f.status_in(S.INVALIDATED), State.DONE),
    Row(
        "invalidation_under_way",
        lambda f: f.begun == Remedy.INVALIDATE and f.status_in(S.INVALIDATING, S.INVALIDATION_UNKNOWN),
        State.UNDER_WAY,
    ),
    Row("undone_after_abandoning", lambda f: f.begun == Remedy.ABANDON and _gone(f), State.PERSON),
    # A correction took it out of the documents, and then the money stayed after all.
    Row("undone_after_correction", lambda f: f.corrected > 0 and _gone(f), State.PERSON),
    # Nothing was begun: is there anything to correct?
    Row("undone", _gone, State.NOTHING),
    Row("sale_pending", lambda f: f.sale == "pending", State.WAITING),
    Row("sale_held", lambda f: f.sale == "held", State.WAITING),
    Row("no_document", lambda f: f.document is None, State.NOTHING),
    Row("never_issued", lambda f: f.status_in(S.ABANDONED), State.NOTHING),
    Row("invalidated_already", lambda f: f.status_in(S.INVALIDATED), State.NOTHING),
    Row("beyond_sale", lambda f: f.amount <= 0, State.NOTHING),
    Row("credited_already", lambda f: f.status_in(S.STAMPED) and f.left <= 0, State.NOTHING),
    Row("stripe_pending", lambda f: f.standing == Standing.PENDING, State.WAITING),
    # Only its end says what a correction took out.
    Row("correction_first", lambda f: f.correction_open, State.WAITING),
    Row("corrected_already", lambda f: f.owed <= 0, State.NOTHING),
    Row("written_off", lambda f: f.source == Source.WRITTEN_OFF, State.PERSON),
    Row(
        "nothing_to_issue",
        lambda f: f.is_whole and f.status_in(S.HELD, S.READY, S.REJECTED),
        State.PROPOSED,
        Remedy.ABANDON,
    ),
    # One after the other, and the original first: what is not issued is not corrected.
    Row("earlier_first", lambda f: f.earlier_open, State.WAITING),
    Row("part_before_issue", lambda f: f.status_in(S.HELD, S.READY, S.REJECTED), State.WAITING),
    Row("being_sent", lambda f: f.status_in(S.SUBMITTING), State.WAITING),
    Row("in_doubt", lambda f: f.status_in(S.UNKNOWN), State.WAITING),
    Row("seal_pending", lambda f: f.status_in(S.CONTINGENCY), State.WAITING),
    Row("invalidation_waits", lambda f: f.status_in(S.INVALIDATING, S.INVALIDATION_UNKNOWN), State.WAITING),
    # It is stamped and in force.
    Row(
        "other_currency",
        lambda f: not f.same_currency and not (f.is_whole and f.document is not None and not f.document.credited),
        State.PERSON,
    ),
    Row("part_of_final", lambda f: f.kind_in(*FINAL_KINDS) and not f.is_whole, State.PERSON),
    Row("refused_final", lambda f: f.kind_in(*FINAL_KINDS) and _refused(f), State.PERSON),
    Row(
        "invalidate_final",
        lambda f: f.kind_in(*FINAL_KINDS) and f.in_time("invalidate"),
        State.PROPOSED,
        Remedy.INVALIDATE,
    ),
    Row("too_late_final", lambda f: f.kind_in(*FINAL_KINDS), State.PERSON),
    Row("other_kind", lambda f: not f.kind_in(Kind.CCF), State.PERSON),
    Row(
        "invalidate_ccf",
        lambda f: f.is_whole and f.left == f.whole and not _refused(f) and f.in_time("invalidate"),
        State.PROPOSED,
        Remedy.INVALIDATE,
    ),
    Row("above_rest", lambda f: f.note_amount > f.left, State.PERSON),
    Row(
        "untaxed_lines",
        lambda f: f.document is not None and f.document.only_whole and f.note_amount != f.document.total,
        State.PERSON,
    ),
    Row("too_late_ccf", lambda f: not f.in_time("credit"), State.PERSON),
    Row("credit_whole", lambda f: f.note_amount == f.whole, State.PROPOSED, Remedy.CREDIT_NOTE),
    Row("credit_part", lambda f: True, State.PROPOSED, Remedy.CREDIT_NOTE),
)


def remedy_for(facts: Facts) -> Verdict:
    """Return what becomes of a reversal under these facts."""
    row = next(row for row in TABLE if row.fits(facts))
    return Verdict(state=row.state, code=row.code, remedy=row.remedy)


def happens_by_itself(verdict: Verdict, facts: Facts, *, automatic: bool, limit: Decimal | None) -> bool:
    """Tell whether a remedy needs no person: `automatic` is the issuer's policy, which ends above `limit`.

    Nothing is ever issued for what was refunded before: that needs no policy.
    """
    if not verdict.remedy or facts.source not in BY_REFUND:
        return False
    if verdict.remedy == Remedy.ABANDON:
        return True
    return automatic and not needs_second_person(facts, limit=limit)


def needs_second_person(facts: Facts, *, limit: Decimal | None) -> bool:
    """Tell whether one person's approval is not enough: an invalidation counts with the whole document."""
    return limit is not None and facts.whole > limit
