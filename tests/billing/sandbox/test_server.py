import socket
import threading

import pytest
import requests
from django.core.exceptions import ImproperlyConfigured
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from billing.sandbox import NotLoopback, StripeSandbox, serve

KEY = {"Authorization": "Bearer sk_test_" + "0" * 24}


@pytest.mark.parametrize("value", [False, None])
def test_it_refuses_to_exist_where_the_setting_does_not_allow_it(settings, value):
    settings.SELLO_SANDBOX = value
    with pytest.raises(ImproperlyConfigured, match="SELLO_SANDBOX"):
        StripeSandbox()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.10", "::"])  # noqa: S104 - these are refused
def test_it_listens_on_loopback_only(host):
    with pytest.raises(NotLoopback, match="loopback only"):
        StripeSandbox(host=host)


def test_it_is_bound_to_loopback(stripe_sandbox):
    assert stripe_sandbox.server.server_address[0] == "127.0.0.1"


def test_a_foreign_host_name_is_refused(stripe_sandbox):
    headers = KEY | {"Host": "evil.example.com"}
    assert requests.get(f"{stripe_sandbox.url}/_sandbox/state", headers=headers, timeout=5).status_code == 403
    assert requests.get(f"{stripe_sandbox.url}/v1/customers", headers=headers, timeout=5).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer pk_test_" + "0" * 24},
        {"Authorization": "Bearer sk_live_" + "0" * 24},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Basic !!!"},
    ],
)
def test_a_bad_key_is_401_and_nothing_is_done(stripe_sandbox, shop, headers):
    answer = requests.post(f"{stripe_sandbox.url}/v1/customers", headers=headers, timeout=5)
    assert answer.status_code == 401
    assert shop.get("customers")["data"] == []


def test_a_key_may_come_as_basic_auth(stripe_sandbox):
    answer = requests.get(f"{stripe_sandbox.url}/v1/customers", auth=("rk_test_" + "0" * 24, ""), timeout=5)
    assert answer.status_code == 200


def test_a_live_stand_in_wants_live_keys():
    with StripeSandbox(livemode=True) as sandbox:
        url = f"{sandbox.url}/v1/customers"
        assert requests.post(url, headers=KEY, timeout=5).status_code == 401
        live = {"Authorization": "Bearer sk_live_" + "0" * 24}
        assert requests.post(url, headers=live, timeout=5).json()["livemode"] is True


def test_a_connection_is_kept_alive(stripe_sandbox):
    with requests.Session() as session:
        for _ in range(3):
            assert session.get(f"{stripe_sandbox.url}/v1/customers", headers=KEY, timeout=5).status_code == 200
        assert len(stripe_sandbox.server.open) == 1


def test_stopping_frees_the_port_and_ends_the_threads():
    before = threading.active_count()
    sandbox = StripeSandbox().start()
    port = sandbox.server.server_address[1]
    session = requests.Session()
    session.get(f"{sandbox.url}/v1/customers", headers=KEY, timeout=5)
    sandbox.stop()
    session.close()
    assert threading.active_count() == before
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", port))


def test_a_command_serves_until_it_is_told_to_stop():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    stop = threading.Event()
    thread = threading.Thread(target=serve, kwargs={"port": port, "stop": stop})
    thread.start()
    answers = Retry(total=20, connect=20, backoff_factor=0.01)
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=answers))
        state = session.get(f"http://127.0.0.1:{port}/_sandbox/state", timeout=5).json()
    stop.set()
    thread.join(timeout=10)
    assert (state["objects"], thread.is_alive()) == ({}, False)


def test_an_unknown_address_is_stripes_404(stripe_sandbox):
    answer = requests.get(f"{stripe_sandbox.url}/v1/topups", headers=KEY, timeout=5)
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "Unrecognized request URL (GET: /v1/topups)."
    assert answer.headers["Request-Id"].startswith("req_")


def test_concurrent_callers_lose_nothing(stripe_sandbox, shop):
    coupon = shop.coupon(percent_off="1")["id"]
    customer = shop.customer("Ana", "ana@example.com")["id"]

    def work():
        for _ in range(10):
            data = {"customer": customer, "discounts[0][coupon]": coupon}
            requests.post(f"{stripe_sandbox.url}/v1/invoices", data=data, headers=KEY, timeout=10)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shop.get(f"coupons/{coupon}")["times_redeemed"] == 40
    assert len(shop.get("invoices", limit=100)["data"]) == 40
