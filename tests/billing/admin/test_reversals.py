from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from billing.models import Reversal
from billing.services.pursue_reversal import pursue_reversal
from smartbill.models import Document
from tests.factories.people import make_staff, signed_in
from tests.factories.reversals import make_reversal

pytestmark = pytest.mark.django_db
LIST = "/admin/billing/reversal/"
VIEW = "billing.view_reversal"
RIGHTS = (VIEW, "billing.approve_reversal", "smartbill.credit_document", "smartbill.invalidate_document")


def looked_at(**changes: Any) -> Reversal:
    row = make_reversal(**changes)
    pursue_reversal(reversal_id=row.pk)
    row.refresh_from_db()
    return row


def press(client: Client, action: str, row: Reversal, reason: str = "Agreed") -> list[str]:
    data: dict[str, Any] = {"action": action, "_selected_action": [row.pk]}
    token = client.post(LIST, data).context["token"]
    page = client.post(LIST, {**data, "_confirmed": token, "confirm-reason": reason}, follow=True)
    return [str(message) for message in page.context["messages"]]


def test_the_list_says_what_happened_why_and_what_is_next() -> None:
    looked_at()
    text = signed_in(VIEW).get(LIST).content.decode()
    for words in ("Proposed", "Refund", "40.00 USD", "a credit note over that amount", "Approve or decline it."):
        assert words in text, words


def test_an_approval_begins_the_remedy_and_the_page_links_all_of_it() -> None:
    row, client = looked_at(), signed_in(*RIGHTS)
    (told,) = press(client, "approve", row)
    assert told.endswith(": approved and begun")
    note = Document.objects.get(kind="credit_note")
    text = client.get(f"{LIST}{row.pk}/change/").content.decode()
    for document in (note, row.sale.document):
        assert f'<a href="/admin/smartbill/document/{document.pk}/change/">{document}</a>' in text
    assert f'<a href="/admin/billing/sale/{row.sale_id}/change/">{row.sale}</a>' in text


def test_sale_and_document_show_what_went_back() -> None:
    row, client = looked_at(corrections="automatic"), signed_in("billing.view_sale", "smartbill.view_document")
    note = Document.objects.get(kind="credit_note")
    assert (
        f"/admin/billing/reversal/{row.pk}/change/"
        in client.get(f"/admin/billing/sale/{row.sale_id}/change/").content.decode()
    )
    original = client.get(f"/admin/smartbill/document/{row.sale.document_id}/change/").content.decode()
    assert f'<a href="/admin/smartbill/document/{note.pk}/change/">{note}</a>' in original
    corrected = client.get(f"/admin/smartbill/document/{note.pk}/change/").content.decode()
    assert f'<a href="/admin/smartbill/document/{row.sale.document_id}/change/">{row.sale.document}</a>' in corrected


def test_nobody_confirms_an_approval_of_their_own() -> None:
    row = looked_at(second_person_above=100)
    first = signed_in(*RIGHTS)
    (told,) = press(first, "approve", row)
    assert "second person" in told
    assert "Approve the remedy" not in first.get(f"{LIST}{row.pk}/change/").content.decode()
    (refused,) = press(first, "approve", row)
    assert ": refused. " in refused
    (done,) = press(signed_in(*RIGHTS), "approve", row)
    assert done.endswith(": approved and begun")


def test_what_waits_for_a_person_is_settled_with_a_reason() -> None:
    row, client = looked_at(kind="factura"), signed_in(*RIGHTS)
    assert row.state == "person"
    assert press(client, "settle", row, reason="") == []
    (told,) = press(client, "settle", row, reason="Issued by hand")
    assert told.endswith(": settled")
    assert "Issued by hand" in client.get(f"{LIST}{row.pk}/change/").content.decode()


@pytest.mark.parametrize("action", ["approve", "settle", "decide_again"])
def test_looking_is_not_enough(action: str) -> None:
    row = looked_at()
    answer = signed_in(VIEW).post(LIST, {"action": action, "_selected_action": [row.pk]})
    assert answer.status_code == 403


def test_without_the_right_to_look_there_is_no_list() -> None:
    assert signed_in("billing.view_sale").get(LIST).status_code == 403
    assert Client().get(LIST).status_code == 302


def test_a_reversal_is_found_by_any_id() -> None:
    row, client = looked_at(), signed_in(VIEW)
    looked_at()
    for term in (row.key, row.key.partition(":")[2], row.sale.key):
        assert [each.pk for each in client.get(LIST, {"q": term}).context["cl"].result_list] == [row.pk], term


def test_the_queries_of_the_list_do_not_grow(django_assert_num_queries: Any) -> None:
    client, person = signed_in(VIEW), make_staff()
    client.get(LIST)
    counts = []
    for _round in range(2):
        for _number in range(4):
            Reversal.objects.filter(pk=looked_at().pk).update(approved_by=person, updated_at=now())
        with django_assert_num_queries(6) as queries:
            client.get(LIST)
        counts.append(len(queries))
    assert counts[0] == counts[1]
