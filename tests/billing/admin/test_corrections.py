"""The assistant as staff use it: from the document's page to the decision, with what happens told before."""

from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from billing.models import Correction, Sale
from billing.services.alarm_proposals import alarm_proposals
from billing.services.open_correction import ask_for_correction, open_correction
from notifications.models import Alert
from smartbill.models import Document
from tests.factories.people import make_staff, signed_in
from tests.factories.reversals import make_reversal, make_reversed_sale

pytestmark = pytest.mark.django_db
LIST = "/admin/billing/correction/"
CLERK = ("billing.view_correction", "billing.open_correction", "smartbill.view_document")
MANAGER = (
    *CLERK,
    "billing.decide_correction",
    "smartbill.correct_document",
    "smartbill.invalidate_document",
    "smartbill.credit_document",
)
DUI = {"tax_id_type": "dui", "tax_id": "00000000-0"}
"""With an identity the authority learns the name of a consumer."""


@pytest.fixture
def sale() -> Sale:
    return make_reversed_sale(kind="factura")


def opened(sale: Sale, wrong: str = "buyer") -> Correction:
    assert sale.document is not None
    return open_correction(sale.document, wrong=wrong, statement="Wrong", actor=make_staff("billing.open_correction"))


def question(client: Client, action: str, case: Correction) -> Any:
    return client.post(LIST, {"action": action, "_selected_action": [case.pk]})


def press(client: Client, action: str, case: Correction, **typed: str) -> list[str]:
    page = question(client, action, case)
    form = page.context["form"]
    shown = {f"confirm-{field.name}": field.value() if field.value() is not None else "" for field in form}
    data = {"action": action, "_selected_action": [case.pk], "_confirmed": page.context["token"], **shown}
    data |= {"confirm-reason": "Agreed"} | {f"confirm-{name}": value for name, value in typed.items()}
    answer = client.post(LIST, data, follow=True)
    if answer.context.get("form") is not None and answer.context["form"].errors:
        return [str(text) for texts in answer.context["form"].errors.values() for text in texts]
    return [str(message) for message in answer.context["messages"]]


def buttons(client: Client, case: Correction) -> dict[str, str]:
    page = client.get(f"{LIST}{case.pk}/change/")
    return {act.name: act.missing for act in page.context["buttons"]}


def test_the_page_of_the_document_asks_what_to_fix(sale: Sale) -> None:
    assert sale.document is not None
    add = f"{LIST}add/?document={sale.document.pk}"
    page = signed_in(*CLERK).get(sale.document.get_absolute_url()).content.decode()
    assert f'href="{add}"' in page
    assert add not in signed_in("smartbill.view_document").get(sale.document.get_absolute_url()).content.decode()


def test_a_case_is_opened_there_and_its_page_says_what_the_law_leaves_and_what_that_does(sale: Sale) -> None:
    assert sale.document is not None
    client = signed_in(*CLERK)
    add = f"{LIST}add/?document={sale.document.pk}"
    assert 'type="radio"' in client.get(add).content.decode()
    said = {"document": sale.document.pk, "wrong": "buyer", "statement": "The NIT is another"}
    answer = client.post(add, said)
    case = Correction.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, case.get_absolute_url())
    text = client.get(case.get_absolute_url()).content.decode()
    for words in (
        "The NIT is another", "Replace and invalidate", "The corrected document is issued first",
        "At the tax authority", "In Stripe", "Nothing changes there by this", "In the books", "0.00 USD",
        "For the customer", "Who decides", "safe until",
    ):  # fmt: skip
        assert words in text, words
    again = client.post(add, said)
    assert "open already" in again.content.decode()
    assert Correction.objects.count() == 1


def test_without_a_document_the_list_of_documents_is_where_to_begin() -> None:
    answer = signed_in(*CLERK).get(f"{LIST}add/", follow=True)
    assert "What do you want to fix?" in str(list(answer.context["messages"])[0])


def test_who_may_not_open_cannot(sale: Sale) -> None:
    assert sale.document is not None
    client = signed_in("billing.view_correction")
    assert client.get(f"{LIST}add/?document={sale.document.pk}").status_code == 403


@pytest.mark.parametrize(
    ("wrong", "kind", "offered"),
    [
        ("buyer", "factura", "replace"),
        ("duplicate", "factura", None),
        ("amount", "ccf", "credit"),
        ("amount", "factura", None),
        ("not_owed", "factura", None),
    ],
)
def test_only_the_remedy_that_the_law_leaves_is_offered(wrong: str, kind: str, offered: str | None) -> None:
    case = opened(make_reversed_sale(kind=kind), wrong)
    found = set(buttons(signed_in(*MANAGER), case))
    assert found & {"replace", "invalidate", "credit"} == ({offered} if offered else set())
    assert "decline" in found


