import os
import re
import socket
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest
import requests

from smartbill.providers.el_salvador.sandbox import (
    Account,
    ApiKey,
    SandboxControl,
    SandboxRefused,
    SmartbillSandbox,
    jsonio,
)
from smartbill.providers.el_salvador.sandbox.pace import Pace

from .payloads import MANAGER_KEYS, TRANSMITTER_KEYS, ask, emit, error, factura, issued, post


def test_it_does_not_start_without_the_setting(settings):
    settings.SELLO_SANDBOX = False
    with pytest.raises(SandboxRefused):
        SmartbillSandbox()


@pytest.mark.parametrize("host", ["::", "192.168.1.5", "example.com", ""])
def test_it_listens_on_loopback_only(host):
    with pytest.raises(SandboxRefused):
        SmartbillSandbox(host=host)


def test_an_emission_is_answered_with_code_number_and_seal(smartbill_sandbox):
    answer = emit(smartbill_sandbox, "factura")
    data = answer.json()["data"]
    assert (answer.status_code, answer.json()["success"], data["estado"]) == (200, True, "PROCESADO")
    assert re.match(r"^[A-F0-9]{8}-(?:[A-F0-9]{4}-){3}[A-F0-9]{12}$", data["codigoGeneracion"])
    assert re.match(r"^\d{4}[A-Z0-9]{36}$", data["selloRecibido"])
    assert data["numeroControl"] == "DTE-01-M001P001-000000000000001"
    assert data["fechaEmision"].endswith("-06:00")


def test_control_numbers_count_per_type(smartbill_sandbox):
    for route in ("factura", "factura", "ccf"):
        issued(smartbill_sandbox, route)
    assert [one.control_number for one in smartbill_sandbox.control.documents()] == [
        "DTE-01-M001P001-000000000000001",
        "DTE-01-M001P001-000000000000002",
        "DTE-03-M001P001-000000000000001",
    ]


def test_what_was_issued_can_be_read(smartbill_sandbox):
    code = issued(smartbill_sandbox, "ccf")
    data = ask(smartbill_sandbox, "get_json", code.lower()).json()["data"]
    assert data["codigoGeneracion"] == code
    assert data["estado"] == "PROCESADO"
    assert data["document"]["identificacion"]["ambiente"] == "00"
    assert data["document"]["resumen"]["totalPagar"] == 113.00
    assert data["document"]["selloRecibido"] == data["selloRecibido"]
    assert data["document"]["firmaElectronica"].count(".") == 2
    assert data["invalidation"] is None


def test_an_unknown_code_is_not_found(smartbill_sandbox):
    answer = ask(smartbill_sandbox, "get_json", "AAAA0001-0000-4000-8000-000000000001")
    assert error(answer) == (404, "NOT_FOUND", [])


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"X-Smartbill-Public-Key": "pub_sandbox_manager"},
        MANAGER_KEYS | {"X-Smartbill-Private-Key": "wrong"},
        MANAGER_KEYS | {"X-Smartbill-Private-Key": TRANSMITTER_KEYS["X-Smartbill-Private-Key"]},
        {"X-Smartbill-Public-Key": "pub_sandbox_revoked", "X-Smartbill-Private-Key": "prv_sandbox_revoked"},
    ],
)
def test_wrong_mixed_or_revoked_keys_issue_nothing(smartbill_sandbox, keys):
    assert error(emit(smartbill_sandbox, "factura", keys=keys)) == (401, "UNAUTHORIZED", [])
    assert smartbill_sandbox.control.documents() == []


def test_a_transmitter_may_issue_and_read(smartbill_sandbox):
    answer = emit(smartbill_sandbox, "factura", keys=TRANSMITTER_KEYS)
    code = answer.json()["data"]["codigoGeneracion"]
    assert ask(smartbill_sandbox, "get_json", code, keys=TRANSMITTER_KEYS).status_code == 200


