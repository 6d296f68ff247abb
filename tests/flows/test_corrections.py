"""Corrections from what a person says to what the authority holds: in the legal order, each step once."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now

from billing.models import Correction, Reversal
from billing.reduction import reduced
from billing.services.decide_correction import (
    confirm_correction,
    decline_correction,
    fingerprint,
    propose_credit,
    propose_invalidation,
    propose_replacement,
)
from billing.services.open_correction import ask_for_correction, open_correction
from billing.services.pursue_due_corrections import pursue_due_corrections
from billing.services.stop_correction import stop_correction, try_again
from notifications.emails import render
from notifications.models import Message
from smartbill.models import Document
from smartbill.services.abandon import abandon_document
from tests.factories.documents import make_document
from tests.flows.conftest import member
from tests.flows.engine import bring_forward, work
from tests.flows.reversals import Story, look, settle_down

pytestmark = pytest.mark.django_db(transaction=True)


def pursue():
    """Let a worker look at every case now, whatever its time."""
    Correction.objects.filter(next_at__isnull=False).update(next_at=now())
    pursue_due_corrections()


def finish():
    """Let workers do everything, until the cases are over or wait for a person."""
    for _round in range(5):
        work()
        pursue()


def opened(story, wrong="buyer", by=None):
    return open_correction(story.document, wrong=wrong, statement="Es incorrecto", actor=by or member("Finance clerk"))


def renamed(document, name="Ana María López de Peña"):
    draft = document.revisions.get(number=document.revision).draft
    # Without an identity the authority would not learn the name.
    return replace(draft, party=replace(draft.party, name=name, tax_id="000000000", tax_id_type="dui"))


def mended(story, manager, **more):
    """Open a case and decide that the buyer's name is replaced."""
    case = opened(story)
    propose_replacement(case, draft=renamed(case.document), actor=manager, reason="Agreed", **more)
    return case


def both(case):
    case.refresh_from_db()
    case.document.refresh_from_db()
    case.replacement.refresh_from_db()
    return case.document, case.replacement


def test_the_replacement_is_stamped_before_the_old_one_is_invalidated_and_the_customer_is_told_once(
    shop, oracle, manager
):
    story = Story(shop).stamp()
    story_document = story.document
    case = mended(story, manager, answer="Con gusto.")
    assert (case.state, case.code, case.replacement.status) == ("under_way", "replacement_waits", "ready")
    finish()
    old, new = both(case)
    assert (old.status, new.status, case.state, case.code) == ("invalidated", "stamped", "done", "replaced")
    assert (new.replaces, new.source, new.purpose) == (old, old.source, f"replace:{case.pk}")
    assert new.customer_name == "Ana María López de Peña"
    calls = [call.route for call in oracle.calls() if call.route in ("factura", "invalidate")]
    assert calls == ["factura", "factura", "invalidate"]
    held = {row.code: row for row in oracle.documents()}
    assert held[old.generation_code].invalidated_at is not None
    assert held[new.generation_code].invalidated_at is None
    assert held[new.generation_code].sealed_at <= held[old.generation_code].invalidated_at
    story.sale.refresh_from_db()
    assert story.sale.document == new
    (answer,) = Message.objects.filter(template="correction_answer")
    assert (answer.reference, answer.recipient, answer.language) == (
        f"correction:{case.pk}", "ana@example.com", new.language,
    )  # fmt: skip
    assert (answer.context["replaced"], answer.context["answer"]) == (True, "Con gusto.")
    assert Message.objects.filter(template="document_issued").count() == 1
    codes = list(case.events.values_list("code", flat=True))
    assert codes[:2] == ["asked", "asked"]
    assert codes[2:] == ["replacement_waits", "original_invalidating", "replaced"]
    assert story_document.pk == old.pk


def counting():
    return {row.pk for row in Document.objects.with_counts().filter(counts=True)}


def test_at_every_moment_exactly_one_document_of_the_sale_counts(shop, oracle, manager):
    story = Story(shop).stamp()
    case = mended(story, manager)
    assert counting() == {case.document_id}
    work()
    old, new = both(case)
    assert (old.status, new.status) == ("stamped", "stamped")
    assert counting() == {old.pk}
    pursue()
    assert counting() == {old.pk}
    work()
    pursue()
    assert counting() == {new.pk}


