import json
from collections import Counter

import pytest
import stripe

SECRET = "whsec_test"


def test_every_event_arrives_signed_and_in_order(stripe_sandbox, shop, receiver):
    shop.pay_intent(1000)
    assert stripe_sandbox.wait_until_delivered()
    events = [stripe.Webhook.construct_event(body, header, SECRET) for header, body in receiver.arrived]
    assert [event.type for event in events] == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]
    assert events[2].data.object["amount_received"] == 1000
    assert events[2].pending_webhooks == 1
    assert {event["pending_webhooks"] for event in shop.get("events")["data"]} == {0}


def test_another_secret_does_not_verify(stripe_sandbox, shop, receiver):
    shop.control("plan", wrong_secret=True)
    shop.customer("Ana", "ana@example.com")
    assert stripe_sandbox.wait_until_delivered()
    ((header, body),) = receiver.arrived
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, header, SECRET)


@pytest.mark.parametrize("offset", [-3600, 86400])
def test_the_signing_clock_can_be_wrong(stripe_sandbox, shop, receiver, offset):
    now = shop.control("clock", signature_offset=offset)["now"]
    shop.customer("Ana", "ana@example.com")
    assert stripe_sandbox.wait_until_delivered()
    ((header, _),) = receiver.arrived
    signed_at = int(header.split(",")[0].removeprefix("t="))
    assert abs(signed_at - now - offset) <= 5


def test_a_refused_delivery_is_tried_again_until_it_is_taken(stripe_sandbox, shop, receiver):
    receiver.statuses = [500, 301, 200]
    shop.customer("Ana", "ana@example.com")
    assert stripe_sandbox.wait_until_delivered()
    assert [row["status"] for row in shop.seen("deliveries")["data"]] == [500, 301, 200]
    assert len({body for _, body in receiver.arrived}) == 1


def test_a_delivery_is_given_up_after_eight_attempts(stripe_sandbox, shop, receiver):
    receiver.statuses = [503] * 20
    stripe_sandbox.world.deliveries.retry_seconds = 0.001
    shop.customer("Ana", "ana@example.com")
    assert stripe_sandbox.wait_until_delivered()
    assert len(receiver.arrived) == 8
    assert shop.get("events", delivery_success=False)["data"][0]["pending_webhooks"] == 1


def test_duplicates_and_disorder_lose_nothing(stripe_sandbox, shop, receiver):
    shop.control("plan", duplicates=6, shuffle=0.2)
    for number in range(10):
        shop.customer(str(number), "a@example.com")
    assert stripe_sandbox.wait_until_delivered()
    arrived = [json.loads(body)["id"] for _, body in receiver.arrived]
    made = [event["id"] for event in reversed(shop.get("events", limit=100)["data"])]
    assert Counter(arrived) == dict.fromkeys(made, 6)
    assert arrived != sorted(arrived, key=made.index)


def test_lost_events_stay_in_the_list(stripe_sandbox, shop, receiver):
    shop.control("plan", drop=["charge.succeeded"])
    shop.pay_intent(1000)
    assert stripe_sandbox.wait_until_delivered()
    assert [json.loads(body)["type"] for _, body in receiver.arrived] == [
        "payment_intent.created",
        "payment_intent.succeeded",
    ]
    assert [event["type"] for event in shop.get("events", delivery_success=False)["data"]] == ["charge.succeeded"]
    shop.control("plan", drop=["*"])
    shop.pay_intent(1000)
    assert stripe_sandbox.wait_until_delivered()
    assert len(receiver.arrived) == 2


def test_a_plan_delays_deliveries(stripe_sandbox, shop, receiver):
    shop.control("plan", delay=0.3)
    shop.customer("Ana", "ana@example.com")
    assert not stripe_sandbox.wait_until_delivered(timeout=0.05)
    assert receiver.arrived == []
    assert stripe_sandbox.wait_until_delivered()
    assert len(receiver.arrived) == 1


def test_an_event_is_delivered_again_on_demand(stripe_sandbox, shop, receiver):
    shop.customer("Ana", "ana@example.com")
    event = shop.get("events")["data"][0]["id"]
    shop.control("deliver", event=event, times=3)
    assert stripe_sandbox.wait_until_delivered()
    assert [json.loads(body)["id"] for _, body in receiver.arrived] == [event] * 4


def test_any_body_at_all_can_be_signed_and_delivered(stripe_sandbox, shop, receiver):
    shop.control("deliver", body='{"id": "evt_1", "name": "\\u0000"}')
    shop.control("deliver", body="5", secret="whsec_other")
    assert stripe_sandbox.wait_until_delivered()
    (good, first), (other, second) = receiver.arrived
    assert (first, second) == (b'{"id": "evt_1", "name": "\\u0000"}', b"5")
    stripe.WebhookSignature.verify_header(first.decode(), good, SECRET)
    stripe.WebhookSignature.verify_header("5", other, "whsec_other")


@pytest.mark.parametrize("duplicates", [0, 7])
def test_a_plan_has_bounds(shop, duplicates):
    with pytest.raises(Exception, match="between 1 and 6"):
        shop.control("plan", duplicates=duplicates)


def test_a_webhook_that_nobody_answers_is_tried_again(stripe_sandbox, shop, receiver):
    url = stripe_sandbox.world.deliveries.url
    shop.control("webhook", url="http://127.0.0.1:9/stripe/", secret=SECRET)
    shop.customer("Ana", "ana@example.com")
    while not shop.seen("deliveries")["data"]:
        pass
    shop.control("webhook", url=url, secret=SECRET)
    assert stripe_sandbox.wait_until_delivered()
    statuses = [row["status"] for row in shop.seen("deliveries")["data"]]
    assert (statuses[0], statuses[-1], len(receiver.arrived)) == (0, 200, 1)
