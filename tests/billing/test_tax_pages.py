"""The customer's form: private, without script, honest about its state, and proof against what people type."""

from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.utils.timezone import localtime, now

from billing.models import TaxProfile, TaxRequest
from billing.services.review_buyer import review_due_buyers
from billing.services.save_profile import save_profile
from billing.tax_pages import MOST_ANSWERS, MOST_LOOKS
from smartbill.lifecycle import Status
from smartbill.models import Document
from tests.factories.held import TYPED, held_sale
from tests.notifications.test_emails import HOSTILE

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked():
    held_sale()
    review_due_buyers()
    return TaxRequest.objects.get()


@pytest.fixture
def path(asked):
    return f"/t/{asked.token}/"


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _value in attrs]


def test_the_page_shows_who_asks_and_for_what_in_the_customers_language(client, path):
    page = client.get(path)
    text = page.content.decode()
    assert page.status_code == 200
    assert '<html lang="es">' in text
    for shown in ("Acme", "$113.00", "facturas@acme.example"):
        assert shown in text
    [(day, what, total)] = page.context["purchases"]
    assert (str(localtime(Document.objects.get().occurred_at).year) in day, total) == (True, "$113.00")
    assert what == Document.objects.get().revisions.get().draft.lines[0].description


def values_of(page):
    return {name: value for name, value in page.context["form"].initial.items() if value}


def test_what_the_customer_gave_at_stripe_or_here_is_filled_in(client, asked, path):
    known = values_of(client.get(path))
    assert (known["legal_name"], known["email"], known["nrc"]) == ("Ana López", "ana@example.com", "123456")
    save_profile(
        customer_id=asked.customer_id,
        livemode=asked.livemode,
        values={"phone": "22223333"},
        source="customer",
        reason="x",
    )
    assert values_of(client.get(path))["phone"] == "22223333"


def test_what_staff_said_is_not_shown_and_stripe_does_not_stand_in_for_it(client, asked, path):
    said = {"legal_name": "Noted by staff", "nit": "06140000000014"}
    save_profile(customer_id=asked.customer_id, livemode=asked.livemode, values=said, source="staff", reason="x")
    page = client.get(path)
    assert not {"legal_name", "id_type", "id_number"} & values_of(page).keys()
    for kept in ("Noted by staff", "06140000000014", "Ana López", "cus_1"):
        assert kept not in page.content.decode()


def test_what_is_missing_stands_beside_its_field(client, path):
    page = client.get(path)
    missing = {field.name for _key, fields in page.context["groups"] for field, is_wanted in fields if is_wanted}
    assert {"id_number", "activity_code", "municipality", "line"} <= missing
    assert "nrc" not in missing


def test_a_fault_is_told_of_what_was_sent_and_of_nothing_else(client, path):
    page = client.post(path, {**TYPED, "nrc": "1"})
    assert set(page.context["form"].errors) == {"nrc"}
    assert not [field.name for _key, fields in page.context["groups"] for field, is_wanted in fields if is_wanted]


def test_an_answer_is_taken_once_and_issues_the_document(client, path):
    answer = client.post(path, TYPED)
    assert (answer.status_code, answer["Location"]) == (302, path)
    review_due_buyers()
    document = Document.objects.get()
    assert (document.status, document.kind, document.customer_name) == (Status.READY, "ccf", TYPED["legal_name"])
    page = client.get(path)
    assert page.status_code == 200
    assert "<form" not in page.content.decode()
    assert client.post(path, TYPED | {"legal_name": "Other"}).status_code == 200
    assert TaxProfile.objects.get().name == TYPED["legal_name"]


def test_faults_are_told_together_and_what_was_typed_is_kept(client, path):
    page = client.post(path, TYPED | {"id_number": "06", "nrc": "1", "municipality": ""})
    text = page.content.decode()
    assert page.status_code == 422
    assert {"id_number", "nrc"} <= set(page.context["form"].errors)
    assert TYPED["line"] in text
    assert 'role="alert"' in text
    assert TaxProfile.objects.count() == 0


def test_a_number_and_its_kind_belong_together(client, path):
    assert "id_type" in client.post(path, TYPED | {"id_type": ""}).context["form"].errors
    assert "id_number" in client.post(path, TYPED | {"id_number": ""}).context["form"].errors
    assert "district" in client.post(path, TYPED | {"district": "01-01"}).context["form"].errors


