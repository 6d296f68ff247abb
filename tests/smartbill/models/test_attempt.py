"""The database itself allows a document one live attempt per operation."""

import pytest
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from smartbill.models import Attempt
from tests.factories.documents import make_attempt, make_document

pytestmark = pytest.mark.django_db

LIVE = [{"outcome": None}, {"outcome": "accepted"}, {"outcome": "unknown"}]
DEAD = [{"outcome": "rejected"}, {"outcome": "not_sent"}, {"outcome": "unknown", "resolved_at": now()}]


@pytest.mark.parametrize("first", LIVE)
@pytest.mark.parametrize("second", LIVE)
def test_a_second_live_attempt_is_refused_by_the_database(first, second):
    document = make_document("submitting")
    make_attempt(document, **first)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_attempt(document, number=2, **second)
    assert Attempt.objects.count() == 1


@pytest.mark.parametrize("first", DEAD)
def test_after_one_that_has_ended_another_may_be_made(first):
    document = make_document("submitting")
    make_attempt(document, **first)
    make_attempt(document, number=2, outcome=None)
    assert Attempt.objects.count() == 2
