import pytest
from django.core.exceptions import PermissionDenied

from billing.errors import ImportNotReady
from billing.models import ProfileImport, TaxProfile, profile_of
from billing.services.import_profiles import apply_import, check_import
from billing.services.review_buyer import review_due_buyers
from billing.services.save_profile import save_profile
from smartbill.lifecycle import Status
from smartbill.models import Document
from tests.billing.test_spreadsheets import workbook
from tests.factories.held import COMPLETE, held_sale
from tests.factories.people import make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager():
    return make_staff("billing.import_taxprofile")


def given(actor, text, name="profiles.csv"):
    content = text if isinstance(text, bytes) else text.encode()
    return check_import(file_name=name, content=content, livemode=False, actor=actor)


def faults(row):
    return [(fault["row"], fault["cell"], fault["field"]) for fault in row.problems]


def test_a_dry_run_changes_nothing_and_says_what_would(manager):
    save_profile(customer_id="cus_2", livemode=False, values={"nrc": "1234"}, source="staff")
    save_profile(customer_id="cus_3", livemode=False, values={"nrc": "1234"}, source="staff")
    row = given(manager, "customer_id,nrc\ncus_1,1234\ncus_2,5678\ncus_3,12-34\n")
    assert (row.state, row.new, row.changed, row.same, row.problems) == ("checked", 1, 1, 1, [])
    assert TaxProfile.objects.count() == 2


def test_every_bad_row_and_cell_is_named_in_words(manager):
    text = "customer_id,nit,nrc,municipality\ncus_1,0614,1,\n,06142803901121,1234,\ncus_1,,12345,99\n"
    row = given(manager, text)
    assert (row.state, row.rows, row.new) == ("faulty", [], 0)
    assert faults(row) == [
        (2, "B2", "nit"),
        (2, "C2", "nrc"),
        (3, "A3", "customer_id"),
        (4, "A4", "customer_id"),
        (4, "D4", "municipality"),
    ]
    assert "14 digits" in row.problems[0]["message"]
    assert row.problems[3]["message"] == "This customer stands in row 2 already."


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        ("customer_id,nit,colour", "C1"),
        ("customer_id,nit,nit", "C1"),
        ("customer_id,,nit", "B1"),
        ("nit,nrc", ""),
    ],
)
def test_a_heading_that_is_not_understood_stops_everything(manager, heading, cell):
    row = given(manager, f"{heading}\ncus_1,1,2\n")
    assert row.state == "faulty"
    assert [fault["cell"] for fault in row.problems] == [cell]
    assert row.rows == []


@pytest.mark.parametrize("content", [b"", b"customer_id,nit\n", b"PK\x03\x04x", b"a\x00b"])
def test_a_file_without_rows_or_that_cannot_be_read_is_a_fault(manager, content):
    row = given(manager, content)
    assert (row.state, len(row.problems) >= 1) == ("faulty", True)


def test_applying_stores_all_rows_and_releases_what_waits(manager):
    held_sale()
    names = ",".join(["customer_id", *COMPLETE])
    values = ",".join(["cus_1", *(f'"{value}"' for value in COMPLETE.values())])
    row = given(manager, f"{names}\n{values}\n")
    apply_import(row, actor=manager, reason="From the old system.")
    entry = profile_of("cus_1", livemode=False).entries["nit"]
    assert (entry.source, entry.raw) == ("import", "0614-280390-112-1")
    review_due_buyers()
    assert Document.objects.get().status == Status.READY
    assert (row.state, row.applied_by) == ("applied", manager)


def test_a_workbook_is_read_as_well(manager):
    row = given(manager, workbook(["customer_id", "NRC"], ["cus_1", 123456]), "profiles.xlsx")
    assert row.rows == [{"row": 2, "customer_id": "cus_1", "version": 0, "values": {"nrc": "123456"}, "doubts": []}]


def test_a_profile_that_changed_since_refuses_the_whole_file(manager):
    row = given(manager, "customer_id,nrc\ncus_1,1234\ncus_2,5678\n")
    save_profile(customer_id="cus_2", livemode=False, values={"nrc": "99"}, source="staff")
    with pytest.raises(ImportNotReady) as refused:
        apply_import(row, actor=manager, reason="x")
    assert "Row 3" in str(refused.value)
    assert profile_of("cus_1", livemode=False).values == {}
    assert ProfileImport.objects.get().state == "checked"


def test_a_file_is_applied_once_and_never_with_faults(manager):
    row = given(manager, "customer_id,nrc\ncus_1,1234\n")
    apply_import(row, actor=manager, reason="x")
    for each in (row, given(manager, "customer_id,nrc\ncus_1,1\n")):
        with pytest.raises(ImportNotReady):
            apply_import(each, actor=manager, reason="x")
    assert profile_of("cus_1", livemode=False).version == 1


def test_the_right_is_needed_for_both_steps(manager):
    row = given(manager, "customer_id,nrc\ncus_1,1234\n")
    for actor in (None, make_staff("billing.edit_taxprofile")):
        with pytest.raises(PermissionDenied):
            given(actor, "customer_id\n")
        with pytest.raises(PermissionDenied):
            apply_import(row, actor=actor, reason="x")
    assert TaxProfile.objects.count() == 0


def test_an_empty_cell_takes_nothing_away(manager):
    save_profile(customer_id="cus_1", livemode=False, values={"nrc": "1234", "segment": "a"}, source="staff")
    row = given(manager, "customer_id,nrc,segment\ncus_1,,b\n")
    apply_import(row, actor=manager, reason="x")
    assert profile_of("cus_1", livemode=False).values == {"nrc": "1234", "segment": "b"}


def test_a_doubted_number_is_a_warning_and_waits_for_a_person(manager):
    row = given(manager, "customer_id,nit,nrc\ncus_1,06142803901122,1234\ncus_2,06142803901121,1234\n")
    assert (row.state, [each["doubts"] for each in row.rows]) == ("checked", [["nit"], []])
    apply_import(row, actor=manager, reason="List of November")
    assert [profile.customer_id for profile in TaxProfile.objects.filter(has_doubts=True)] == ["cus_1"]
    assert profile_of("cus_1", livemode=False).entries["nit"].confirmed == ""
