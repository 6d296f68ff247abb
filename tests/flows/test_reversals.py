"""Money goes back at Stripe, and the document is corrected at the authority: both stand-ins over HTTP."""

from decimal import Decimal

import pytest

from billing.models import Reversal, ReversalAlias
from billing.services.approve_reversal import approve_reversal
from billing.services.settle_reversal import decide_again, settle_reversal
from notifications.models import Message
from smartbill.models import Document
from smartbill.providers.el_salvador.sandbox import SandboxControl
from smartbill.services.abandon import abandon_document
from smartbill.services.correct import correct_document
from tests.flows.engine import work
from tests.flows.purchases import decide_all
from tests.flows.reversals import Story, look, settle_down

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def oracle(smartbill_sandbox):
    return SandboxControl(smartbill_sandbox.url)


def test_a_full_refund_of_a_factura_is_an_invalidation(shop, oracle):
    story = Story(shop).stamp()
    story.refund()
    story.tell()
    settle_down()
    assert story.outcome() == [("done", "invalidated", "invalidate")]
    assert story.document.status == "invalidated"
    assert oracle.documents()[0].invalidated_at is not None
    assert Message.objects.count() == 1


def test_a_partial_refund_of_a_ccf_is_a_credit_note_that_reaches_the_customer(shop, oracle):
    story = Story(shop, company=True).stamp()
    story.refund(3333)
    story.tell()
    settle_down()
    assert story.outcome() == [("done", "credited", "credit_note")]
    (note,) = story.notes
    assert (note.kind, note.status, note.total, note.corrects) == (
        "credit_note", "stamped", Decimal("33.33"), story.document,
    )  # fmt: skip
    assert note.difference == ""
    assert note.control_number.startswith("DTE-05-")
    assert story.document.credited == Decimal("33.33")
    issued = [row for row in oracle.documents() if row.kind == "credit_note"]
    assert [(row.total, row.related) for row in issued] == [(Decimal("33.33"), story.document.generation_code)]
    assert Message.objects.count() == 2
    assert note.links.count() == 1


def test_a_full_refund_of_a_ccf_is_an_invalidation_at_once_and_a_credit_note_later(shop, oracle):
    story = Story(shop, company=True).stamp()
    story.too_late_to_invalidate()
    story.refund()
    story.tell()
    settle_down()
    assert story.outcome() == [("done", "credited", "credit_note")]
    assert (story.document.status, story.document.credited) == ("stamped", Decimal("113.00"))
    printed = story.notes[0].revisions.get().draft.lines
    assert [line.description for line in printed] == ["Licencia"]


def test_on_the_same_day_the_whole_ccf_is_invalidated(shop, oracle):
    story = Story(shop, company=True).stamp()
    story.refund()
    story.tell()
    settle_down()
    assert story.outcome() == [("done", "invalidated", "invalidate")]
    assert story.notes == []


def test_several_refunds_are_several_notes_that_sum_to_the_sale(shop, oracle):
    story = Story(shop, company=True).stamp()
    for amount in (3333, 3333, 4634):
        story.refund(amount)
    story.tell()
    settle_down()
    assert {row[0] for row in story.outcome()} <= {"done", "under_way", "waiting"}
    for _round in range(3):
        settle_down()
    assert story.outcome() == [("done", "credited", "credit_note")] * 3
    assert sorted(note.total for note in story.notes) == [Decimal("33.33"), Decimal("33.33"), Decimal("46.34")]
    assert story.document.credited == story.document.total


def test_two_parts_of_a_factura_that_make_up_the_whole_invalidate_it_once(shop, oracle):
    story = Story(shop).stamp()
    story.refund(5000)
    story.tell()
    settle_down()
    assert story.outcome() == [("person", "part_of_final", "")]
    story.refund(6300)
    story.tell()
    settle_down()
    assert story.outcome() == [("nothing", "invalidated_already", ""), ("done", "invalidated", "invalidate")]


def test_a_refund_before_the_document_is_sent_leaves_nothing_to_issue(shop, oracle):
    story = Story(shop, corrections="propose")
    story.refund()
    story.tell()
    settle_down()
    assert story.outcome() == [("nothing", "never_issued", "abandon")]
    assert story.document.status == "abandoned"
    assert oracle.documents() == []


