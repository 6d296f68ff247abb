"""An issuer's page: what its documents have settled is not edited any more."""

import pytest
from django.forms.models import model_to_dict

from smartbill.breaker import State
from smartbill.models import Channel, Issuer
from tests.factories.documents import make_document
from tests.factories.people import signed_in
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("has_document", "livemode"), [(False, True), (True, False)])
def test_the_mode_is_settled_by_the_first_document(has_document: bool, livemode: bool) -> None:
    issuer = IssuerFactory.create()
    if has_document:
        make_document(issuer=issuer)
    no_inlines = {f"channel_events-{name}_FORMS": 0 for name in ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")}
    values = {name: value for name, value in model_to_dict(issuer).items() if value is not None and value is not False}
    values["ask-reason"] = "As agreed."
    client = signed_in("smartbill.view_issuer", "smartbill.change_issuer")
    address = f"/admin/smartbill/issuer/{issuer.pk}/change/"
    assert client.post(address, {**values, **no_inlines, "commercial_name": "New", "livemode": "on"}).status_code == 302
    changed = Issuer.objects.get()
    assert (changed.commercial_name, changed.livemode) == ("New", livemode)


def page(client, issuer: Issuer) -> str:
    return client.get(f"/admin/smartbill/issuer/{issuer.pk}/change/").content.decode()


def act(client, issuer: Issuer, action: str):
    data = {"action": action, "_selected_action": [issuer.pk]}
    asked = client.post("/admin/smartbill/issuer/", data)
    token = asked.context["token"] if asked.status_code == 200 and "token" in asked.context else "made-up"
    answer = {"_confirmed": token, "confirm-reason": "The accountant asked for it"}
    return client.post("/admin/smartbill/issuer/", data | answer, follow=True)


def test_a_person_with_the_right_stops_sending_and_lets_it_go_on() -> None:
    issuer = IssuerFactory.create()
    client = signed_in("smartbill.view_issuer", "smartbill.control_channel")
    assert "sending" in page(client, issuer)
    act(client, issuer, "stop_sending")
    channel = Channel.objects.get(pk=issuer.pk)
    assert (channel.state, channel.why) == (State.OPEN, "The accountant asked for it")
    stopped = page(client, issuer)
    assert "The accountant asked for it" in stopped
    assert "Waits for a person" in stopped
    act(client, issuer, "let_send")
    assert Channel.objects.get(pk=issuer.pk).probe_at is not None


def test_without_the_right_there_is_no_button_and_no_way_around_it() -> None:
    issuer = IssuerFactory.create()
    client = signed_in("smartbill.view_issuer")
    assert "stop_sending" not in page(client, issuer)
    act(client, issuer, "stop_sending")
    assert not Channel.objects.exists()


def test_the_page_shows_how_many_calls_are_allowed_while_it_recovers() -> None:
    issuer = IssuerFactory.create(in_flight=8)
    Channel.objects.create(issuer=issuer, limit=2)
    assert "2 / 8" in page(signed_in("smartbill.view_issuer"), issuer)
