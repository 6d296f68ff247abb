import pytest
from django.core.exceptions import PermissionDenied

from billing.errors import InvalidProfile, ProfileChanged
from billing.models import Sale, TaxProfile, TaxProfileChange, profile_of
from billing.services.review_buyer import review_due_buyers
from billing.services.save_profile import enter_profile, save_profile
from notifications.errors import ReasonMissing
from smartbill.models import Document
from tests.factories.held import COMPLETE, held_sale
from tests.factories.people import make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk():
    return make_staff("billing.edit_taxprofile")


def enter(actor, version=0, reason="Phone call.", **values):
    return enter_profile(
        customer_id="cus_1", livemode=False, values=values, version=version, actor=actor, reason=reason
    )


def test_every_field_keeps_source_raw_text_rule_and_check(clerk):
    row = enter(clerk, nit="0614-280390-112-1", legal_name="Ñandú", segment="retail")
    entry = row.profile.entries["nit"]
    assert (entry.value, entry.raw, entry.source, entry.rule, entry.check) == (
        "06142803901121",
        "0614-280390-112-1",
        "staff",
        "digits only",
        "fits",
    )
    assert (row.name, row.tax_id, row.segment, row.version, row.has_doubts) == (
        "Ñandú",
        "06142803901121",
        "retail",
        1,
        False,
    )


def test_a_doubtful_check_digit_is_kept_and_marked(clerk):
    assert enter(clerk, nit="06142803901122").has_doubts


def test_each_change_is_in_the_history_with_who_and_why(clerk):
    enter(clerk, nrc="1234", segment="a")
    enter(clerk, version=1, nrc="", segment="b", reason=" He said so. ")
    first, second = TaxProfileChange.objects.order_by("version")
    assert (first.before, first.after) == ({"nrc": "", "segment": ""}, {"nrc": "1234", "segment": "a"})
    assert (second.before, second.after) == ({"nrc": "1234", "segment": "a"}, {"nrc": "", "segment": "b"})
    assert (second.actor, second.reason, second.source) == (clerk, "He said so.", "staff")
    assert profile_of("cus_1", livemode=False).values == {"segment": "b"}


def test_the_same_again_is_no_change(clerk):
    enter(clerk, nrc="1234")
    assert enter(clerk, version=1, nrc="12-34").version == 1
    assert TaxProfileChange.objects.count() == 1


def test_who_saw_an_older_version_is_refused_and_nothing_is_overwritten(clerk):
    enter(clerk, nrc="1234")
    with pytest.raises(ProfileChanged):
        enter(clerk, version=0, nrc="9999")
    assert profile_of("cus_1", livemode=False).value("nrc") == "1234"


def test_what_is_wrong_stores_nothing(clerk):
    with pytest.raises(InvalidProfile) as refused:
        enter(clerk, nit="1", nrc="1", legal_name="Ñandú")
    assert [problem.field for problem in refused.value.problems] == ["nit", "nrc"]
    assert TaxProfile.objects.count() == 0


def test_the_right_and_a_reason_are_needed():
    for actor in (None, make_staff(), make_staff("billing.view_taxprofile")):
        with pytest.raises(PermissionDenied):
            enter(actor, nrc="1234")
    with pytest.raises(ReasonMissing):
        enter(make_staff("billing.edit_taxprofile"), nrc="1234", reason=" ")
    assert TaxProfile.objects.count() == 0


def test_test_and_live_are_two_profiles(clerk):
    enter(clerk, nrc="1234")
    assert profile_of("cus_1", livemode=True).values == {}


def test_a_new_entry_of_one_source_leaves_those_of_others(clerk):
    save_profile(customer_id="cus_1", livemode=False, values={"nrc": "1234"}, source="customer")
    row = enter(clerk, version=1, segment="vip")
    assert {name: entry.source for name, entry in row.profile.entries.items()} == {
        "nrc": "customer",
        "segment": "staff",
    }


def test_every_document_that_waits_for_this_customer_is_looked_at_again(clerk):
    mine, other = held_sale(), held_sale(customer="cus_2")
    issued = held_sale(metadata={})
    Sale.objects.update(buyer_due_at=None)
    save_profile(customer_id="cus_1", livemode=False, values=COMPLETE, source="staff", actor=clerk)
    assert issued.document.status == "ready"
    due = set(Sale.objects.exclude(buyer_due_at=None).values_list("pk", flat=True))
    assert due == {mine.pk}
    assert other.pk not in due


def test_a_sale_without_customer_has_a_profile_of_its_own(clerk):
    sale = held_sale()
    Sale.objects.update(customer_id="", buyer_due_at=None)
    save_profile(customer_id=sale.key, livemode=False, values={"nrc": "1234"}, source="staff", actor=clerk)
    assert Sale.objects.get(pk=sale.pk).buyer_due_at is not None


def test_a_doubted_number_is_confirmed_once_and_by_whom_is_kept(clerk):
    enter(clerk, nit="06142803901122")
    row = enter_profile(
        customer_id="cus_1", livemode=False, values={"nit": "0614-280390-112-2"}, version=1, actor=clerk,
        reason="Looked at the card", is_confirmed=True,
    )  # fmt: skip
    assert (row.version, row.has_doubts, row.profile.entries["nit"].confirmed) == (2, False, str(clerk))
    assert enter(clerk, version=2, nit="06142803901122").version == 2
    assert enter(clerk, version=2, nit="06142803901123").has_doubts


@pytest.mark.parametrize("confirmed", ["", "customer"])
def test_a_document_for_a_doubted_number_is_held_until_somebody_stands_by_it(confirmed):
    sale = held_sale()
    save_profile(
        customer_id="cus_1", livemode=False, values=COMPLETE | {"nit": "06142803901122"}, source="import",
        confirmed=confirmed,
    )  # fmt: skip
    review_due_buyers()
    document = Document.objects.get(pk=sale.document_id)
    codes = [row["code"] for row in document.revisions.get(number=document.revision).problems]
    assert (document.status, codes) == (("ready", []) if confirmed else ("held", ["doubt"]))


def test_a_doubted_number_from_stripe_holds_the_document_as_well():
    assert held_sale(metadata={"sv_dui": "04567890-4"}).document.status == "held"
    assert held_sale(customer="cus_2", metadata={"sv_dui": "04567890-3"}).document.status == "ready"
