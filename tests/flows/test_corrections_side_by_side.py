"""Several documents of one sale: whatever is asked for in whatever order, one of them is in force at the end."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.timezone import now

from billing.errors import NotCorrectable
from billing.services.correction_facts import offer_for
from billing.services.decide_correction import propose_invalidation, propose_replacement
from billing.services.open_correction import open_correction
from billing.services.stop_correction import close_correction
from smartbill.errors import PreconditionFailed
from smartbill.models import Document
from smartbill.services.invalidate import request_invalidation
from smartbill.services.replace import replacement_blockers
from tests.factories.people import make_staff
from tests.flows.engine import work
from tests.flows.reversals import Story
from tests.flows.test_corrections import both, finish, mended, opened, pursue, renamed

pytestmark = pytest.mark.django_db(transaction=True)


def with_a_refused_invalidation(shop, oracle, manager):
    story = Story(shop).stamp()
    oracle.fault("reject_data", route="invalidate")
    case = mended(story, manager)
    finish()
    old, new = both(case)
    assert (old.status, new.status, case.code) == ("stamped", "stamped", "invalidation_refused")
    return case


def test_a_replacement_is_not_replaced_while_its_own_case_goes_on(shop, oracle, manager):
    case = with_a_refused_invalidation(shop, oracle, manager)
    second = open_correction(case.replacement, wrong="buyer", statement="again wrong", actor=manager)
    assert (offer_for(second).code, offer_for(second).offer) == ("case_first", "wait")
    with pytest.raises(NotCorrectable, match="comes first"):
        propose_replacement(second, draft=renamed(case.replacement, "Otra Vez"), actor=manager, reason="x")
    assert Document.objects.count() == 2


def test_a_replacement_is_not_replaced_while_the_old_document_is_in_force(shop, oracle, manager):
    case = with_a_refused_invalidation(shop, oracle, manager)
    close_correction(case, actor=manager, reason="Later")
    assert any("still in force" in text for text in replacement_blockers(case.replacement))
    second = open_correction(case.replacement, wrong="buyer", statement="again wrong", actor=manager)
    with pytest.raises(NotCorrectable, match="still in force"):
        propose_replacement(second, draft=renamed(case.replacement, "Otra Vez"), actor=manager, reason="x")
    assert Document.objects.count() == 2


def test_a_replacement_is_not_invalidated_while_the_old_document_is(shop, oracle, manager):
    story = Story(shop).stamp()
    case = mended(story, manager)
    work()
    pursue()
    old, new = both(case)
    assert (old.status, new.status) == ("invalidating", "stamped")
    with pytest.raises(PreconditionFailed, match="is being invalidated"):
        request_invalidation(new, actor=manager, reason="x")
    finish()
    old, new = both(case)
    assert (old.status, new.status, case.state) == ("invalidated", "stamped", "done")


def test_the_note_of_a_reissue_is_not_invalidated_while_the_new_document_stands(shop, oracle, manager):
    story = Story(shop, company=True).stamp()
    Document.objects.update(stamped_at=now() - timedelta(days=80))
    case = opened(story)
    propose_replacement(case, draft=renamed(case.document, "Ñandú y Cía."), actor=manager, reason="Name")
    finish()
    case.refresh_from_db()
    again = open_correction(case.credit_note, wrong="buyer", statement="name wrong here too", actor=manager)
    assert (offer_for(again).code, offer_for(again).offer) == ("note_of_replaced", "person")
    with pytest.raises(NotCorrectable):
        propose_invalidation(again, actor=manager, reason="x")
    with pytest.raises(PreconditionFailed, match="both are in force"):
        request_invalidation(case.credit_note, actor=manager, reason="x")
    old, new = both(case)
    assert (old.credited, new.status) == (old.total, "stamped")


@pytest.mark.parametrize("days", [0, 80])
def test_who_may_not_take_the_last_step_does_not_begin_the_first(shop, oracle, days):
    story = Story(shop, company=True).stamp()
    Document.objects.update(stamped_at=now() - timedelta(days=days))
    actor = make_staff("billing.open_correction", "billing.decide_correction", "smartbill.correct_document")
    case = opened(story, by=actor)
    with pytest.raises(PermissionDenied):
        propose_replacement(case, draft=renamed(case.document), actor=actor, reason="x")
    assert Document.objects.count() == 1
