"""The customer's request for a correction: private, without script, bounded, and honest about its state."""

from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from billing.correction_pages import MOST_ASKS, MOST_LOOKS
from billing.errors import NotCorrectable
from billing.models import Correction
from billing.services.decide_correction import decline_correction
from billing.services.open_correction import MOST_ASKED, ask_for_correction, open_correction
from smartbill.models import Document
from smartbill.services.link import link_for, revoke_link
from tests.factories.documents import make_document
from tests.factories.people import make_staff
from tests.factories.reversals import make_reversed_sale
from tests.notifications.test_emails import HOSTILE

pytestmark = pytest.mark.django_db
SAID = {"wrong": "buyer", "statement": "El NIT es 0614-280390-112-1"}


@pytest.fixture
def document():
    return make_reversed_sale(kind="factura").document


@pytest.fixture
def path(document):
    return path_of(document)


def path_of(document):
    return f"{urlsplit(link_for(document)).path}correction/"


def decide(answer="Está bien así."):
    decline_correction(
        Correction.objects.get(ended_at=None),
        actor=make_staff("billing.decide_correction"),
        reason="Internal: they were rude",
        answer=answer,
    )


def test_the_hosted_page_leads_to_it(client, document, path):
    page = client.get(path.removesuffix("correction/"))
    assert f'href="{path}"' in page.content.decode()


def test_it_opens_one_case_and_shows_what_was_written(client, document, path):
    assert "<form" in client.get(path).content.decode()
    answer = client.post(path, SAID)
    assert (answer.status_code, answer["Location"]) == (302, path)
    case = Correction.objects.get()
    assert (case.document, case.asked_by, case.wrong, case.opened_by) == (document, "customer", "buyer", None)
    text = client.get(path).content.decode()
    assert "<form" not in text
    assert SAID["statement"] in text
    assert client.post(path, SAID | {"statement": "other"}).status_code == 200
    assert Correction.objects.count() == 1


@pytest.mark.parametrize("statement", ["\u200b", "\ufeff\u200b", "\u2060 \u00a0", "\u202e"])
def test_what_nobody_can_see_opens_no_case(client, path, statement):
    answer = client.post(path, SAID | {"statement": statement})
    assert answer.status_code == 422
    assert "propias palabras" in answer.content.decode()
    assert not Correction.objects.exists()


def test_it_shows_the_answer_and_never_what_staff_say_among_themselves(client, path):
    client.post(path, SAID)
    decide()
    text = client.get(path).content.decode()
    assert "Está bien así." in text
    assert "rude" not in text
    assert "<form" in client.get(path + "?again").content.decode()


def test_of_a_case_of_staff_only_the_state_is_shown(client, document, path):
    open_correction(
        document, wrong="other", statement="Suspicious customer", actor=make_staff("billing.open_correction")
    )
    text = client.get(path).content.decode()
    assert "Suspicious" not in text
    assert "<form" not in text


@pytest.mark.parametrize("said", HOSTILE)
def test_hostile_text_stays_text(client, path, said):
    client.post(path, SAID | {"statement": f"x {said}".encode("utf-8", "ignore").decode()})
    text = client.get(path).content.decode()
    assert "<script" not in text
    for case in Correction.objects.all():
        assert not any(ord(character) < 32 and character != "\n" for character in case.statement)


@pytest.mark.parametrize("said", [{}, {"wrong": "not_owed", "statement": "x"}, SAID | {"statement": "x" * 1001}])
def test_what_is_not_an_answer_is_told_and_nothing_is_stored(client, path, said):
    page = client.post(path, said)
    assert page.status_code == 422
    assert 'role="alert"' in page.content.decode()
    assert Correction.objects.count() == 0


def test_unknown_withdrawn_and_unissued_are_closed(client, document, path):
    assert client.get("/d/" + "x" * 43 + "/correction/").status_code == 404
    held = make_reversed_sale("held", kind="factura").document
    assert client.get(path_of(held)).status_code == 404
    revoke_link(document, actor=make_staff("notifications.resend_message"), reason="x")
    assert client.get(path).status_code == 410
    assert client.post(path, SAID).status_code == 410
    assert Correction.objects.count() == 0


def test_it_is_private_and_without_script(client, path):
    page = client.get(path)
    assert page["Cache-Control"] == "private, no-store"
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert "script-src 'none'" in page["Content-Security-Policy"]
    assert "<script" not in page.content.decode()


@pytest.mark.parametrize(("method", "most"), [("get", MOST_LOOKS), ("post", MOST_ASKS)])
def test_knocks_are_counted_per_link(client, path, method, most):
    statuses = [getattr(client, method)(path).status_code for _number in range(most + 1)]
    assert statuses[-1] == 429
    assert 429 not in statuses[:-1]


def test_a_customer_opens_so_many_cases_and_then_writes_to_the_seller(client, path):
    for _number in range(MOST_ASKED):
        assert client.post(path + "?again", SAID).status_code == 302
        decide()
    assert client.post(path + "?again", SAID).status_code == 422
    assert Correction.objects.count() == MOST_ASKED


def test_whoever_was_named_by_mistake_does_not_get_the_address_of_the_right_ones_document(client, document, path):
    other = make_document(issuer=document.issuer, replaces=document, customer_email="right@example.com")
    Document.objects.filter(pk=document.pk).update(status="invalidated")
    other_link = link_for(other)
    page = client.get(path.removesuffix("correction/")).content.decode()
    assert other.control_number in page
    assert other_link not in page
    Document.objects.filter(pk=other.pk).update(customer_email=document.customer_email)
    assert other_link in client.get(path.removesuffix("correction/")).content.decode()


@pytest.mark.parametrize("changes", [{"status": "invalidated"}, {"credited": Decimal("113.00")}])
def test_a_document_that_is_not_in_force_says_so_and_opens_no_case(client, document, path, changes):
    Document.objects.filter(pk=document.pk).update(language="en", **changes)
    page = client.get(path).content.decode()
    assert "not valid any more" in page
    assert "<form" not in page
    assert client.post(path, SAID).status_code == 422
    with pytest.raises(NotCorrectable):
        ask_for_correction(Document.objects.get(pk=document.pk), **SAID)
    assert not Correction.objects.exists()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Pagué con 4242 4242 4242 4242.", "Pagué con •••• 4242."),
        ("4000-0566-5566-5556 y 378282246310005", "•••• 5556 y •••• 0005"),
        ("30569309025904", "•••• 5904"),
        ("4242424242424241", "4242424242424241"),
        ("NIT 0614-280390-112-1, DUI 04567890-3", "NIT 0614-280390-112-1, DUI 04567890-3"),
        ("NIT 11112803901125", "NIT 11112803901125"),
        ("DTE-01-M001P001-000000000000018", "DTE-01-M001P001-000000000000018"),
        ("42424242424242424242424242424242", "42424242424242424242424242424242"),
    ],
)
def test_card_numbers_are_masked_before_they_are_stored(client, path, typed, kept):
    client.post(path, SAID | {"statement": typed})
    case = Correction.objects.get()
    assert case.statement == kept
    assert case.events.get().reason == kept
