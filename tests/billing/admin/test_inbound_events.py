from typing import Any

import pytest
from django.test import Client

from billing.models import InboundEvent
from tests.factories.billing import InboundEventFactory
from tests.factories.people import signed_in

pytestmark = pytest.mark.django_db
LIST = "/admin/billing/inboundevent/"


@pytest.fixture
def client() -> Client:
    return signed_in("billing.view_inboundevent", "billing.retry_inboundevent")


def process_again(client: Client, *events: InboundEvent) -> list[str]:
    data: dict[str, Any] = {"action": "process_again", "_selected_action": [row.pk for row in events]}
    token = client.post(LIST, data).context["token"]
    page = client.post(LIST, {**data, "_confirmed": token}, follow=True)
    return [str(message) for message in page.context["messages"]]


def test_a_dead_letter_is_processed_again_and_a_done_one_is_not(client: Client) -> None:
    dead = InboundEventFactory.create(state="dead", attempts=9)
    done = InboundEventFactory.create(state="done", mirrored_at="2026-11-20T10:00:00Z")
    assert sorted(process_again(client, dead, done)) == sorted(
        [
            f"{dead}: to be processed again",
            f"{done}: refused. There is nothing to repeat: this event was processed or is still being processed.",
        ]
    )
    dead.refresh_from_db()
    done.refresh_from_db()
    assert (dead.state, dead.attempts, done.state) == ("retry", 0, "done")


def test_looking_is_not_enough() -> None:
    dead = InboundEventFactory.create(state="dead")
    client = signed_in("billing.view_inboundevent")
    assert client.post(LIST, {"action": "process_again", "_selected_action": [dead.pk]}).status_code == 403
    assert InboundEvent.objects.get().state == "dead"


def test_dead_letters_stand_on_the_desk_and_behind_their_filter(client: Client) -> None:
    wanted = {InboundEventFactory.create(state=state).pk for state in ("dead", "poison")}
    InboundEventFactory.create(state="done")
    card = client.get("/admin/").context["urgent"][0]
    assert (str(card.problem.label), card.count) == ("Dead letters", 2)
    assert {row.pk for row in client.get(card.url).context["cl"].result_list} == wanted


@pytest.mark.parametrize("column", ["event_id", "object_id", "customer_id"])
def test_an_event_is_found_by_each_of_its_ids(client: Client, column: str) -> None:
    wanted, _other = InboundEventFactory.create_batch(2)
    found = client.get(LIST, {"q": getattr(wanted, column)}).context["cl"].result_list
    assert [row.pk for row in found] == [wanted.pk]


def test_the_body_is_shown_as_text_and_not_read_for_the_list(client: Client, django_assert_num_queries: Any) -> None:
    event = InboundEventFactory.create(body=b'{"x": "<script>alert(1)</script>\xff"}')
    assert "&lt;script&gt;alert(1)" in client.get(f"{LIST}{event.pk}/change/").content.decode()
    with django_assert_num_queries(6) as seen:
        client.get(LIST)
    assert not any('"billing_inboundevent"."body"' in query["sql"] for query in seen)


def test_the_queries_of_the_list_do_not_grow(client: Client, django_assert_num_queries: Any) -> None:
    InboundEventFactory.create_batch(60)
    with django_assert_num_queries(6):
        client.get(LIST)