def test_what_went_back_before_the_decision_is_corrected_should_a_person_issue_it(shop, oracle, admin_user):
    story = Story(shop, company=True, decided=False)
    intent = story.intent
    story.told |= {event["id"] for event in shop.get("events", limit=100)["data"]}
    shop.refund(payment_intent=intent, amount=4000)
    decide_all()
    settle_down()
    assert (story.document.status, story.outcome()) == ("held", [("waiting", "part_before_issue", "")])
    draft = story.document.revisions.get().draft
    correct_document(story.document, draft=draft, actor=admin_user, reason="Issue the whole sale")
    work()
    settle_down()
    assert story.outcome() == [("done", "credited", "credit_note")]
    assert story.document.credited == Decimal("40.00")


def test_a_correction_waits_for_the_seal_of_the_original(shop, oracle):
    story = Story(shop, company=True)
    oracle.hacienda(up=False)
    work()
    story.refund(4000)
    story.tell()
    settle_down()
    assert (story.document.status, story.outcome()) == ("contingency", [("waiting", "seal_pending", "")])
    assert story.notes == []
    oracle.hacienda(up=True)
    oracle.regularise()
    for _round in range(2):
        Document.objects.update(next_at=None)
        Document.objects.filter(status="contingency").update(next_at="2026-01-01T00:00:00Z")
        work()
        settle_down()
    assert story.outcome() == [("done", "credited", "credit_note")]


def test_a_refund_through_a_credit_note_is_one_reversal(shop, oracle):
    story = Story(shop, company=True).stamp()
    story.credit(4000, refund_amount=4000)
    story.tell(seed=1, twice=True)
    settle_down()
    assert story.outcome() == [("done", "credited", "credit_note")]
    assert [note.total for note in story.notes] == [Decimal("40.00")]
    assert sorted(ReversalAlias.objects.values_list("kind", flat=True)) == ["credit_note", "refund"]


@pytest.mark.parametrize("corrections", ["propose", "automatic"])
def test_a_credit_note_made_of_an_earlier_refund_joins_it(shop, oracle, corrections):
    story = Story(shop, company=True, corrections=corrections).stamp()
    refund = story.refund(4000)
    story.tell()
    settle_down()
    story.credit(4000, refunds=[{"refund": refund["id"], "amount_refunded": 4000}])
    story.tell(twice=True)
    settle_down()
    row = Reversal.objects.get()
    assert sorted(row.aliases.values_list("kind", flat=True)) == ["credit_note", "refund"]
    proposed = corrections == "propose"
    assert row.key.startswith("credit_note:" if proposed else "refund:")
    assert len(story.notes) == (0 if proposed else 1)


def test_a_refund_that_fails_before_it_was_acted_on_changes_nothing(shop, oracle):
    story = Story(shop, corrections="propose").stamp()
    refund = story.refund()
    story.tell()
    settle_down()
    assert story.outcome() == [("proposed", "invalidate_final", "invalidate")]
    shop.control(f"refunds/{refund['id']}/fail")
    story.tell()
    settle_down()
    assert story.outcome() == [("nothing", "undone", "")]
    assert story.document.status == "stamped"


def test_a_refund_that_fails_afterwards_goes_to_a_person(shop, oracle):
    story = Story(shop).stamp()
    refund = story.refund()
    story.tell()
    settle_down()
    shop.control(f"refunds/{refund['id']}/fail")
    story.tell()
    settle_down()
    assert story.outcome() == [("person", "undone_after_invalidation", "invalidate")]


def test_a_lost_dispute_is_proposed_whatever_the_policy(shop, oracle, admin_user):
    story = Story(shop).stamp()
    charge = story.sale.aliases.get(kind="charge").stripe_id
    dispute = shop.control(f"charges/{charge}/dispute")
    story.tell()
    settle_down()
    assert story.outcome() == []
    shop.control(f"disputes/{dispute['id']}/close", status="lost")
    story.tell()
    settle_down()
    assert story.outcome() == [("proposed", "invalidate_final", "invalidate")]
    approve_reversal(Reversal.objects.get(), actor=admin_user, reason="The bank has decided")
    settle_down()
    assert story.outcome() == [("done", "invalidated", "invalidate")]
    assert Reversal.objects.get().approved_by == admin_user