def test_the_old_one_cannot_be_invalidated_while_the_replacement_has_no_seal(shop, oracle, manager):
    story = Story(shop).stamp()
    oracle.hacienda(up=False)
    case = mended(story, manager)
    work()
    pursue()
    old, new = both(case)
    assert (old.status, new.status, case.code) == ("stamped", "contingency", "replacement_without_seal")
    oracle.hacienda(up=True)
    oracle.regularise()
    bring_forward(new)
    finish()
    old, new = both(case)
    assert (old.status, new.status, case.state) == ("invalidated", "stamped", "done")


def test_a_refused_replacement_waits_for_a_person_and_the_old_one_stays(shop, oracle, manager):
    story = Story(shop).stamp()
    oracle.fault("reject_data", route="factura")
    case = mended(story, manager)
    finish()
    old, new = both(case)
    assert (old.status, new.status, case.state, case.code) == ("stamped", "rejected", "person", "replacement_refused")
    abandon_document(new, actor=manager, reason="Not needed")
    pursue()
    old, new = both(case)
    assert (case.state, case.code, old.status) == ("stopped", "replacement_given_up", "stamped")
    again = mended(story, manager)
    finish()
    again.refresh_from_db()
    assert again.state == "done"


def test_a_refused_invalidation_waits_for_a_person_who_has_it_tried_again(shop, oracle, manager):
    story = Story(shop).stamp()
    oracle.fault("reject_data", route="invalidate")
    case = mended(story, manager)
    finish()
    old, new = both(case)
    assert (old.status, new.status, case.state, case.code) == ("stamped", "stamped", "person", "invalidation_refused")
    assert [call.route for call in oracle.calls()].count("invalidate") == 1
    assert Message.objects.filter(template="correction_answer").count() == 0
    try_again(case, actor=manager, reason="They have mended it")
    finish()
    old, new = both(case)
    assert (old.status, case.state) == ("invalidated", "done")


def test_a_lost_answer_to_the_replacement_is_never_sent_again_by_itself(shop, oracle, manager):
    story = Story(shop).stamp()
    oracle.fault("reset_after", route="factura")
    case = mended(story, manager)
    finish()
    _old, new = both(case)
    assert (new.status, case.state, case.code) == ("unknown", "under_way", "replacement_in_doubt")
    assert oracle.calls_by_reference()[new.reference] == 1


def test_it_can_be_stopped_before_the_replacement_is_sent_and_not_after(shop, oracle, manager):
    story = Story(shop).stamp()
    case = mended(story, manager)
    stop_correction(case, actor=manager, reason="The customer was wrong")
    finish()
    old, new = both(case)
    assert (old.status, new.status, case.state) == ("stamped", "abandoned", "stopped")
    again = mended(story, manager)
    work()
    with pytest.raises(Exception, match="On its own page|on its own page"):
        stop_correction(again, actor=manager, reason="Too late")
    finish()
    again.refresh_from_db()
    assert again.state == "done"


def test_a_clerk_proposes_and_a_manager_confirms(shop, oracle, manager):
    story = Story(shop).stamp()
    clerk = member("Finance clerk")
    case = opened(story, by=clerk)
    assert propose_replacement(case, draft=renamed(case.document), actor=clerk, reason="Look") is True
    finish()
    case.refresh_from_db()
    assert (case.state, case.replacement) == ("proposed", None)
    confirm_correction(case, seen=fingerprint(case), actor=manager, reason="Yes")
    finish()
    case.refresh_from_db()
    assert (case.state, case.proposed_by, case.confirmed_by) == ("done", clerk, manager)


def test_above_the_issuers_amount_nobody_decides_alone(shop, oracle, manager):
    story = Story(shop, second_person_above=Decimal("100.00")).stamp()
    case = opened(story)
    assert propose_replacement(case, draft=renamed(case.document), actor=manager, reason="Look") is True
    with pytest.raises(Exception, match="another person"):
        confirm_correction(case, seen=fingerprint(case), actor=manager, reason="Me again")
    confirm_correction(case, seen=fingerprint(case), actor=member("Finance manager"), reason="Yes")
    finish()
    case.refresh_from_db()
    assert case.state == "done"


def second_of(document):
    """Have the same buyer hold another document over the same total."""
    draft = document.revisions.get().draft
    return make_document("stamped", issuer=document.issuer, draft=replace(draft, source=f"{draft.source}b"))


def test_a_second_document_is_invalidated_without_replacement(shop, oracle, manager):
    story = Story(shop).stamp()
    case = opened(story, wrong="duplicate")
    second_of(case.document)
    propose_invalidation(case, actor=manager, reason="It is")
    finish()
    case.refresh_from_db()
    assert (case.state, case.code, case.document.status) == ("done", "invalidated", "invalidated")
    assert Message.objects.get(template="correction_answer").context["invalidated"] is True


