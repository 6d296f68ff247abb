from datetime import UTC, datetime

import pytest

from billing.stripe_reversals import Given, movements
from billing.stripe_shapes import UnreadableShape

DAY = 1_795_219_200


def refund(number=1, amount=4000, status="succeeded", **more):
    return {"id": f"re_{number}", "amount": amount, "currency": "usd", "status": status, "created": DAY + number} | more


def note(number=1, total=4000, refunds=(), **more):
    named = [{"refund": key, "amount_refunded": amount, "type": "refund"} for key, amount in refunds]
    row = {"id": f"cn_{number}", "total": total, "currency": "usd", "status": "issued", "created": DAY + 100 + number}
    return row | {"refunds": named} | more


def read(begun=None, **given):
    found = movements(Given(**given), begun=begun or {})
    return [(each.key, each.amount, each.standing, [f"{kind}:{value}" for kind, value in each.ids]) for each in found]


def test_refunds_come_in_the_order_in_which_they_were_made():
    assert read(refunds=[refund(2, 100), refund(1, 300)]) == [
        ("refund:re_1", 300, "settled", ["refund:re_1"]),
        ("refund:re_2", 100, "settled", ["refund:re_2"]),
    ]


@pytest.mark.parametrize(
    ("status", "standing"),
    [
        ("succeeded", "settled"),
        ("pending", "pending"),
        ("requires_action", "pending"),
        ("failed", "undone"),
        ("canceled", "undone"),
    ],
)
def test_a_refund_is_as_sure_as_stripe_says(status, standing):
    assert [row[2] for row in read(refunds=[refund(status=status)])] == [standing]


def test_a_refund_made_through_a_credit_note_is_one_with_it():
    assert read(refunds=[refund()], credit_notes=[note(refunds=[("re_1", 4000)])]) == [
        ("credit_note:cn_1", 4000, "settled", ["credit_note:cn_1", "refund:re_1"])
    ]


def test_of_a_refund_that_a_credit_note_covers_in_part_the_rest_stands():
    found = read(refunds=[refund(amount=5000)], credit_notes=[note(refunds=[("re_1", 4000)])])
    assert [(key, amount) for key, amount, _standing, _ids in found] == [
        ("refund:re_1", 1000),
        ("credit_note:cn_1", 4000),
    ]


def test_a_credit_note_of_before_2024_names_one_refund():
    old = note(refund="re_1", refunds=())
    assert [row[0] for row in read(refunds=[refund()], credit_notes=[old])] == ["credit_note:cn_1"]


def test_a_credit_note_that_comes_after_the_remedy_of_its_refund_joins_it():
    found = read({"refund:re_1": 4000}, refunds=[refund()], credit_notes=[note(refunds=[("re_1", 4000)])])
    assert found == [("refund:re_1", 4000, "settled", ["refund:re_1", "credit_note:cn_1"])]


def test_what_such_a_credit_note_takes_back_beyond_the_refund_is_its_own():
    found = read({"refund:re_1": 4000}, refunds=[refund()], credit_notes=[note(total=6000, refunds=[("re_1", 4000)])])
    assert [(key, amount) for key, amount, _standing, _ids in found] == [
        ("refund:re_1", 4000),
        ("credit_note:cn_1", 2000),
    ]


def test_a_voided_credit_note_is_undone_and_covers_no_refund():
    found = read(refunds=[refund()], credit_notes=[note(status="void", refunds=[("re_1", 4000)])])
    assert [row[:3] for row in found] == [("refund:re_1", 4000, "settled"), ("credit_note:cn_1", 4000, "undone")]


def test_a_failed_refund_leaves_its_credit_note_standing():
    found = read(refunds=[refund(status="failed")], credit_notes=[note(refunds=[("re_1", 4000)])])
    assert [row[:3] for row in found] == [("refund:re_1", 4000, "undone"), ("credit_note:cn_1", 4000, "settled")]


@pytest.mark.parametrize(("status", "found"), [("lost", ["dispute:dp_1"]), ("won", []), ("needs_response", [])])
def test_only_a_lost_dispute_counts(status, found):
    dispute = {"id": "dp_1", "amount": 4000, "currency": "usd", "status": status, "created": DAY}
    assert [row[0] for row in read(disputes=[dispute])] == found


@pytest.mark.parametrize(("status", "source"), [("void", "void"), ("uncollectible", "written_off"), ("paid", None)])
def test_an_invoice_given_up_counts_whole(status, source):
    invoice = {"id": "in_1", "total": 11300, "currency": "usd", "status": status, "created": DAY}
    found = movements(Given(invoice=invoice), begun={})
    assert [(each.key, each.source, each.amount) for each in found] == (
        [("invoice:in_1", source, 11300)] if source else []
    )


def test_the_time_is_that_of_stripe():
    (only,) = movements(Given(refunds=[refund()]), begun={})
    assert only.occurred_at == datetime.fromtimestamp(DAY + 1, UTC)


@pytest.mark.parametrize("wrong", [{"amount": "40"}, {"amount": None}, {"created": None}])
def test_what_cannot_be_read_is_refused(wrong):
    with pytest.raises(UnreadableShape):
        read(refunds=[refund() | wrong])
