"""Cases under workers and clicks at the same moment, and under a process that dies between any two statements."""

import pytest
from django.db import connection
from django.utils.timezone import now

from billing.errors import BillingError
from billing.models import Correction
from billing.services.decide_correction import confirm_correction, fingerprint, propose_replacement
from billing.services.open_correction import ask_for_correction, open_correction
from billing.services.pursue_correction import pursue_correction
from notifications.models import Message
from smartbill.errors import SmartbillError
from smartbill.models import Document
from smartbill.services.invalidate import request_invalidation
from tests.billing.services.test_register_sale_at_once import at_once
from tests.factories.people import make_staff
from tests.factories.reversals import make_reversed_sale
from tests.flows.test_corrections import renamed

pytestmark = pytest.mark.django_db(transaction=True)
CLERK = ("billing.open_correction",)
MANAGER = (
    *CLERK,
    "billing.decide_correction",
    "smartbill.correct_document",
    "smartbill.invalidate_document",
    "smartbill.credit_document",
)


def begun(*, is_stamped=True):
    """A case whose replacement was just stamped by the authority, or not yet."""
    document = make_reversed_sale(kind="factura").document
    manager = make_staff(*MANAGER)
    case = open_correction(document, wrong="buyer", statement="x", actor=manager)
    propose_replacement(case, draft=renamed(document), actor=manager, reason="x")
    if is_stamped:
        stamp(case)
    return case


def stamp(case):
    Document.objects.filter(pk=case.replacement_id).update(
        status="stamped", generation_code="AAAA0001-0000-4000-8000-00000000000A", seal="S" * 40, stamped_at=now(),
        next_at=None,
    )  # fmt: skip
    Correction.objects.filter(pk=case.pk).update(next_at=now())


def tried(act):
    def trial(argument):
        try:
            act(argument)
        except (BillingError, SmartbillError):
            return False
        return True

    return trial


def test_many_workers_ask_for_one_invalidation():
    case = begun()
    at_once(lambda pk: pursue_correction(correction_id=pk), [case.pk] * 6)
    case.document.refresh_from_db()
    assert case.document.status == "invalidating"
    assert case.document.events.filter(after="invalidating").count() == 1
    assert case.events.filter(code="original_invalidating").count() == 1


def test_many_clicks_confirm_once():
    sale = make_reversed_sale(kind="factura")
    clerk = make_staff(*CLERK)
    case = open_correction(sale.document, wrong="buyer", statement="x", actor=clerk)
    propose_replacement(case, draft=renamed(sale.document), actor=clerk, reason="x")
    pages = [(Correction.objects.get(pk=case.pk), make_staff(*MANAGER)) for _number in range(5)]
    done = at_once(
        tried(lambda page: confirm_correction(page[0], seen=fingerprint(page[0]), actor=page[1], reason="x")), pages
    )
    assert done.count(True) == 1
    assert sale.document.replacements.count() == 1


def test_customer_and_staff_open_one_case():
    document = make_reversed_sale(kind="factura").document
    clerk = make_staff(*CLERK)
    acts = [
        lambda: ask_for_correction(document, wrong="buyer", statement="x"),
        lambda: open_correction(document, wrong="buyer", statement="x", actor=clerk),
    ]
    done = at_once(tried(lambda act: act()), acts * 3)
    assert done.count(True) == 1
    assert document.cases.count() == 1


class Died(BaseException):
    """The process is gone."""


def dying_at(number):
    """Return a wrapper under which the statement of this number is the last thing that the process does."""
    left = [number]

    def wrapper(execute, sql, params, many, context):
        left[0] -= 1
        if left[0] < 0:
            raise Died
        return execute(sql, params, many, context)

    return wrapper


@pytest.mark.parametrize("status", ["stamped", "invalidated"])
def test_wherever_it_dies_the_next_look_goes_on_and_nothing_happens_twice(status):
    """The look that asks for the invalidation, and the one that ends the case and tells the customer."""
    case = begun()
    if status == "invalidated":
        pursue_correction(correction_id=case.pk)
        Document.objects.filter(pk=case.document_id).update(status="invalidated", invalidated_at=now())
        Correction.objects.filter(pk=case.pk).update(next_at=now())
    deaths = 0
    for number in range(200):
        try:
            with connection.execute_wrapper(dying_at(number)):
                pursue_correction(correction_id=case.pk)
        except Died:
            deaths += 1
            case.refresh_from_db()
            assert case.ended_at is None
            assert Message.objects.filter(template="correction_answer").count() == 0
            continue
        break
    assert deaths > 5
    case.refresh_from_db()
    case.document.refresh_from_db()
    if status == "stamped":
        assert (case.code, case.document.status) == ("original_invalidating", "invalidating")
        assert case.document.events.filter(after="invalidating").count() == 1
    else:
        assert case.state == "done"
        assert Message.objects.filter(template="correction_answer").count() == 1
    assert case.document.replacements.count() == 1


def test_what_is_proposed_is_frozen_once_it_began():
    case = begun()
    with pytest.raises(Exception, match="frozen"):
        Correction.objects.filter(pk=case.pk).update(plan={})
    with pytest.raises(Exception, match="frozen"):
        Correction.objects.filter(pk=case.pk).update(statement="other")
    with pytest.raises(Exception, match="frozen"):
        case.events.update(reason="other")


def test_an_invalidation_by_hand_is_refused_until_the_replacement_has_its_seal():
    case, manager = begun(is_stamped=False), make_staff(*MANAGER)
    with pytest.raises(SmartbillError, match="replacement"):
        request_invalidation(case.document, actor=manager, reason="x")
    stamp(case)
    request_invalidation(case.document, actor=manager, reason="x")
    case.document.refresh_from_db()
    assert case.document.status == "invalidating"


def test_who_confirms_stands_by_what_was_shown_and_nothing_else():
    sale = make_reversed_sale(kind="factura")
    clerk, manager = make_staff(*CLERK), make_staff(*MANAGER)
    case = open_correction(sale.document, wrong="buyer", statement="x", actor=clerk)
    propose_replacement(case, draft=renamed(sale.document), actor=clerk, reason="x")
    seen = fingerprint(case)
    propose_replacement(case, draft=renamed(sale.document, "Mallory"), actor=clerk, reason="x")
    with pytest.raises(BillingError, match="no longer"):
        confirm_correction(case, seen=seen, actor=manager, reason="x")
    assert sale.document.replacements.count() == 0
