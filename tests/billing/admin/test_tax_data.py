"""The desk's side of tax data: entering, asking, withdrawing, importing; each with its right."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from billing.models import ProfileImport, Sale, TaxProfile, TaxRequest
from billing.services.review_buyer import review_due_buyers
from billing.services.save_profile import save_profile
from tests.factories.held import TYPED, held_sale
from tests.factories.people import signed_in

pytestmark = pytest.mark.django_db

VIEWS = ["billing.view_sale", "billing.view_taxprofile", "billing.view_taxrequest", "billing.view_profileimport"]
RIGHTS = ["billing.edit_taxprofile", "billing.ask_tax_data", "billing.import_taxprofile"]


@pytest.fixture
def client():
    return signed_in(*VIEWS, *RIGHTS)


def act(client, model, action, row, **answers):
    where, data = f"/admin/billing/{model}/", {"action": action, "_selected_action": [row.pk]}
    question = client.post(where, data)
    if question.status_code != 200:
        return question.status_code
    fields = {f"confirm-{name}": value for name, value in answers.items()}
    known = {f"confirm-{name}": value for name, value in question.context["form"].initial.items()}
    page = client.post(where, {**data, "_confirmed": question.context["token"], **known, **fields}, follow=True)
    return [str(message) for message in page.context.get("messages", [])]


def test_staff_enter_the_data_of_a_sales_buyer(client):
    sale = held_sale()
    (told,) = act(client, "sale", "enter_tax_data", sale, **TYPED, segment="retail", reason="Phone call.")
    assert told.endswith("tax data stored")
    row = TaxProfile.objects.get()
    assert (row.name, row.segment, row.customer_id) == (TYPED["legal_name"], "retail", "cus_1")
    assert Sale.objects.get().buyer_due_at is not None


def test_what_is_wrong_stands_beside_its_field(client):
    sale = held_sale()
    data = {"action": "enter_tax_data", "_selected_action": [sale.pk]}
    token = client.post("/admin/billing/sale/", data).context["token"]
    fields = {f"confirm-{name}": value for name, value in (TYPED | {"nrc": "1", "reason": "x", "version": 0}).items()}
    page = client.post("/admin/billing/sale/", {**data, "_confirmed": token, **fields})
    assert set(page.context["form"].errors) == {"nrc"}
    assert TaxProfile.objects.count() == 0


def test_a_page_that_was_left_open_overwrites_nothing(client):
    sale = held_sale()
    save_profile(customer_id="cus_1", livemode=False, values={"nrc": "999"}, source="staff")
    (told,) = act(client, "sale", "enter_tax_data", sale, nrc="1234", version=0, reason="x")
    assert "a moment ago" in told
    assert TaxProfile.objects.get().profile.value("nrc") == "999"


def test_a_profile_shows_origin_check_and_history(client):
    held_sale()
    save_profile(
        customer_id="cus_1",
        livemode=False,
        source="customer",
        values={"nit": "0614-280390-112-2", "legal_name": "<b>Ñ"},
    )
    row = TaxProfile.objects.get()
    page = client.get(f"/admin/billing/taxprofile/{row.pk}/change/").content.decode()
    for shown in ("0614-280390-112-2", "entered by the customer", "check digit does not fit", "&lt;b&gt;Ñ"):
        assert shown in page
    assert "<b>Ñ" not in page
    assert client.get("/admin/billing/taxprofile/?q=06142803901122").context["cl"].result_count == 1
    assert client.get("/admin/billing/taxprofile/?q=cus_1").context["cl"].result_count == 1


def test_staff_change_a_profile_from_its_own_page(client):
    save_profile(customer_id="cus_1", livemode=False, values={"nrc": "999", "segment": "a"}, source="staff")
    row = TaxProfile.objects.get()
    act(client, "taxprofile", "edit_tax_data", row, segment="", nrc="1234", reason="Mended.")
    row.refresh_from_db()
    assert row.profile.values == {"nrc": "1234"}
    assert row.changes.get(version=2).reason == "Mended."


def test_staff_ask_a_customer_and_withdraw_the_link(client):
    sale = held_sale()
    assert act(client, "sale", "ask_for_data", sale, reason="Phone call.")[0].endswith("mail queued")
    request = TaxRequest.objects.get()
    page = client.get(f"/admin/billing/taxrequest/{request.pk}/change/").content.decode()
    assert "ana@example.com" in page
    assert request.token not in page
    assert act(client, "taxrequest", "withdraw", request, reason="Wrong person.")[0].endswith("link withdrawn")
    assert TaxRequest.objects.get().state == "withdrawn"


def give(client, text):
    file = SimpleUploadedFile("profiles.csv", text.encode())
    return client.post("/admin/billing/profileimport/add/", {"file": file}, follow=True)


def test_a_file_is_checked_shown_and_applied(client):
    page = give(client, "customer_id,nrc\ncus_1,1234\n")
    row = ProfileImport.objects.get()
    assert page.redirect_chain[-1][0] == f"/admin/billing/profileimport/{row.pk}/change/"
    assert "cus_1" in page.content.decode()
    assert TaxProfile.objects.count() == 0
    assert act(client, "profileimport", "apply", row, reason="Old system.")[0].endswith("applied")
    assert TaxProfile.objects.get().profile.value("nrc") == "1234"


def test_a_faulty_file_names_its_cells_and_cannot_be_applied(client):
    page = give(client, "customer_id,nrc\ncus_1,<b>1\n").content.decode()
    assert "B2" in page
    assert "2 to 8 digits" in page
    (told,) = act(client, "profileimport", "apply", ProfileImport.objects.get(), reason="x")
    assert "refused" in told


@pytest.mark.parametrize(
    ("model", "action"),
    [("sale", "enter_tax_data"), ("sale", "ask_for_data"), ("taxprofile", "edit_tax_data"), ("taxrequest", "withdraw")],
)
def test_looking_is_not_enough(model, action):
    sale = held_sale()
    review_due_buyers()
    save_profile(customer_id="cus_1", livemode=False, values={"nrc": "1234"}, source="staff")
    row = {"sale": sale, "taxprofile": TaxProfile.objects.get(), "taxrequest": TaxRequest.objects.get()}[model]
    assert act(signed_in(*VIEWS), model, action, row, reason="x") == 403


def test_the_import_is_closed_without_its_right():
    assert signed_in(*VIEWS).get("/admin/billing/profileimport/add/").status_code == 403
    assert signed_in("billing.edit_taxprofile").get("/admin/billing/profileimport/").status_code == 403


@pytest.mark.parametrize("model", ["taxprofile", "taxrequest", "profileimport"])
def test_lists_need_the_same_queries_for_one_row_and_for_many(client, model, django_assert_max_num_queries):
    for number in range(5):
        save_profile(customer_id=f"cus_{number}", livemode=False, values={"nrc": "1234"}, source="staff")
        held_sale(customer=f"cus_{number}", metadata={"sv_nrc": "1"})
        give(client, f"customer_id,nrc\ncus_x{number},1234\n")
    review_due_buyers()
    with django_assert_max_num_queries(16):
        assert client.get(f"/admin/billing/{model}/").status_code == 200


def test_staff_are_asked_once_about_a_number_that_looks_like_a_typing_error(client):
    sale = held_sale()
    typed = TYPED | {"id_number": "0614-280390-112-2", "reason": "x", "version": 0}
    data = {"action": "enter_tax_data", "_selected_action": [sale.pk]}
    token = client.post("/admin/billing/sale/", data).context["token"]
    fields = {f"confirm-{name}": value for name, value in typed.items()}
    page = client.post("/admin/billing/sale/", {**data, "_confirmed": token, **fields})
    assert set(page.context["form"].errors) == {"is_right"}
    assert TaxProfile.objects.count() == 0
    act(client, "sale", "enter_tax_data", sale, **typed, is_right="06142803901122")
    assert not TaxProfile.objects.get().has_doubts
    shown = client.get(f"/admin/billing/taxprofile/{TaxProfile.objects.get().pk}/change/").content.decode()
    assert "check digit does not fit; confirmed by person" in shown
