from datetime import timedelta

import pytest
from django.utils.timezone import now

from billing.errors import InvalidProfile, RequestOver
from billing.models import TaxProfile, TaxProfileChange, TaxRequest, profile_of
from billing.services.complete_request import complete_request
from billing.services.review_buyer import review_due_buyers
from billing.services.save_profile import enter_profile, save_profile
from smartbill.lifecycle import Status
from smartbill.models import Document
from tests.billing.services.test_register_sale_at_once import at_once
from tests.factories.held import COMPLETE, held_sale
from tests.factories.people import make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_():
    held_sale(), held_sale()
    review_due_buyers()
    return TaxRequest.objects.get()


def test_an_answer_is_stored_and_releases_everything_that_waits(request_):
    complete_request(request_, values=COMPLETE)
    assert TaxRequest.objects.get().state == "completed"
    assert profile_of("cus_1", livemode=False).entries["nrc"].source == "customer"
    review_due_buyers()
    assert (
        list(Document.objects.values_list("status", "kind", "customer_tax_id"))
        == [(Status.READY, "ccf", "06142803901121")] * 2
    )
    assert TaxRequest.objects.count() == 1


def test_what_would_still_be_missing_is_told_at_once_and_nothing_is_stored(request_):
    with pytest.raises(InvalidProfile) as refused:
        complete_request(request_, values={"kind": "company", "nit": COMPLETE["nit"]})
    fields = {problem.field for problem in refused.value.problems}
    assert {"party.activity_code", "party.address.department", "party.address.line"} <= fields
    assert "party.tax_id" not in fields
    assert (TaxProfile.objects.count(), TaxRequest.objects.get().state) == (0, "open")


def test_a_consumer_needs_to_give_nothing(request_):
    complete_request(request_, values={"kind": "consumer", "nit": ""})
    review_due_buyers()
    assert set(Document.objects.values_list("status", "kind")) == {(Status.READY, "factura")}


@pytest.mark.parametrize("change", [{"ends_at": timedelta(days=-1)}, {"state": "withdrawn"}])
def test_after_its_end_a_link_takes_nothing(request_, change):
    if "ends_at" in change:
        TaxRequest.objects.update(ends_at=now() + change["ends_at"])
    else:
        TaxRequest.objects.update(state="withdrawn", ended_at=now(), next_at=None)
    with pytest.raises(RequestOver):
        complete_request(request_, values=COMPLETE)
    assert TaxProfile.objects.count() == 0


def test_the_answer_adds_to_what_staff_entered_and_the_history_keeps_both(request_):
    save_profile(customer_id="cus_1", livemode=False, values={"nrc": "999", "segment": "vip"}, source="staff")
    complete_request(request_, values=COMPLETE)
    profile = profile_of("cus_1", livemode=False)
    assert (profile.value("nrc"), profile.value("segment"), profile.version) == ("123456", "vip", 2)
    assert TaxProfileChange.objects.get(version=2).before["nrc"] == "999"


@pytest.mark.django_db(transaction=True)
def test_two_answers_at_once_leave_one(request_):
    def answer(name):
        try:
            complete_request(request_, values=COMPLETE | {"legal_name": name})
        except RequestOver:
            return "over"
        return name

    results = at_once(answer, ["One, S.A.", "Two, S.A.", "Three, S.A.", "Four, S.A."])
    assert results.count("over") == 3
    (winner,) = set(results) - {"over"}
    assert (TaxProfile.objects.get().name, TaxProfileChange.objects.count()) == (winner, 1)


@pytest.mark.django_db(transaction=True)
def test_the_customer_and_two_clerks_at_once_lose_nothing(request_):
    clerks = [make_staff("billing.edit_taxprofile") for _number in range(2)]

    def act(who):
        try:
            if who is None:
                complete_request(request_, values=COMPLETE)
            else:
                values = {"legal_name": f"Clerk {who.pk}"}
                enter_profile(
                    customer_id="cus_1", livemode=False, values=values, version=0, actor=who, reason="Phone call."
                )
        except Exception as error:
            return type(error).__name__
        return "stored"

    results = at_once(act, [None, *clerks])
    assert set(results) <= {"stored", "ProfileChanged"}
    assert results[0] == "stored"
    changes = list(TaxProfileChange.objects.order_by("version"))
    assert [change.version for change in changes] == list(range(1, results.count("stored") + 1))
    review_due_buyers()
    assert set(Document.objects.values_list("status", flat=True)) == {Status.READY}


def test_a_doubted_number_is_taken_when_the_customer_stands_by_it(request_):
    doubted = COMPLETE | {"nit": "0614-280390-112-2"}
    with pytest.raises(InvalidProfile) as refused:
        complete_request(request_, values=doubted)
    assert [problem.code for problem in refused.value.problems] == ["doubt"]
    complete_request(request_, values=doubted, is_confirmed=True)
    entry = profile_of("cus_1", livemode=False).entries["nit"]
    assert (entry.check, entry.confirmed) == ("doubt", "customer")
    assert not TaxProfile.objects.get().has_doubts
    review_due_buyers()
    assert set(Document.objects.values_list("status", flat=True)) == {Status.READY}