def test_a_ccf_is_credited_by_line_and_the_refund_that_follows_credits_it_no_second_time(shop, oracle, manager):
    story = Story(shop, company=True).stamp()
    case = opened(story, wrong="amount")
    propose_credit(case, lines={0: Decimal("40.00")}, actor=manager, reason="Too much")
    finish()
    case.refresh_from_db()
    assert (case.state, case.code, case.credit_note.total) == ("done", "credited", Decimal("40.00"))
    assert [line.of_line for line in case.credit_note.revisions.get().draft.lines] == [0]
    story.refund(4000)
    story.tell()
    settle_down()
    assert story.outcome() == [("nothing", "corrected_already", "")]
    story.refund(1000)
    story.tell()
    settle_down()
    assert story.outcome()[1][1:] == ("credited", "credit_note")
    assert Document.objects.get(pk=case.document_id).credited == Decimal("50.00")


def test_a_factura_of_which_a_part_went_back_is_replaced_by_one_over_the_rest(shop, oracle, manager):
    story = Story(shop).stamp()
    story.refund(4000)
    story.tell()
    settle_down()
    assert story.outcome() == [("person", "part_of_final", "")]
    case = opened(story, wrong="amount")
    draft = case.document.revisions.get().draft
    propose_replacement(case, draft=reduced(draft, {0: Decimal("40.00")}), actor=manager, reason="Rest")
    finish()
    case.refresh_from_db()
    assert (case.state, case.replacement.total) == ("done", Decimal("73.00"))
    look()
    assert story.outcome() == [("nothing", "corrected_already", "")]
    story.refund(7300)
    story.tell()
    settle_down()
    case.replacement.refresh_from_db()
    assert case.replacement.status == "invalidated"


def test_too_late_to_invalidate_a_ccf_is_issued_again_and_the_old_one_credited_whole(shop, oracle, manager):
    story = Story(shop, company=True).stamp()
    Document.objects.update(stamped_at=now() - timedelta(days=80))
    case = opened(story)
    propose_replacement(case, draft=renamed(case.document, "Ñandú y Cía."), actor=manager, reason="Name")
    assert case.mending == "reissue"
    finish()
    old, new = both(case)
    assert (case.state, case.code, old.status, new.status) == ("done", "reissued", "stamped", "stamped")
    assert (old.credited, case.credit_note.status) == (old.total, "stamped")
    story.sale.refresh_from_db()
    assert story.sale.document == new


def test_money_that_goes_back_meanwhile_waits_for_the_correction(shop, oracle, manager):
    story = Story(shop).stamp()
    case = mended(story, manager)
    story.refund()
    story.tell()
    look()
    assert story.outcome() == [("waiting", "correction_first", "")]
    finish()
    settle_down()
    case.refresh_from_db()
    case.replacement.refresh_from_db()
    assert (case.state, case.replacement.status) == ("done", "invalidated")
    assert Reversal.objects.get().state == "done"


def test_who_asked_is_answered_also_when_nothing_changes(shop, oracle, manager):
    story = Story(shop).stamp()
    case = ask_for_correction(story.document, wrong="other", statement="Quiero otra cosa")
    decline_correction(case, actor=manager, reason="Not possible", answer="Lo sentimos, así es correcto.")
    (answer,) = Message.objects.filter(template="correction_answer")
    assert answer.context["answer"] == "Lo sentimos, así es correcto."
    assert not any(answer.context[name] for name in ("replaced", "invalidated", "credited"))
    assert story.document.status == "stamped"


def test_the_mail_is_written_for_each_way_in_which_a_case_ends(shop, oracle, manager):
    story = Story(shop).stamp()
    case = ask_for_correction(story.document, wrong="other", statement="x")
    decline_correction(case, actor=manager, reason="x", answer="Así es <b>correcto</b>.")
    context = Message.objects.get(template="correction_answer").context
    assert context["unchanged"] is True
    flags = ("replaced", "invalidated", "credited", "unchanged")
    subjects, texts = set(), set()
    for flag in (*flags, ""):
        mail = render("correction_answer", "en", context | {name: name == flag for name in flags})
        subjects.add(mail.subject)
        texts.add(mail.text)
        assert "<b>correcto" not in mail.html
        assert context["link"] in mail.text
    assert (len(subjects), len(texts)) == (4, 5)
