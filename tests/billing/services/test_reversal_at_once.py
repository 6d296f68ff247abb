"""Workers and clicks at the same moment: one reversal, one remedy."""

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.timezone import now

from billing.errors import BillingError
from billing.models import Reversal
from billing.services.approve_reversal import approve_reversal
from billing.services.pursue_reversal import pursue_reversal
from smartbill.errors import SmartbillError
from smartbill.models import Document
from smartbill.services.credit import issue_credit_note
from smartbill.services.invalidate import request_invalidation
from tests.billing.services.test_register_sale_at_once import at_once
from tests.factories.people import make_staff
from tests.factories.reversals import make_reversal

pytestmark = pytest.mark.django_db(transaction=True)
RIGHTS = ("billing.approve_reversal", "smartbill.credit_document", "smartbill.invalidate_document")


def tried(act):
    """Return an act that says whether it was done."""

    def trial(argument):
        try:
            act(argument)
        except (BillingError, SmartbillError, PermissionDenied):
            return False
        return True

    return trial


def test_many_workers_begin_one_remedy():
    row = make_reversal(corrections="automatic")
    at_once(lambda pk: pursue_reversal(reversal_id=pk), [row.pk] * 6)
    assert Document.objects.filter(kind="credit_note").count() == 1
    row.refresh_from_db()
    assert (row.state, row.rounds) == ("under_way", 1)


def test_many_clicks_approve_once():
    row = make_reversal()
    pursue_reversal(reversal_id=row.pk)
    people = [make_staff(*RIGHTS) for _number in range(6)]
    pages = [(Reversal.objects.get(pk=row.pk), person) for person in people]
    done = at_once(tried(lambda page: approve_reversal(page[0], actor=page[1], reason="x")), pages)
    assert done.count(True) == 1
    assert Document.objects.filter(kind="credit_note").count() == 1


def test_refunds_of_one_sale_never_take_back_more_than_the_document():
    first = make_reversal(corrections="automatic", amount_minor=8000)
    rows = [first, *(make_reversal(sale=first.sale, amount_minor=5000) for _number in range(3))]
    for _round in range(4):
        Reversal.objects.filter(next_at__isnull=False).update(next_at=now())
        at_once(lambda pk: pursue_reversal(reversal_id=pk), [row.pk for row in rows])
    document = first.sale.document
    document.refresh_from_db()
    assert document.credited <= document.total
    assert sum(note.total for note in document.corrections.all()) == document.credited


@pytest.mark.parametrize("turn", range(3))
def test_a_note_and_an_invalidation_never_both(turn):
    document = make_reversal().sale.document

    def act(what):
        copy = Document.objects.get(pk=document.pk)
        if what == "credit":
            issue_credit_note(copy, key=f"x.{turn}", amount=copy.total, description="x", at=now())
        else:
            request_invalidation(copy, actor=None, reason="x")

    done = at_once(tried(act), ["credit", "invalidate"][:: 1 if turn % 2 else -1] * 2)
    document.refresh_from_db()
    assert (document.status, document.credited > 0) in [("stamped", True), ("invalidating", False)]
    assert any(done)