def test_a_consumer_gives_nothing_but_that(client, path):
    assert client.post(path, {"kind": "consumer"}).status_code == 302
    review_due_buyers()
    assert (Document.objects.get().kind, Document.objects.get().status) == ("factura", Status.READY)


@pytest.mark.parametrize("method", ["get", "post"])
def test_over_unknown_and_withdrawn_links_say_what_to_do(client, asked, path, method):
    def look(where):
        return getattr(client, method)(where, {})

    assert look("/t/" + "x" * 43 + "/").status_code == 404
    TaxRequest.objects.update(ends_at=now() - timedelta(seconds=1))
    page = look(path)
    assert page.status_code == 410
    assert "facturas@acme.example" in page.content.decode()
    TaxRequest.objects.update(state="settled", ended_at=now(), next_at=None)
    assert look(path).status_code == 410
    assert TaxProfile.objects.count() == 0


def test_every_answer_is_private_and_runs_no_script(client, path):
    for where in (path, "/t/unknown-token/"):
        page = client.get(where)
        assert page["Cache-Control"] == "private, no-store"
        assert page["X-Robots-Tag"] == "noindex, nofollow"
        assert "script-src 'none'" in page["Content-Security-Policy"]
        assert "script" not in Tags(page.content.decode()).tags
        assert "style" not in Tags(page.content.decode()).attributes


def test_a_forged_answer_is_refused_and_a_browsers_own_is_taken(path):
    browser = Client(enforce_csrf_checks=True)
    assert browser.post(path, TYPED).status_code == 403
    page = browser.get(path)
    # With "no-referrer" the browser would send "Origin: null" here, which is refused.
    assert page["Referrer-Policy"] == "same-origin"
    token = page.context["csrf_token"]
    sent = {**TYPED, "csrfmiddlewaretoken": str(token)}
    assert browser.post(path, sent, headers={"Origin": "http://testserver"}).status_code == 302


def test_answering_too_often_is_stopped_and_looking_is_not(client, path):
    for _number in range(MOST_ANSWERS):
        assert client.post(path, {}).status_code == 422
    page = client.post(path, TYPED)
    assert (page.status_code, page["Retry-After"]) == (429, "3600")
    assert client.get(path).status_code == 200


def test_looking_too_often_is_stopped_for_this_link_alone(client, path):
    statuses = [client.get(path).status_code for _number in range(MOST_LOOKS + 1)]
    assert statuses == [200] * MOST_LOOKS + [429]
    held_sale(customer="cus_2")
    review_due_buyers()
    other = TaxRequest.objects.get(customer_id="cus_2")
    assert client.get(f"/t/{other.token}/").status_code == 200


@pytest.mark.parametrize("text", [*HOSTILE, "x" * 10_000, "=HYPERLINK(1)", "'; DROP TABLE x; --"])
def test_hostile_text_changes_no_page_and_breaks_nothing(client, path, text):
    plain = Tags(client.post(path, TYPED | {"legal_name": "Name", "nrc": ""}).content.decode())
    typed = text.encode("utf-8", "ignore").decode()
    page = client.post(path, dict.fromkeys(TYPED, typed) | {"kind": "company"})
    assert page.status_code == 422
    found = Tags(page.content.decode())
    assert set(found.tags) <= set(plain.tags)
    assert set(found.attributes) <= set(plain.attributes) | {"aria-invalid"}


def test_other_methods_and_a_strange_address_are_refused(client, path):
    assert client.put(path).status_code == 405
    assert client.delete(path).status_code == 405
    assert client.get("/t/%00%0d%0a/").status_code in (400, 404)


def test_the_page_needs_few_queries_however_much_waits(client, path, django_assert_max_num_queries):
    held_sale(), held_sale(), held_sale()
    with django_assert_max_num_queries(11):
        client.get(path)


def test_a_number_that_looks_like_a_typing_error_is_asked_about_once(client, path):
    doubted = TYPED | {"id_number": "0614-280390-112-2"}
    page = client.post(path, doubted)
    assert page.status_code == 422
    assert set(page.context["form"].errors) == {"is_right"}
    assert 'type="checkbox" name="is_right" value="06142803901122"' in page.content.decode()
    assert client.post(path, doubted | {"is_right": "on"}).status_code == 422
    assert TaxProfile.objects.count() == 0
    assert client.post(path, doubted | {"is_right": "06142803901122"}).status_code == 302
    review_due_buyers()
    assert Document.objects.get().status == Status.READY
    assert TaxProfile.objects.get().profile.entries["nit"].confirmed == "customer"
