"""Every row of the table of corrections, each by the facts that lead to it and to no row above; and every step."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from billing.correction_steps import Act, CaseState, Situation, position_of
from billing.correction_texts import NEXT, REASONS, WAITING
from billing.corrections import TABLE, CaseFacts, Mending, Offer, Wrong, mending_for
from billing.remedies import DocumentFacts
from smartbill.lifecycle import Kind, Status

NOW = datetime(2026, 11, 21, 18, tzinfo=UTC)
OWN = ("refunded", "all_back", "reversal_open", "case_open", "has_twin", "note_of_replaced")
LATER, EARLIER = NOW + timedelta(days=1), NOW - timedelta(seconds=1)


def facts(kind: str = "ccf", status: str = "stamped", *, wrong: str = "buyer", **changes: Any) -> CaseFacts:
    """A document of 113.00 with every window open."""
    about: dict[str, Any] = {
        "kind": kind,
        "status": status,
        "total": Decimal("113.00"),
        "invalidate_last": LATER,
        "credit_last": LATER,
    }
    own = {name: changes.pop(name) for name in OWN if name in changes}
    return CaseFacts(wrong=wrong, document=DocumentFacts(**{**about, **changes}), at=NOW, **own)


LATE: dict[str, Any] = {"invalidate_last": EARLIER}
CASES: dict[str, CaseFacts] = {
    "never_issued": facts(status="abandoned"),
    "not_issued": facts(status="rejected"),
    "being_sent": facts(status="submitting"),
    "in_doubt": facts(status="unknown"),
    "seal_pending": facts(status="contingency"),
    "invalidated_already": facts(status="invalidated"),
    "invalidation_waits": facts(status="invalidation_unknown"),
    "replaced_already": facts(is_replaced=True),
    "reversal_first": facts(reversal_open=True),
    "case_first": facts(case_open=True),
    "note_of_replaced": facts("credit_note", note_of_replaced=True),
    "invalidate_note": facts("credit_note"),
    "too_late_note": facts("credit_note", **LATE),
    "credited_already": facts(credited=Decimal("113.00")),
    "refund_first": facts(wrong="not_owed"),
    "invalidate_it": facts("factura", wrong="duplicate", has_twin=True),
    "no_twin": facts(wrong="duplicate"),
    "credit_it": facts(wrong="duplicate", has_twin=True, **LATE),
    "untaxed_lines": facts(wrong="amount", only_whole=True),
    "credit_lines": facts(wrong="amount"),
    "refund_part_first": facts("factura", wrong="amount"),
    "replace_rest": facts("export", wrong="amount", refunded=Decimal("40.00")),
    "notes_first": facts(credited=Decimal("1.00")),
    "replace_it": facts("factura"),
    "reissue_it": facts(**LATE),
    "too_late": facts("factura", **LATE),
}


def test_every_row_has_its_case_and_its_words() -> None:
    codes = [row.code for row in TABLE]
    assert sorted(codes) == sorted(CASES) == sorted(set(codes)) == sorted(REASONS)
    assert set(NEXT) == set(CaseState.values)


@pytest.mark.parametrize("code", CASES)
def test_the_facts_lead_to_the_row(code: str) -> None:
    row = mending_for(CASES[code])
    assert row.code == code
    assert (row.offer == Offer.REMEDY) is bool(row.mending)
    assert str(row.reason)


@pytest.mark.parametrize(
    ("given", "mending"),
    [
        (facts("factura", invalidate_last=NOW), Mending.REPLACE),
        (facts("factura", invalidate_last=None), ""),
        (facts(invalidate_last=None), Mending.REISSUE),
        (facts(invalidate_last=None, credit_last=EARLIER), ""),
        (facts(wrong="kind"), Mending.REPLACE),
        (facts(wrong="duplicate", has_twin=True), Mending.INVALIDATE),
        (facts(wrong="duplicate", has_twin=True, credited=Decimal("1.00")), Mending.CREDIT_NOTE),
        (facts("factura", wrong="duplicate", has_twin=True, **LATE), ""),
        (facts(wrong="not_owed", refunded=Decimal("112.99")), ""),
        (facts(wrong="not_owed", all_back=True), Mending.INVALIDATE),
        (facts(wrong="not_owed", refunded=Decimal("113.00")), Mending.INVALIDATE),
        (facts("factura", wrong="not_owed", refunded=Decimal("113.00")), Mending.INVALIDATE),
        (facts("factura", wrong="amount", refunded=Decimal("40.00"), **LATE), ""),
        (facts(wrong="amount", credit_last=EARLIER), ""),
        (facts(wrong="amount", credited=Decimal("112.99")), Mending.CREDIT_NOTE),
    ],
)
def test_the_edges_of_time_and_amount(given: CaseFacts, mending: str) -> None:
    assert mending_for(given).mending == mending


def test_nothing_is_offered_for_what_is_not_in_force_or_out_of_time() -> None:
    for kind, status, wrong in product(Kind.values, Status.values, Wrong.values):
        given = facts(kind, status, wrong=wrong, refunded=Decimal("40.00"))
        if status != Status.STAMPED:
            assert not mending_for(given).mending
        late = replace(given, document=replace(given.document, invalidate_last=EARLIER, credit_last=EARLIER))
        assert not mending_for(late).mending


def test_only_a_ccf_is_credited_and_a_note_is_never_replaced() -> None:
    for kind, wrong, late in product(Kind.values, Wrong.values, (EARLIER, LATER)):
        mending = mending_for(facts(kind, wrong=wrong, invalidate_last=late, refunded=Decimal(1))).mending
        if mending in (Mending.CREDIT_NOTE, Mending.REISSUE):
            assert kind == Kind.CCF
        if kind == Kind.CREDIT_NOTE:
            assert mending in ("", Mending.INVALIDATE)


# The steps ------------------------------------------------------------------------------------------------------------

NONE_OR_ANY = ["", *Status.values]


def test_every_position_has_its_words_and_no_step_leads_nowhere() -> None:
    for mending, original, first, note, asked in product(
        Mending.values, ["stamped", "invalidating", "invalidation_unknown", "invalidated"], Status.values, NONE_OR_ANY,
        (False, True),
    ):  # fmt: skip
        at = position_of(Situation(mending=mending, original=original, replacement=first, note=note, asked=asked))
        assert at.code in WAITING, at
        assert at.state in CaseState.values


def test_the_old_document_is_given_up_only_when_the_new_one_is_stamped() -> None:
    for mending, first, note, asked in product(
        (Mending.REPLACE, Mending.REISSUE), Status.values, NONE_OR_ANY, (False, True)
    ):
        at = position_of(Situation(mending=mending, original="stamped", replacement=first, note=note, asked=asked))
        if at.act:
            assert first == Status.STAMPED
            assert at.act == (Act.INVALIDATE if mending == Mending.REPLACE else Act.CREDIT)
        if at.state == CaseState.DONE:
            assert (first, note) == (Status.STAMPED, Status.STAMPED)


def test_an_invalidation_is_asked_for_once() -> None:
    given = Situation(mending=Mending.INVALIDATE, original="stamped")
    assert position_of(given).act == Act.INVALIDATE
    assert position_of(replace(given, asked=True)) == position_of(replace(given, asked=True, note="stamped"))
    assert position_of(replace(given, asked=True)).code == "invalidation_refused"


def test_two_documents_in_force_are_never_an_end() -> None:
    for note in Status.values:
        at = position_of(Situation(mending=Mending.REISSUE, original="stamped", replacement="stamped", note=note))
        assert at.state not in (CaseState.STOPPED, CaseState.DECLINED)
    for original, asked in product(["stamped", "invalidating", "invalidation_unknown"], (False, True)):
        at = position_of(Situation(mending=Mending.REPLACE, original=original, replacement="stamped", asked=asked))
        assert at.state in (CaseState.UNDER_WAY, CaseState.PERSON)