def test_without_a_manager_key_a_person_is_told_why_and_it_goes_on_by_itself(shop, oracle):
    story = Story(shop, roles=("transmitter",)).stamp()
    story.refund()
    story.tell()
    settle_down()
    row = Reversal.objects.get()
    assert (row.state, row.code, row.begun_at) == ("person", "blocked", None)
    assert "manager" in row.reason


def test_a_refused_invalidation_of_a_ccf_becomes_a_credit_note(shop, oracle):
    story = Story(shop, company=True).stamp()
    oracle.fault("reject_data", route="invalidate")
    story.refund()
    story.tell()
    for _round in range(2):
        settle_down()
    assert story.outcome() == [("done", "credited", "credit_note")]
    assert story.document.status == "stamped"


def test_a_refused_note_waits_on_its_own_page_and_frees_its_amount_when_abandoned(shop, oracle, admin_user):
    story = Story(shop, company=True).stamp()
    oracle.fault("reject_data", route="credit_note")
    story.refund(4000)
    story.tell()
    settle_down()
    assert story.outcome() == [("person", "note_held", "credit_note")]
    assert story.document.credited == Decimal("40.00")
    abandon_document(story.notes[0], actor=admin_user, reason="Made by hand")
    look()
    assert story.outcome() == [("person", "note_abandoned", "credit_note")]
    assert story.document.credited == 0
    decide_again(Reversal.objects.get(), actor=admin_user, reason="Once more")
    settle_down()
    assert story.outcome() == [("done", "credited", "credit_note")]
    assert [note.status for note in story.notes] == ["abandoned", "stamped"]


def test_an_answer_lost_on_the_wire_never_makes_a_second_note(shop, oracle):
    story = Story(shop, company=True).stamp()
    oracle.fault("reset_after", route="credit_note")
    story.refund(4000)
    story.tell()
    settle_down()
    assert story.outcome() == [("under_way", "note_under_way", "credit_note")]
    assert story.notes[0].status == "unknown"
    assert [call.route for call in oracle.calls()].count("credit_note") == 1


def test_what_a_person_settled_stays_settled(shop, oracle, admin_user):
    story = Story(shop).stamp()
    story.refund(4000)
    story.tell()
    settle_down()
    settle_reversal(Reversal.objects.get(), actor=admin_user, reason="Left as it is")
    story.tell(twice=True)
    settle_down()
    row = Reversal.objects.get()
    assert (row.state, row.code, row.reason) == ("nothing", "settled", "Left as it is")


@pytest.mark.parametrize("seed", range(6))
def test_no_disorder_and_no_repetition_makes_a_second_remedy(shop, oracle, seed):
    """A credit note with its refund and a second refund: always two reversals, two notes, the same amounts."""
    story = Story(shop, company=True)
    if seed % 2:
        story.stamp()
    story.credit(4000, refund_amount=4000)
    story.refund(2500)
    story.told = set()
    story.tell(seed=seed, twice=True, between=look)
    story.stamp()
    for _round in range(3):
        settle_down()
    story.told = set()
    story.tell(seed=seed + 100)
    settle_down()
    assert story.outcome() == [("done", "credited", "credit_note")] * 2
    assert sorted(note.total for note in story.notes) == [Decimal("25.00"), Decimal("40.00")]
    assert [row.kind for row in oracle.documents()].count("credit_note") == 2


def test_a_refund_of_a_payment_that_nobody_announced_is_left_alone(shop, oracle):
    story = Story(shop)
    intent = shop.pay_intent(500, description="Till")
    shop.refund(payment_intent=intent["id"])
    for event in shop.get("events", limit=100)["data"]:
        if event["type"] == "payment_intent.succeeded":
            story.told.add(event["id"])
    story.tell()
    settle_down()
    assert story.outcome() == []