def test_accounts_do_not_see_each_other_and_a_closed_one_does_nothing():
    accounts = [
        Account(
            name=name, keys=[ApiKey(public_key=f"pub_{name}", private_key=f"prv_{name}")], disabled=name == "closed"
        )
        for name in ("one", "two", "closed")
    ]
    keys = {
        account.name: {
            "X-Smartbill-Public-Key": f"pub_{account.name}",
            "X-Smartbill-Private-Key": f"prv_{account.name}",
        }
        for account in accounts
    }
    with SmartbillSandbox(accounts=accounts, latency=(0, 0)) as sandbox:
        code = emit(sandbox, "factura", keys=keys["one"]).json()["data"]["codigoGeneracion"]
        assert ask(sandbox, "get_json", code, keys=keys["one"]).status_code == 200
        assert error(ask(sandbox, "get_json", code, keys=keys["two"])) == (404, "NOT_FOUND", [])
        assert error(ask(sandbox, "get_json", code, keys=keys["closed"])) == (403, "ACCOUNT_DISABLED", [])


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"dteJson": {}, "more": 1}', b'{"dteJson": {"notes": NaN}}', b'{"dteJson": 1, "dteJson": 2}'],
)
def test_a_body_that_is_not_strict_json_in_its_envelope_is_refused(smartbill_sandbox, body):
    answer = post(smartbill_sandbox, "factura", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VALIDATION_ERROR")
    assert smartbill_sandbox.control.documents() == []


@pytest.mark.parametrize("body", [{"document": "x"}, {"body": {}}, {"body": {"document": 7}}, {"body": "x"}])
def test_a_reading_needs_its_envelope(smartbill_sandbox, body):
    assert post(smartbill_sandbox, "get_json", body).status_code == 400


def test_the_envelope_of_readings_follows_the_contract(smartbill_sandbox, settings):
    code = issued(smartbill_sandbox, "factura")
    settings.SMARTBILL_SV_CONTRACT = {"envelope.document": ""}
    assert post(smartbill_sandbox, "get_json", {"document": code}).status_code == 200
    assert ask(smartbill_sandbox, "get_json", code).status_code == 400


def test_an_overridden_name_or_route_reaches_the_stand_in(smartbill_sandbox, settings):
    settings.SMARTBILL_SV_CONTRACT = {"field.product.unitPrice": "price", "route.factura": "/dte/facturas"}
    body = factura()
    body["products"][0]["price"] = body["products"][0].pop("unitPrice")
    assert emit(smartbill_sandbox, "factura", body).status_code == 404
    answer = requests.post(
        smartbill_sandbox.url + "/dte/facturas",
        data=jsonio.dumps({"dteJson": body}),
        headers=MANAGER_KEYS | {"Content-Type": "application/json"},
        timeout=5,
    )
    assert answer.status_code == 200


def test_other_methods_paths_and_types_are_not_the_api(smartbill_sandbox):
    url = smartbill_sandbox.url
    headers = MANAGER_KEYS | {"Content-Type": "text/plain"}
    assert requests.get(url + "/dte/factura", timeout=5).status_code == 405
    assert requests.post(url + "/dte/other", json={}, timeout=5).status_code == 404
    assert requests.post(url + "/dte/factura", data=b"{}", headers=headers, timeout=5).status_code == 415


def test_a_body_without_end_is_not_read(smartbill_sandbox):
    answer = requests.post(smartbill_sandbox.url + "/dte/factura", data=iter([b"{}"]), headers=MANAGER_KEYS, timeout=5)
    assert answer.status_code == 411


def test_many_callers_at_once_get_documents_of_their_own(smartbill_sandbox):
    codes = []
    threads = [threading.Thread(target=lambda: codes.append(issued(smartbill_sandbox, "factura"))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = {document.control_number for document in smartbill_sandbox.control.documents()}
    assert (len(set(codes)), len(numbers)) == (16, 16)


def test_a_stop_ends_the_calls_that_wait_and_issues_nothing(tmp_path):
    log = tmp_path / "truth.jsonl"
    failures = []

    def call(sandbox):
        try:
            emit(sandbox, "factura")
        except requests.ConnectionError as problem:
            failures.append(problem)

    with SmartbillSandbox(latency=(60, 60), truth_log=log) as sandbox:
        thread = threading.Thread(target=call, args=(sandbox,))
        thread.start()
        while not sandbox.control.calls():
            pass
    thread.join(timeout=10)
    assert len(failures) == 1
    assert '"issued"' not in log.read_text()


def test_the_oracle_survives_a_restart(tmp_path):
    log = tmp_path / "truth.jsonl"
    with SmartbillSandbox(latency=(0, 0), truth_log=log) as sandbox:
        first, second = issued(sandbox, "factura"), issued(sandbox, "ccf")
        sandbox.control.hacienda(up=False)
        third = issued(sandbox, "factura")
        sandbox.control.hacienda(up=True)
        ask(sandbox, "invalidate", first)
        sandbox.control.regularise()
        before = sandbox.control.documents(), sandbox.control.calls(), sandbox.control.mails()
    with log.open("ab") as end:
        end.write(b'{"fact":"issu')
    with SmartbillSandbox(latency=(0, 0), truth_log=log) as sandbox:
        assert (sandbox.control.documents(), sandbox.control.calls(), sandbox.control.mails()) == before
        assert [document.code for document in sandbox.control.documents()] == [first, second, third]
        assert ask(sandbox, "get_json", first).json()["data"]["estado"] == "INVALIDADO"
        issued(sandbox, "factura")
        assert sandbox.control.documents()[-1].control_number == "DTE-01-M001P001-000000000000003"
    with SmartbillSandbox(latency=(0, 0), truth_log=log) as sandbox:
        assert len(sandbox.control.documents()) == 4


SERVE = """
import sys
from pathlib import Path
import django
django.setup()
from smartbill.providers.el_salvador.sandbox import serve
serve(int(sys.argv[1]), latency=(0, 0), truth_log=Path(sys.argv[2]))
"""


@pytest.fixture
def process(tmp_path, unused_port):
    child = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(unused_port), str(tmp_path / "truth.jsonl")],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.test"},
    )
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            SandboxControl(f"http://127.0.0.1:{unused_port}/v1").state()
            break
        except ConnectionError:
            time.sleep(0.05)
    yield child
    child.kill()
    child.wait()


@pytest.fixture
def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_command_serves_until_it_is_told_to_end(process):
    process.terminate()
    assert process.wait(timeout=10) == 0


def test_what_was_answered_survives_a_kill(process, unused_port, tmp_path):
    url = SimpleNamespace(url=f"http://127.0.0.1:{unused_port}/v1")
    codes = [issued(url, "factura") for _ in range(3)]
    process.kill()
    process.wait()
    with SmartbillSandbox(truth_log=tmp_path / "truth.jsonl") as sandbox:
        assert [document.code for document in sandbox.control.documents()] == codes


def test_a_seed_makes_latency_repeatable_and_within_bounds(monkeypatch):
    def waits(seed):
        pace, seconds = Pace((0.7, 2.0), seed=seed), []
        monkeypatch.setattr(pace, "wait", seconds.append)
        for contingency in (False, True) * 5:
            pace.work(contingency=contingency)
        return seconds

    assert waits(3) == waits(3) != waits(4)
    assert all(0.7 <= wait <= 2.0 for wait in waits(3)[::2])
    assert all(2.0 <= wait <= 2.6 for wait in waits(3)[1::2])
