"""Every row of the decision table, each by the facts that lead to it and to no row above."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from billing.remedies import (
    TABLE,
    DocumentFacts,
    Facts,
    Remedy,
    Source,
    Standing,
    State,
    happens_by_itself,
    needs_second_person,
    remedy_for,
)
from billing.remedy_texts import NEXT_STEPS, REASONS
from smartbill.lifecycle import Kind, Status

NOW = datetime(2026, 11, 21, 18, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(days=1), NOW - timedelta(seconds=1)


def facts(kind: str = "ccf", status: str = "stamped", *, document: Any = None, **changes: Any) -> Facts:
    """A settled refund of the whole of a document of 113.00, with every window open."""
    about: dict[str, Any] = {
        "kind": kind,
        "status": status,
        "total": Decimal("113.00"),
        "invalidate_until": LATER,
        "credit_until": LATER,
    }
    values: dict[str, Any] = {
        "source": Source.REFUND,
        "standing": Standing.SETTLED,
        "amount": Decimal("113.00"),
        "is_whole": True,
        "sale": "document",
        "at": NOW,
        "document": DocumentFacts(**{**about, **(document or {})}),
    }
    return Facts(**{**values, **changes})


PART: dict[str, Any] = {"amount": Decimal("40.00"), "is_whole": False}
CASES: dict[str, Facts] = {
    "undone_after_note": facts(begun=Remedy.CREDIT_NOTE, note="stamped", standing=Standing.UNDONE),
    "credited": facts(begun=Remedy.CREDIT_NOTE, note="stamped"),
    "note_invalidated": facts(begun=Remedy.CREDIT_NOTE, note="invalidated"),
    "note_abandoned": facts(begun=Remedy.CREDIT_NOTE, note="abandoned"),
    "note_held": facts(begun=Remedy.CREDIT_NOTE, note="rejected"),
    "note_under_way": facts(begun=Remedy.CREDIT_NOTE, note="unknown"),
    "undone_after_invalidation": facts(status="invalidated", begun=Remedy.INVALIDATE, standing=Standing.UNDONE),
    "invalidated": facts(status="invalidated", begun=Remedy.INVALIDATE),
    "invalidation_under_way": facts(status="invalidation_unknown", begun=Remedy.INVALIDATE),
    "undone_after_abandoning": facts(status="abandoned", begun=Remedy.ABANDON, standing=Standing.UNDONE),
    "undone_after_correction": facts(corrected=Decimal("40.00"), standing=Standing.UNDONE),
    "undone": facts(standing=Standing.UNDONE),
    "sale_pending": replace(facts(sale="pending"), document=None),
    "sale_held": replace(facts(sale="held"), document=None),
    "no_document": replace(facts(sale="not_applicable"), document=None),
    "never_issued": facts(status="abandoned"),
    "invalidated_already": facts(status="invalidated"),
    "beyond_sale": facts(amount=Decimal(0)),
    "credited_already": facts(document={"credited": Decimal("113.00")}),
    "stripe_pending": facts(standing=Standing.PENDING),
    "corrected_already": facts(foreseen=Decimal("40.00"), **PART),
    "correction_first": facts(correction_open=True),
    "written_off": facts(source=Source.WRITTEN_OFF),
    "nothing_to_issue": facts(status="held", earlier_open=True),
    "earlier_first": facts(earlier_open=True),
    "part_before_issue": facts(status="ready", **PART),
    "being_sent": facts(status="submitting"),
    "in_doubt": facts(status="unknown"),
    "seal_pending": facts(status="contingency"),
    "invalidation_waits": facts(status="invalidating"),
    "other_currency": facts(same_currency=False, **PART),
    "part_of_final": facts("factura", **PART),
    "refused_final": facts("factura", begun=Remedy.INVALIDATE),
    "invalidate_final": facts("export"),
    "too_late_final": facts("factura", document={"invalidate_until": EARLIER}),
    "other_kind": facts("credit_note"),
    "invalidate_ccf": facts(),
    "above_rest": facts(document={"credited": Decimal("80.00")}, **PART),
    "untaxed_lines": facts(document={"only_whole": True}, **PART),
    "too_late_ccf": facts(document={"credit_until": EARLIER}, **PART),
    "credit_whole": facts(document={"invalidate_until": EARLIER}),
    "credit_part": facts(**PART),
}


def test_every_row_has_its_case_and_its_words() -> None:
    codes = [row.code for row in TABLE]
    assert sorted(codes) == sorted(CASES) == sorted(set(codes))
    assert set(codes) <= set(REASONS)
    assert set(NEXT_STEPS) == set(State.values)


@pytest.mark.parametrize("code", CASES)
def test_the_facts_lead_to_the_row(code: str) -> None:
    row = next(row for row in TABLE if row.code == code)
    verdict = remedy_for(CASES[code])
    assert (verdict.code, verdict.state, verdict.remedy) == (code, row.state, row.remedy)
    assert str(verdict.reason)


def test_a_remedy_is_proposed_and_nothing_else_is() -> None:
    assert all((row.state == State.PROPOSED) is bool(row.remedy) for row in TABLE)


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        (facts("factura"), Remedy.INVALIDATE),
        (facts("factura", document={"invalidate_until": NOW}), Remedy.INVALIDATE),
        (facts("factura", document={"invalidate_until": None}), ""),
        (facts("factura", **PART), ""),
        (facts("export", **PART), ""),
        (facts(), Remedy.INVALIDATE),
        (facts(document={"invalidate_until": EARLIER}), Remedy.CREDIT_NOTE),
        (facts(document={"credited": Decimal("73.00")}, amount=Decimal("40.00")), Remedy.CREDIT_NOTE),
        (facts(begun=Remedy.INVALIDATE), Remedy.CREDIT_NOTE),
        (facts(**PART), Remedy.CREDIT_NOTE),
        (facts(document={"credit_until": None}, **PART), ""),
        (facts(status="rejected"), Remedy.ABANDON),
        (facts(status="rejected", **PART), ""),
        (facts(same_currency=False, document={"invalidate_until": EARLIER}), Remedy.CREDIT_NOTE),
    ],
)
def test_what_the_law_leaves(given: Facts, remedy: str) -> None:
    assert remedy_for(given).remedy == remedy


def test_the_last_part_of_a_ccf_with_untaxed_lines_credits_all_of_it() -> None:
    given = facts(amount=Decimal("13.00"), document={"only_whole": True, "invalidate_until": EARLIER})
    assert remedy_for(given).code == "credit_whole"
    assert given.note_amount == Decimal("113.00")


def test_no_facts_are_without_an_answer() -> None:
    """All kinds, states, standings and sources, begun or not: exactly one verdict, never one against the law."""
    tried = product(Kind.values, Status.values, Standing.values, Source.values, ["", *Remedy.values], [True, False])
    for kind, status, standing, source, begun, whole in tried:
        given = facts(kind, status, standing=standing, source=source, begun=begun, is_whole=whole)
        verdict = remedy_for(given)
        if verdict.remedy == Remedy.CREDIT_NOTE:
            assert (kind, status, standing) == ("ccf", "stamped", "settled")
        elif verdict.remedy == Remedy.INVALIDATE:
            assert (status, standing, whole) == ("stamped", "settled", True)
        elif verdict.remedy == Remedy.ABANDON:
            assert status in ("held", "ready", "rejected")


@pytest.mark.parametrize(
    ("given", "automatic", "limit", "by_itself"),
    [
        (facts(**PART), True, None, True),
        (facts(**PART), False, None, False),
        (facts(**PART), True, Decimal("113.00"), True),
        (facts(**PART), True, Decimal("112.99"), False),
        (facts(source=Source.CREDIT_NOTE, **PART), True, None, True),
        (facts(source=Source.DISPUTE, **PART), True, None, False),
        (facts(source=Source.VOID), True, None, False),
        (facts(status="held"), False, Decimal(0), True),
        (facts(status="held", source=Source.DISPUTE), True, None, False),
        (facts("factura", **PART), True, None, False),
    ],
)
def test_what_needs_no_person(given: Facts, automatic: bool, limit: Decimal | None, by_itself: bool) -> None:
    assert happens_by_itself(remedy_for(given), given, automatic=automatic, limit=limit) is by_itself


def test_a_second_person_is_needed_above_the_amount_only() -> None:
    assert [needs_second_person(facts(), limit=limit) for limit in (None, Decimal(113), Decimal("112.99"))] == [
        False,
        False,
        True,
    ]
