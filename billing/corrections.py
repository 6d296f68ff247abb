"""What the law leaves to do about a document that is wrong: one table, read from the top, the first row that fits wins.

Pure: facts in, verdict out. It knows documents as `remedies.py` does. That table answers what went back at Stripe by
itself; this one answers a person who says what is to be mended.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing.correction_texts import REASONS
from billing.remedies import FINAL_KINDS, DocumentFacts
from smartbill.lifecycle import Kind, Status


class Wrong(TextChoices):
    """What is wrong, as the one who asks says it."""

    BUYER = "buyer", _("The buyer's name, number or address")
    KIND = "kind", _("The kind of document")
    AMOUNT = "amount", _("The amount or a line")
    NOT_OWED = "not_owed", _("It should not exist: nothing was sold, or everything went back")
    DUPLICATE = "duplicate", _("It is a second document for the same payment")
    OTHER = "other", _("Something else")


class Offer(StrEnum):
    """What the table leaves."""

    REMEDY = "remedy"
    WAIT = "wait"
    NOTHING = "nothing"
    PERSON = "person"


class Mending(TextChoices):
    """The remedies of a case."""

    REPLACE = "replace", _("Replace and invalidate")
    REISSUE = "reissue", _("Issue again and credit the old one")
    INVALIDATE = "invalidate", _("Invalidate")
    CREDIT_NOTE = "credit_note", _("Credit note by line")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """All that decides.

    `refunded` is what went back at Stripe and no remedy has followed yet, summed over `reversals` by their key;
    `all_back` that nothing of the sale is left there. `reversal_open`: a reversal goes on by itself or waits for an
    approval; `case_open`: another case of the sale is under way. `has_twin`: another document in force is for the same
    payment, as far as can be seen. `note_of_replaced`: a note takes back what another document took the place of.
    """

    wrong: str
    document: DocumentFacts
    at: datetime
    refunded: Decimal = Decimal(0)
    all_back: bool = False
    reversal_open: bool = False
    case_open: bool = False
    has_twin: bool = False
    note_of_replaced: bool = False
    reversals: Mapping[str, int] = field(default_factory=dict)

    @property
    def left(self) -> Decimal:
        """What live credit notes leave of the document."""
        return self.document.total - self.document.credited

    @property
    def is_unpaid(self) -> bool:
        """Whether nothing of what the document says was paid is here any more."""
        return self.all_back or self.refunded >= self.left

    @property
    def replaced_total(self) -> Decimal:
        """What a document in place of this one is over."""
        return self.document.total - (self.refunded if self.says(Wrong.AMOUNT) else Decimal(0))

    def says(self, *wrong: str) -> bool:
        return self.wrong in wrong

    def is_in(self, *statuses: str) -> bool:
        return self.document.status in statuses

    @property
    def is_final_kind(self) -> bool:
        return self.document.kind in FINAL_KINDS

    @property
    def is_plain(self) -> bool:
        """Whether no live credit note forbids an invalidation."""
        return not self.document.credited

    @property
    def may_invalidate(self) -> bool:
        """Whether any text still allows it: the authority decides, the preview says how sure it is."""
        return self.is_plain and _before(self.at, self.document.invalidate_last)

    @property
    def may_credit(self) -> bool:
        is_left = self.document.credited < self.document.total
        return self.document.kind == Kind.CCF and is_left and _before(self.at, self.document.credit_last)


def _before(at: datetime, end: datetime | None) -> bool:
    return end is not None and at <= end


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One row of the table; its code names the reason."""

    code: str
    fits: Callable[[CaseFacts], bool]
    offer: str
    mending: str = ""

    @property
    def reason(self) -> Promise:
        return REASONS[self.code]


S, W = Status, Wrong
DATA = (W.BUYER, W.KIND, W.OTHER)
"""What only another document can mend; no money is concerned."""

