"""What a person records about the contingency event: with the right, plausible, and never written over."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from smartbill.errors import PreconditionFailed
from smartbill.models import OutageFiling
from smartbill.services.outage_file import record_filing
from tests.factories.outages import enter, the_outage
from tests.factories.people import make_staff

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def test_it_is_recorded_with_time_number_and_person() -> None:
    enter(ago=5 * HOUR)
    person = make_staff("smartbill.record_outage_filing")
    at = now() - HOUR
    record_filing(the_outage(), actor=person, filed_at=at, number=" 2026ABC ", note="by phone")
    filing = the_outage().filing
    assert (filing.filed_at, filing.number, filing.note, filing.actor) == (at, "2026ABC", "by phone", person)


def test_a_correction_counts_and_the_earlier_record_stays(admin_user) -> None:
    enter(ago=5 * HOUR)
    for number in ("wrong", "right"):
        record_filing(the_outage(), actor=admin_user, filed_at=now() - HOUR, number=number)
    assert the_outage().filing.number == "right"
    assert OutageFiling.objects.count() == 2


def test_a_record_cannot_be_rewritten(admin_user) -> None:
    enter(ago=5 * HOUR)
    record_filing(the_outage(), actor=admin_user, filed_at=now() - HOUR, number="1")
    with pytest.raises(IntegrityError), transaction.atomic():
        OutageFiling.objects.update(number="2")


def test_without_the_right_nothing_is_recorded() -> None:
    enter(ago=5 * HOUR)
    with pytest.raises(PermissionDenied):
        record_filing(the_outage(), actor=make_staff("smartbill.view_outage"), filed_at=now(), number="1")
    assert OutageFiling.objects.count() == 0


@pytest.mark.parametrize(("hours", "number"), [(6, "1"), (-1, "1"), (1, "  ")])
def test_what_cannot_be_is_refused(admin_user, hours: int, number: str) -> None:
    enter(ago=5 * HOUR)
    with pytest.raises(PreconditionFailed):
        record_filing(the_outage(), actor=admin_user, filed_at=now() - hours * HOUR, number=number)
    assert OutageFiling.objects.count() == 0
