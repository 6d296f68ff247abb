"""The desk: how old what waits is, the figures and their chart, and the lights of the connections."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils.timezone import now

from billing.models import ManualEntry, StripeEndpoint
from config.figures import Day
from config.heartbeat import WORKER, beat
from config.lights import Light, lights
from config.models import Heartbeat
from config.pages.desk import EVERY, bars_of, in_words
from notifications.lifecycle import Status as MessageStatus
from notifications.models import Message
from smartbill.lifecycle import Status
from smartbill.models import Channel, DayTally
from smartbill.services.tally_days import tally_days
from tests.factories.billing import StripeEndpointFactory
from tests.factories.documents import make_attempt, make_document
from tests.factories.manual import entered_sale
from tests.factories.notifications import MessageFactory
from tests.factories.people import make_staff, signed_in
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db
VIEW = "smartbill.view_document"


def cards(client: Any) -> dict[str, Any]:
    return {card.problem.key: card for card in client.get("/admin/").context["urgent"]}


def test_a_card_says_how_long_the_oldest_waits() -> None:
    since = now() - timedelta(hours=3)
    make_document(Status.HELD, status_since=since)
    make_document(Status.HELD)
    client = signed_in(VIEW)
    assert (cards(client)["held"].count, cards(client)["held"].oldest) == (2, since)
    assert "The oldest waits for 3\xa0hours" in client.get("/admin/").content.decode()


def test_who_entered_a_document_by_hand_is_not_sent_to_let_it_go() -> None:
    endpoint = StripeEndpointFactory.create(issuer=IssuerFactory.create())
    rights = ("billing.view_manualentry", "billing.release_manualentry", "billing.add_manualentry")
    actor = make_staff(*rights)
    sale = entered_sale(endpoint, make_staff("billing.add_manualentry"))
    entry = ManualEntry.objects.get(sale=sale)
    assert (entry.released_at, entry.entered_by == actor) == (None, False)
    client = signed_in(*rights)
    assert cards(client)["waiting"].count == 1
    assert [row.pk for row in client.get(cards(client)["waiting"].url).context["cl"].result_list] == [entry.pk]
    assert "waiting" not in cards(signed_in("billing.view_manualentry"))


def test_a_document_by_hand_whose_payment_never_came_is_told_after_the_days_of_its_issuer() -> None:
    issuer = IssuerFactory.create(manual_match_days=10)
    actor = make_staff("billing.add_manualentry", "billing.release_manualentry")
    endpoint = StripeEndpointFactory.create(issuer=issuer)
    client = signed_in("billing.view_manualentry")
    entered_sale(endpoint, actor, paid_at=now() - timedelta(days=9))
    assert "unmatched" not in cards(client)
    late = entered_sale(endpoint, actor, paid_at=now() - timedelta(days=11), price="50.00")
    card = cards(client)["unmatched"]
    assert [row.sale_id for row in client.get(card.url).context["cl"].result_list] == [late.pk]


def test_figures_are_added_up_per_currency_and_mode() -> None:
    issuer = IssuerFactory.create()
    at = now()
    for currency, total in (("USD", "100.00"), ("USD", "13.00"), ("EUR", "7.00")):
        make_document(
            issuer=issuer, stamped_at=at, occurred_at=at - timedelta(seconds=4), currency=currency,
            total=Decimal(total),
        )  # fmt: skip
    tally_days()
    DayTally.objects.create(issuer=issuer, livemode=True, day=at.date(), count=99, counted_at=at)
    page = signed_in(VIEW).get("/admin/")
    found = page.context["figures"]
    assert (found.today.count, found.today.totals) == (3, ["7.00 EUR", "113.00 USD"])
    assert 3.6 < (found.today.median or 0) < 4.4
    assert found.month.count >= 3
    assert (len(found.days), found.days[-1].count, found.is_late) == (30, 3, False)
    text = page.content.decode()
    assert text.count('<rect class="bar"') == 30
    assert 'role="img" aria-labelledby="chart-title" aria-describedby="chart-table"' in text
    assert f'<th scope="row">{found.days[-1].day:%Y-%m-%d}</th><td class="num">3</td>' in text


def test_figures_are_for_whoever_sees_documents_and_say_when_they_were_not_counted() -> None:
    assert "figures" not in signed_in("billing.view_sale").get("/admin/").context
    page = signed_in(VIEW).get("/admin/")
    assert (page.context["figures"].counted_at, page.context["figures"].is_late) == (None, True)
    assert "Nothing was counted yet today." in page.content.decode()


def test_a_late_count_says_so() -> None:
    issuer = IssuerFactory.create()
    tally_days()
    DayTally.objects.filter(issuer=issuer).update(counted_at=now() - timedelta(minutes=11))
    assert "the count is late" in signed_in(VIEW).get("/admin/").content.decode()


def test_bars_stand_on_the_line_and_a_single_document_is_seen() -> None:
    days = [Day(now().date(), count, []) for count in (0, 1, 1000, *([0] * 27))]
    bars = bars_of(days, 1000)
    assert [bar.height for bar in bars[:3]] == [0.0, 2.0, 146.0]
    assert {round(bar.y + bar.height, 1) for bar in bars} == {160.0}
    assert max(bar.x + bar.width for bar in bars) <= 720
    assert sum(bar.is_labelled for bar in bars) == 30 / EVERY
    assert [bar.height for bar in bars_of(days[:1], 0)] == [0.0]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "–"), (1.0, "1 s"), (4.18, "4.2 s"), (63.0, "63 s"), (150.0, "2 minutes"), (5400.0, "90 minutes"),
     (20_000.0, "6 hours"), (400_000.0, "5 days")],
)  # fmt: skip
def test_a_time_is_told_with_the_digits_that_are_sure(seconds: float | None, words: str) -> None:
    assert in_words(seconds) == words


def light(name: str, at: datetime | None = None) -> Light:
    (found,) = [each for each in lights(at or now()) if str(each.name) == name]
    return found


def test_without_anything_every_light_says_that_nothing_was_tried() -> None:
    assert [(str(each.name), each.tone, each.last) for each in lights(now())] == [
        ("Background work", "bad", None),
        ("Stripe", "off", None),
        ("SmartBill", "off", None),
        ("Mail", "wait", None),
    ]


def test_the_worker_is_alive_while_it_beats() -> None:
    beat(WORKER)
    row = Heartbeat.objects.get(name=WORKER)
    assert (light("Background work").tone, light("Background work").last) == ("good", row.beat_at)
    assert light("Background work", now() + timedelta(minutes=10)).tone == "bad"


def test_stripe_answers_while_its_list_of_events_is_read_to_the_end() -> None:
    endpoint = StripeEndpointFactory.create(issuer=IssuerFactory.create())
    assert light("Stripe").tone == "wait"
    at = now()
    StripeEndpoint.objects.filter(pk=endpoint.pk).update(caught_up_to=at)
    assert (light("Stripe").tone, light("Stripe").last) == ("good", at)
    later = light("Stripe", at + timedelta(minutes=46))
    assert (later.tone, later.last) == ("bad", at)


def test_smartbill_is_told_by_its_answers_and_its_breaker() -> None:
    document = make_document()
    assert light("SmartBill").tone == "wait"
    attempt = make_attempt(document)
    make_attempt(make_document(issuer=document.issuer), outcome="unknown", api_key=attempt.api_key)
    assert (light("SmartBill").tone, light("SmartBill").last) == ("good", attempt.finished_at)
    channel = Channel.objects.create(issuer=document.issuer, paused_until=now() + timedelta(minutes=5))
    assert light("SmartBill").tone == "warn"
    Channel.objects.filter(pk=channel.pk).update(state="open")
    assert light("SmartBill").tone == "bad"


def test_mail_is_told_by_what_left_failed_and_waits() -> None:
    at = now()
    sent = MessageFactory.create(status=MessageStatus.SENT, sent_at=at, created_at=at - timedelta(minutes=5))
    assert (light("Mail").tone, light("Mail").last) == ("good", sent.sent_at)
    MessageFactory.create(status=MessageStatus.FAILED)
    assert light("Mail").tone == "warn"
    waiting = MessageFactory.create()
    Message.objects.filter(pk=waiting.pk).update(next_at=at - timedelta(minutes=16))
    assert light("Mail").tone == "bad"


def test_a_light_is_a_link_for_whoever_may_follow_it() -> None:
    for rights, is_link in ((["config.view_heartbeat"], True), ([VIEW], False)):
        page = signed_in(*rights).get("/admin/").content.decode()
        assert ('<a href="/admin/config/heartbeat/">Background work</a>' in page) is is_link
    assert "Background work" not in signed_in().get("/admin/").content.decode()