def test_the_question_tells_what_happens_and_the_answer_begins_it(sale: Sale) -> None:
    case, client = opened(sale), signed_in(*MANAGER)
    headings = [str(heading) for heading, _sentences in question(client, "replace", case).context["form"].preview]
    assert headings == ["At the tax authority", "In Stripe", "In the books", "For the customer", "Who decides"]
    (told,) = press(client, "replace", case, name="Ana López de Peña", **DUI)
    assert told.endswith(": begun")
    case.refresh_from_db()
    assert case.replacement is not None
    assert (case.state, case.replacement.customer_name) == ("under_way", "Ana López de Peña")
    text = client.get(case.get_absolute_url()).content.decode()
    assert case.replacement.get_absolute_url() in text
    assert "waits to be sent" in text
    assert set(buttons(client, case)) == {"stop"}


def test_a_replacement_that_says_the_same_is_refused(sale: Sale) -> None:
    company = make_reversed_sale(kind="ccf")
    (told,) = press(signed_in(*MANAGER), "replace", opened(company))
    assert "Nothing was changed" in told


def test_what_changes_nothing_at_the_authority_is_refused_and_the_page_says_it_before(sale: Sale) -> None:
    case, client = opened(sale), signed_in(*MANAGER)
    preview = dict(question(client, "replace", case).context["form"].preview)
    assert any("only together with the buyer's tax id" in said for said in preview["At the tax authority"])
    (told,) = press(client, "replace", case, name="Ana López de Peña")
    assert "reported as a consumer without name" in told
    case.refresh_from_db()
    assert (case.state, case.replacement) == ("open", None)


def test_a_clerk_proposes_and_sees_it_wait_and_a_manager_sees_what_changes(sale: Sale) -> None:
    case, clerk = opened(sale), signed_in(*CLERK)
    (told,) = press(clerk, "replace", case, name="Ana López de Peña", **DUI)
    assert "waits for another person" in told
    case.refresh_from_db()
    assert (case.state, case.replacement) == ("proposed", None)
    assert "confirm" not in buttons(clerk, case)
    manager = signed_in(*MANAGER)
    preview = dict(question(manager, "confirm", case).context["form"].preview)
    assert "Name: Ana López → Ana López de Peña" in preview["Proposed"]
    (told,) = press(manager, "confirm", case)
    assert told.endswith("confirmed and begun")
    case.refresh_from_db()
    assert case.state == "under_way"


def test_a_credit_note_is_made_by_line_within_what_is_left() -> None:
    case, client = opened(make_reversed_sale(kind="ccf"), "amount"), signed_in(*MANAGER)
    assert "at least one line" in " ".join(press(client, "credit", case))
    assert "113" in " ".join(press(client, "credit", case, line_0="113.01"))
    (told,) = press(client, "credit", case, line_0="40.00")
    assert told.endswith(": begun")
    case.refresh_from_db()
    assert case.credit_note is not None
    assert str(case.credit_note.total) == "40.000"


def test_who_asked_must_be_answered(sale: Sale) -> None:
    assert sale.document is not None
    case = ask_for_correction(sale.document, wrong="other", statement="x")
    client = signed_in(*MANAGER)
    assert press(client, "decline", case) == ["This field is required."]
    (told,) = press(client, "decline", case, answer="No.")
    assert "nothing was changed" in told
    case.refresh_from_db()
    assert (case.state, case.answer) == ("declined", "No.")


def test_the_list_shows_what_waits_since_when_with_constant_queries(django_assert_max_num_queries: Any) -> None:
    for _number in range(3):
        opened(make_reversed_sale(kind="factura"))
    client = signed_in(*CLERK)
    with django_assert_max_num_queries(14):
        text = client.get(LIST).content.decode()
    assert "Somebody has to decide what becomes of it." in text
    assert "113.00 USD" in text


def test_people_are_warned_before_the_time_of_what_waits_for_them_is_over() -> None:
    case = opened(make_reversed_sale(kind="ccf"))
    row = make_reversal(state="proposed", remedy="invalidate", reason="x")
    opened(make_reversed_sale(kind="factura"))
    alarm_proposals()
    keys = set(Alert.objects.open().filter(kind="proposal_window").values_list("key", flat=True))
    assert keys == {f"correction:{case.pk}", f"reversal:{row.pk}"}
    Correction.objects.filter(pk=case.pk).update(state="declined", ended_at=now())
    alarm_proposals()
    assert set(Alert.objects.open().values_list("key", flat=True)) == {f"reversal:{row.pk}"}
    assert Document.objects.count() == 3


def test_a_case_that_leaves_a_credit_note_is_not_warned_of_for_the_time_to_invalidate() -> None:
    opened(make_reversed_sale(kind="ccf"), "amount")
    alarm_proposals()
    assert not Alert.objects.open().filter(kind="proposal_window").exists()