TABLE = (
    # What is not in force is not corrected.
    CaseRow("never_issued", lambda f: f.is_in(S.ABANDONED), Offer.NOTHING),
    CaseRow("not_issued", lambda f: f.is_in(S.HELD, S.READY, S.REJECTED), Offer.NOTHING),
    CaseRow("being_sent", lambda f: f.is_in(S.SUBMITTING), Offer.WAIT),
    CaseRow("in_doubt", lambda f: f.is_in(S.UNKNOWN), Offer.WAIT),
    CaseRow("seal_pending", lambda f: f.is_in(S.CONTINGENCY), Offer.WAIT),
    CaseRow("invalidated_already", lambda f: f.is_in(S.INVALIDATED), Offer.NOTHING),
    CaseRow("invalidation_waits", lambda f: f.is_in(S.INVALIDATING, S.INVALIDATION_UNKNOWN), Offer.WAIT),
    CaseRow("replaced_already", lambda f: f.document.is_replaced, Offer.NOTHING),
    # Two cases of one sale would each rest on a document that the other takes away.
    CaseRow("case_first", lambda f: f.case_open, Offer.WAIT),
    CaseRow("reversal_first", lambda f: f.reversal_open, Offer.WAIT),
    # A credit note is never replaced.
    CaseRow("note_of_replaced", lambda f: f.note_of_replaced, Offer.PERSON),
    CaseRow(
        "invalidate_note",
        lambda f: f.document.kind == Kind.CREDIT_NOTE and f.may_invalidate,
        Offer.REMEDY,
        Mending.INVALIDATE,
    ),
    CaseRow("too_late_note", lambda f: f.document.kind == Kind.CREDIT_NOTE, Offer.PERSON),
    CaseRow("credited_already", lambda f: f.document.credited >= f.document.total > 0, Offer.NOTHING),
    # It should not be there.
    CaseRow("refund_first", lambda f: f.says(W.NOT_OWED) and not f.is_unpaid, Offer.PERSON),
    CaseRow("no_twin", lambda f: f.says(W.DUPLICATE) and not f.has_twin, Offer.PERSON),
    CaseRow(
        "invalidate_it",
        lambda f: f.says(W.NOT_OWED, W.DUPLICATE) and f.may_invalidate,
        Offer.REMEDY,
        Mending.INVALIDATE,
    ),
    CaseRow("credit_it", lambda f: f.says(W.NOT_OWED, W.DUPLICATE) and f.may_credit, Offer.REMEDY, Mending.CREDIT_NOTE),
    # The amount.
    CaseRow(
        "untaxed_lines",
        lambda f: f.says(W.AMOUNT) and f.document.kind == Kind.CCF and f.document.only_whole,
        Offer.PERSON,
    ),
    CaseRow("credit_lines", lambda f: f.says(W.AMOUNT) and f.may_credit, Offer.REMEDY, Mending.CREDIT_NOTE),
    CaseRow("refund_part_first", lambda f: f.says(W.AMOUNT) and f.is_final_kind and not f.refunded, Offer.PERSON),
    CaseRow(
        "replace_rest",
        lambda f: f.says(W.AMOUNT) and f.is_final_kind and f.may_invalidate,
        Offer.REMEDY,
        Mending.REPLACE,
    ),
    # The data.
    CaseRow("notes_first", lambda f: f.says(*DATA) and not f.is_plain, Offer.PERSON),
    CaseRow("replace_it", lambda f: f.says(*DATA) and f.may_invalidate, Offer.REMEDY, Mending.REPLACE),
    CaseRow("reissue_it", lambda f: f.says(*DATA) and f.may_credit, Offer.REMEDY, Mending.REISSUE),
    CaseRow("too_late", lambda f: True, Offer.PERSON),
)


def mending_for(facts: CaseFacts) -> CaseRow:
    """Return the row that decides what can be done about a document under these facts."""
    return next(row for row in TABLE if row.fits(facts))
