import pytest
import responses
from django.db import transaction

from billing import client
from billing.errors import Gone, PreconditionFailed, Unavailable
from billing.sandbox.shop import Shop, Sold

BASE = "https://api.stripe.com"


@pytest.fixture
def shop(stripe_sandbox):
    with Shop(stripe_sandbox.url) as shop:
        yield shop


@pytest.fixture
def calls(stripe_sandbox):
    """The calls of what follows the request of this fixture's value."""
    stripe_sandbox.world.calls.clear()
    return stripe_sandbox.world.calls


@pytest.fixture
def answers(settings):
    settings.STRIPE_API_BASE = ""
    client._client.cache_clear()
    with responses.RequestsMock() as mock:
        yield mock
    client._client.cache_clear()


def fault(sandbox, **fault):
    sandbox.world.faults.plan({"answers": [fault]})


pytestmark = pytest.mark.django_db


def test_every_call_names_the_pinned_version_and_the_key(answers, settings):
    answers.get(f"{BASE}/v1/account", json={"id": "acct_1"})
    assert client.fetch_account() == {"id": "acct_1"}
    sent = answers.calls[0].request.headers
    assert sent["Stripe-Version"] == settings.STRIPE_API_VERSION == "2026-08-26.dahlia"
    assert sent["Authorization"] == f"Bearer {settings.STRIPE_API_KEY}"


def test_the_client_is_kept_while_the_settings_stay(settings):
    first = client.stripe_client()
    assert client.stripe_client() is first
    settings.STRIPE_API_KEY = "sk_test_" + "1" * 24
    assert client.stripe_client() is not first


def test_without_a_key_nothing_is_called(answers, settings):
    settings.STRIPE_API_KEY = ""
    with pytest.raises(PreconditionFailed, match="STRIPE_API_KEY is not set"):
        client.fetch_account()
    assert len(answers.calls) == 0


def test_integers_stay_integers_and_fractions_arrive_as_text(answers):
    answers.get(f"{BASE}/v1/charges/ch_1", body=b'{"id": "ch_1", "amount": 9007199254740993, "rate": 13.10}')
    charge = client.fetch_charge("ch_1")
    assert charge == {"id": "ch_1", "amount": 9007199254740993, "rate": "13.10"}
    assert type(charge) is dict


def test_an_invoice_comes_with_tax_ids_and_payments(shop):
    customer = shop.customer("Ñandú", "pagos@nandu.example", tax_ids=[("sv_nit", "0614-000000-001-4")])
    paid = shop.pay_invoice(customer["id"], [Sold("Silla", 1130)])
    invoice = client.fetch_invoice(paid["id"])
    assert (invoice["status"], invoice["total"]) == ("paid", 1130)
    assert invoice["customer"]["tax_ids"]["data"][0]["type"] == "sv_nit"
    assert invoice["payments"]["data"][0]["payment"]["payment_intent"]["amount"] == 1130
    assert "amount_paid_off_stripe" in invoice


def test_all_pages_of_the_lines_are_read(shop, calls, monkeypatch):
    monkeypatch.setattr(client, "PAGE", 10)
    customer = shop.customer("Ñandú", "pagos@nandu.example")
    paid = shop.pay_invoice(customer["id"], [Sold(f"Silla {n}", 100 + n) for n in range(25)])
    calls.clear()
    lines = client.fetch_invoice_lines(paid["id"])
    assert sorted(line["amount"] for line in lines) == [100 + n for n in range(25)]
    assert len(calls.found(method="GET")) == 3


def test_an_intent_leads_to_its_invoice_and_the_invoice_to_its_payments(shop):
    customer = shop.customer("Ñandú", "pagos@nandu.example")
    paid = shop.pay_invoice(customer["id"], [Sold("Silla", 1130)])
    (payment,) = client.fetch_invoice_payments(invoice=paid["id"])
    intent = payment["payment"]["payment_intent"]
    (found,) = client.fetch_invoice_payments(payment_intent=intent)
    assert (found["id"], found["invoice"]) == (payment["id"], paid["id"])
    assert client.fetch_invoice_payment(payment["id"])["invoice"] == paid["id"]
    assert client.fetch_session_of_intent(intent) is None


def test_a_checkout_is_found_by_itself_and_by_its_intent(shop):
    session = shop.checkout([Sold("Mesa", 2260, quantity=2)], buyer={"name": "Ñandú", "email": "a@nandu.example"})
    fetched = client.fetch_checkout_session(session["id"])
    assert (fetched["id"], fetched["payment_status"], fetched["amount_total"]) == (session["id"], "paid", 4520)
    (line,) = client.fetch_session_lines(session["id"])
    assert (line["quantity"], line["amount_total"]) == (2, 4520)
    assert line["price"]["product"]["name"] == "Mesa"
    found = client.fetch_session_of_intent(fetched["payment_intent"])
    assert found is not None
    assert found["id"] == session["id"]


def test_an_intent_comes_with_its_charge(shop):
    intent = shop.pay_intent(500, description="Abono")
    fetched = client.fetch_payment_intent(intent["id"])
    assert fetched["latest_charge"]["amount"] == 500
    assert client.fetch_charge(fetched["latest_charge"]["id"])["amount"] == 500


def test_customers_come_with_tax_ids_and_products_with_their_name(shop):
    customer = shop.customer("Ñandú", "pagos@nandu.example", tax_ids=[("sv_nit", "0614-000000-001-4")])
    assert client.fetch_customer(customer["id"])["tax_ids"]["data"][0]["value"] == "0614-000000-001-4"
    product = shop.post("products", name="Silla")
    assert client.fetch_product(product["id"])["name"] == "Silla"


