"""The drain of the corrections: a defect of one stops no other, and is not tried each second."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from billing.models import Correction
from billing.services.decide_correction import propose_replacement
from billing.services.open_correction import open_correction
from billing.services.pursue_correction import pursue_correction
from billing.services.pursue_due_corrections import pursue_due_corrections
from tests.billing.services.test_corrections_at_once import MANAGER
from tests.factories.people import make_staff
from tests.factories.reversals import make_reversed_sale
from tests.flows.test_corrections import renamed

pytestmark = pytest.mark.django_db(transaction=True)


def begun():
    document, manager = make_reversed_sale(kind="factura").document, make_staff(*MANAGER)
    case = open_correction(document, wrong="buyer", statement="x", actor=manager)
    propose_replacement(case, draft=renamed(document), actor=manager, reason="x")
    Correction.objects.filter(pk=case.pk).update(next_at=now())
    return case


def test_a_case_with_a_defect_rests_a_quarter_of_an_hour_and_the_others_go_on(caplog, monkeypatch):
    broken, sound = begun(), begun()

    def pursue(*, correction_id):
        if correction_id == broken.pk:
            raise ZeroDivisionError
        pursue_correction(correction_id=correction_id)

    monkeypatch.setattr("billing.services.pursue_due_corrections.pursue_correction", pursue)
    assert pursue_due_corrections() == 2
    broken.refresh_from_db()
    sound.refresh_from_db()
    assert timedelta(minutes=14) < broken.next_at - now() <= timedelta(minutes=15)
    assert (broken.state, sound.looks) == ("under_way", 1)
    assert [record.getMessage() for record in caplog.records] == [f"Correction {broken.pk} failed: ZeroDivisionError"]
