from typing import Any

import pytest
from django.test import Client

from billing.models import Approval, Sale
from billing.services.answer_approval import refuse_approval
from tests.factories.people import make_staff, open_session, signed_in
from tests.factories.rules import make_approval
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/billing/approval/"
VIEW = ("billing.view_approval", "billing.view_sale")
RIGHTS = (*VIEW, "billing.answer_approval")


def held(**rule: Any) -> Approval:
    return make_approval(IssuerFactory.create(), **rule)


def press(client: Client, action: str, row: Approval, reason: str = "Agreed") -> list[str]:
    data: dict[str, Any] = {"action": action, "_selected_action": [row.pk]}
    token = client.post(LIST, data).context["token"]
    page = client.post(LIST, {**data, "_confirmed": token, "confirm-reason": reason}, follow=True)
    return [str(message) for message in page.context["messages"]]


def text(client: Client, row: Approval) -> str:
    return client.get(f"{LIST}{row.pk}/change/").content.decode()


def test_the_queue_shows_what_waits_how_much_and_which_rule_asks() -> None:
    held()
    page = signed_in(*VIEW).get(LIST).content.decode()
    for words in ("Waiting", "113.00 USD", "Large sale (version 1)", "Approve or refuse."):
        assert words in page, words


def test_the_page_says_why_in_words_and_what_is_approved() -> None:
    page = text(signed_in(*VIEW), held())
    assert "Total in the issuer&#x27;s currency is above 100 USD? Here: 113.00 USD – yes." in page
    for words in ("Factura", "Ana López", "One person", "Asked"):
        assert words in page, words


def test_an_approval_needs_a_reason_and_goes_on_by_itself() -> None:
    row, client = held(), signed_in(*RIGHTS)
    assert press(client, "grant", row, reason="") == []
    (told,) = press(client, "grant", row)
    assert told.endswith("113.00 USD: approved")
    assert Sale.objects.get().outcome == "pending"
    assert "Nothing: the sale goes on by itself." in text(client, row)


def test_nobody_is_offered_to_answer_twice() -> None:
    row = held(people=2)
    first = signed_in(*RIGHTS)
    (told,) = press(first, "grant", row)
    assert "another person" in told
    page = text(first, row)
    assert 'value="grant"' not in page
    assert 'value="refuse"' in page
    (refused,) = press(first, "grant", row)
    assert ": refused. " in refused
    (done,) = press(signed_in(*RIGHTS), "grant", row)
    assert done.endswith(": approved")


def test_who_asks_again_is_not_offered_to_answer() -> None:
    row = held()
    refuse_approval(row, actor=make_staff("billing.answer_approval"), reason="No papers")
    clerk = signed_in(*RIGHTS, "billing.retry_sale")
    (told,) = press(clerk, "again", row, reason="The papers are here")
    assert told.endswith(": asked again")
    page = text(clerk, Approval.objects.open().get())
    assert 'value="grant"' not in page
    assert 'value="refuse"' not in page


def test_a_block_is_red_and_lifted_by_the_higher_right_alone() -> None:
    row = held(action="block")
    manager, director = signed_in(*RIGHTS), signed_in(*VIEW, "billing.lift_block")
    assert "Blocked" in text(manager, row)
    (refused,) = press(manager, "grant", row)
    assert ": refused. " in refused
    assert manager.post(LIST, {"action": "lift", "_selected_action": [row.pk]}).status_code == 403
    (told,) = press(director, "lift", row, reason="The bank cleared it")
    assert told.endswith(": approved")


@pytest.mark.parametrize("action", ["grant", "lift", "refuse", "refuse_block", "again"])
def test_looking_is_not_enough(action: str) -> None:
    row = held()
    assert signed_in(*VIEW).post(LIST, {"action": action, "_selected_action": [row.pk]}).status_code == 403


def test_without_the_right_to_look_there_is_no_list() -> None:
    assert signed_in("billing.view_sale").get(LIST).status_code == 403
    assert Client().get(LIST).status_code == 302


def test_the_desk_counts_what_waits() -> None:
    held()
    held(action="block")
    client = signed_in(*VIEW, "billing.answer_approval", "billing.lift_block")
    counts = {str(card.problem.label): card.count for card in client.get("/admin/").context["urgent"]}
    assert (counts["Sales for you to approve"], counts["Sales blocked by a rule"]) == (1, 1)


def test_the_desk_sends_nobody_to_what_they_may_not_answer() -> None:
    approval = held()
    view = "billing.view_approval"
    for client in (signed_in(view), signed_in(view, "billing.lift_block")):
        assert client.get("/admin/").context["urgent"] == []
    asker = make_staff(view, "billing.answer_approval")
    Approval.objects.filter(pk=approval.pk).update(first_by=asker)
    client = open_session(asker)
    assert client.get("/admin/").context["urgent"] == []
    assert [*client.get("/admin/billing/approval/?problem=waiting").context["cl"].result_list] == []


def test_the_sale_says_which_rule_holds_it_and_the_next_step() -> None:
    row = held()
    page = signed_in(*VIEW).get(f"/admin/billing/sale/{row.sale_id}/change/").content.decode()
    assert "Held by the rule: Large sale." in page
    assert "Large sale (version 1)" in page
    assert f'<a href="/admin/billing/approval/{row.pk}/change/">Waiting</a>' in page
    assert "Radar said nothing of it." in page


def test_an_approval_is_found_by_the_sale(django_assert_num_queries: Any) -> None:
    row, client = held(), signed_in(*VIEW)
    held()
    for term in (row.sale.key, row.sale.number):
        assert [each.pk for each in client.get(LIST, {"q": term}).context["cl"].result_list] == [row.pk], term
    assert list(client.get(LIST, {"q": "nobody"}).context["cl"].result_list) == []


def test_the_queries_of_the_list_do_not_grow(django_assert_num_queries: Any) -> None:
    client = signed_in(*VIEW)
    client.get(LIST)
    counts = []
    for _round in range(2):
        for _number in range(3):
            held()
        with django_assert_num_queries(6) as queries:
            client.get(LIST)
        counts.append(len(queries))
    assert counts[0] == counts[1]