def test_events_are_walked_over_all_pages_newest_first(shop, calls, monkeypatch):
    monkeypatch.setattr(client, "PAGE", 2)
    for n in range(5):
        shop.customer(f"Cliente {n}", f"c{n}@nandu.example")
    calls.clear()
    events = [event["data"]["object"]["name"] for event in client.list_events(created_gte=0)]
    assert events == [f"Cliente {n}" for n in (4, 3, 2, 1, 0)]
    assert len(calls.found(path="/v1/events")) == 3


def test_the_window_of_the_events_is_kept(shop, stripe_sandbox):
    shop.customer("Hoy", "hoy@nandu.example")
    at = stripe_sandbox.world.clock.now()
    assert len(list(client.list_events(created_gte=at - 60, created_lte=at))) == 1
    assert list(client.list_events(created_gte=at - 60, created_lte=at - 30)) == []


def test_an_object_that_stripe_does_not_know_is_gone(stripe_sandbox):
    with pytest.raises(Gone, match="in_nowhere"):
        client.fetch_invoice("in_nowhere")


@pytest.mark.parametrize(
    "stripe_id", ["", "../charges", "in_1/lines", "in_1?expand[]=x", "in 1", "in_\x00", "in_ñ", "x" * 256]
)
def test_what_is_no_id_is_gone_without_a_call(stripe_sandbox, calls, stripe_id):
    for fetch in (client.fetch_invoice, client.fetch_invoice_lines, client.fetch_session_of_intent):
        with pytest.raises(Gone):
            fetch(stripe_id)
    assert calls.found() == []


@pytest.mark.parametrize("status", [500, 502, 503, 0])
def test_a_failing_stripe_is_unavailable_and_not_asked_twice(stripe_sandbox, calls, status):
    fault(stripe_sandbox, status=status, times=9)
    with pytest.raises(Unavailable):
        client.fetch_account()
    assert stripe_sandbox.world.faults.planned[0].times == 8


def test_a_refused_connection_is_unavailable(settings):
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(Unavailable):
        client.fetch_account()


def test_a_rate_limit_carries_the_wish_of_stripe(stripe_sandbox):
    fault(stripe_sandbox, status=429, retry_after=7)
    with pytest.raises(Unavailable) as caught:
        client.fetch_account()
    assert caught.value.retry_after == 7


@pytest.mark.parametrize("wish", ["soon", "-1", "1.5", ""])
def test_a_wish_that_is_no_number_is_ignored(answers, wish):
    answers.get(f"{BASE}/v1/account", status=503, json={"error": {"message": "x"}}, headers={"Retry-After": wish})
    with pytest.raises(Unavailable) as caught:
        client.fetch_account()
    assert caught.value.retry_after is None


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_key_or_request_asks_for_a_person(answers, status):
    answers.get(f"{BASE}/v1/account", status=status, json={"error": {"message": "no", "type": "x"}})
    with pytest.raises(PreconditionFailed):
        client.fetch_account()


def test_a_redirect_is_not_followed(answers):
    answers.get(f"{BASE}/v1/account", status=302, headers={"Location": "http://169.254.169.254/latest"})
    with pytest.raises(Unavailable):
        client.fetch_account()
    assert len(answers.calls) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"5", b"null", b"\xff", b"[" * 5000])
def test_an_answer_that_is_no_object_is_unavailable(answers, body):
    answers.get(f"{BASE}/v1/account", body=body)
    with pytest.raises(Unavailable):
        client.fetch_account()


def test_another_object_than_asked_for_is_refused(answers):
    answers.get(f"{BASE}/v1/charges/ch_1", json={"id": "ch_2"})
    with pytest.raises(Unavailable, match="another object"):
        client.fetch_charge("ch_1")


def test_a_list_without_a_list_is_unavailable(answers):
    answers.get(f"{BASE}/v1/invoices/in_1/lines", json={"data": {"0": "x"}})
    with pytest.raises(Unavailable):
        client.fetch_invoice_lines("in_1")


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_nothing_is_called(stripe_sandbox, calls):
    with pytest.raises(RuntimeError, match="inside a transaction"), transaction.atomic():
        client.fetch_account()
    assert calls.found() == []
    assert client.fetch_account()["object"] == "account"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Invalid API key: 'sk_live_abcdefgh12345678'", "Invalid API key: 'sk_live_***'"),
        ("rk_test_abcdefgh12345678 and pk_live_abcdefgh12345678", "rk_test_*** and pk_live_***"),
        ("whsec_0123456789abcdef", "whsec_***"),
        ("No such invoice: in_1", "No such invoice: in_1"),
    ],
)
def test_keys_and_secrets_are_hidden(text, shown):
    assert client.redact(text) == shown


def test_the_key_of_the_settings_is_hidden_whatever_it_looks_like(settings):
    settings.STRIPE_API_KEY = "not like a key"
    assert client.redact("refused: not like a key") == "refused: ***"


def test_an_error_of_stripe_does_not_carry_the_key_on(answers, settings):
    message = f"Invalid API Key provided: {settings.STRIPE_API_KEY}"
    answers.get(f"{BASE}/v1/account", status=401, json={"error": {"message": message}})
    with pytest.raises(PreconditionFailed) as caught:
        client.fetch_account()
    assert str(caught.value) == "Invalid API Key provided: ***"
    assert caught.value.__suppress_context__ is True
