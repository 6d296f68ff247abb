import contextlib
import threading
import time

import pytest
import requests

from smartbill.providers.el_salvador.sandbox import FAULTS, ControlRefused, SmartbillSandbox

from .payloads import PERSON, ask, emit, error, factura, issued


def count(sandbox):
    return len(sandbox.control.documents())


@pytest.mark.parametrize(("kind", "documents"), [("reset_before", 0), ("reset_after", 1)])
def test_a_reset_cuts_the_line(sandbox, kind, documents):
    sandbox.control.fault(kind)
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        emit(sandbox, "factura")
    assert count(sandbox) == documents
    assert [(call.fault, call.outcome, call.status) for call in sandbox.control.calls()] == [(kind, "reset", None)]
    assert emit(sandbox, "factura").status_code == 200


@pytest.mark.parametrize(("kind", "documents"), [("hang_before", 0), ("hang_after", 1)])
def test_a_hang_says_nothing_until_the_client_gives_up(sandbox, kind, documents):
    sandbox.control.fault(kind)
    with pytest.raises(requests.ReadTimeout):
        emit(sandbox, "factura", timeout=0.3)
    assert count(sandbox) == documents


def test_a_stop_ends_a_hang():
    failures = []

    def call(sandbox):
        try:
            emit(sandbox, "factura", timeout=30)
        except requests.ConnectionError as problem:
            failures.append(problem)

    with SmartbillSandbox(latency=(0, 0)) as sandbox:
        sandbox.control.fault("hang_after")
        thread = threading.Thread(target=call, args=(sandbox,))
        thread.start()
        while not sandbox.control.documents():
            time.sleep(0.01)
    thread.join(timeout=10)
    assert len(failures) == 1


def test_a_late_answer_comes(sandbox):
    sandbox.control.fault("late", seconds=0.4)
    start = time.monotonic()
    assert emit(sandbox, "factura").status_code == 200
    assert time.monotonic() - start >= 0.4


@pytest.mark.parametrize(("kind", "at_timeout"), [("late", 1), ("late_before", 0)])
def test_a_document_can_appear_after_the_client_gave_up(sandbox, kind, at_timeout):
    sandbox.control.fault(kind, seconds=0.6)
    with pytest.raises(requests.ReadTimeout):
        emit(sandbox, "factura", timeout=0.2)
    assert count(sandbox) == at_timeout
    time.sleep(0.8)
    assert count(sandbox) == 1


def test_a_cut_answer_promises_more_than_it_sends(sandbox):
    sandbox.control.fault("truncate")
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError), match="IncompleteRead"):
        emit(sandbox, "factura")
    assert count(sandbox) == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [("500", "INTERNAL"), ("502", "BAD_GATEWAY"), ("503", "HACIENDA_UNAVAILABLE"), ("504", "GATEWAY_TIMEOUT")],
)
@pytest.mark.parametrize(("stage", "documents"), [("before", 0), ("after", 1)])
def test_a_server_error_says_nothing_about_what_happened(sandbox, status, code, stage, documents):
    sandbox.control.fault(f"{status}_{stage}")
    assert error(emit(sandbox, "factura")) == (int(status), code, [])
    assert count(sandbox) == documents


@pytest.mark.parametrize(
    ("kind", "status", "documents"),
    [("html_200", 200, 1), ("html_200_before", 200, 0), ("html_502", 502, 1), ("html_502_before", 502, 0),
     ("405", 405, 0), ("413", 413, 0)],
)  # fmt: skip
def test_a_page_comes_instead_of_an_answer(sandbox, kind, status, documents):
    sandbox.control.fault(kind)
    answer = emit(sandbox, "factura")
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert count(sandbox) == documents


def test_an_answer_can_lack_the_code(sandbox):
    sandbox.control.fault("no_code")
    assert emit(sandbox, "factura").json() == {"success": True}
    assert count(sandbox) == 1


@pytest.mark.parametrize(("kind", "documents"), [("redirect", 0), ("redirect_after", 1)])
def test_a_redirect_leads_to_the_same_place(sandbox, kind, documents):
    sandbox.control.fault(kind)
    answer = emit(sandbox, "factura")
    assert (answer.status_code, answer.headers["Location"]) == (307, "/v1/dte/factura")
    assert count(sandbox) == documents


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("401", 401, "UNAUTHORIZED"),
        ("403", 403, "ACCOUNT_DISABLED"),
        ("404", 404, "NOT_FOUND"),
        ("409", 409, "CONFLICT"),
        ("429", 429, "RATE_LIMITED"),
    ],
)
def test_a_refusal_issues_nothing(sandbox, kind, status, code):
    sandbox.control.fault(kind)
    assert error(emit(sandbox, "factura")) == (status, code, [])
    assert count(sandbox) == 0


def test_a_rate_limit_says_how_long_to_wait(sandbox):
    sandbox.control.fault("429", retry_after=7)
    assert emit(sandbox, "factura").headers["Retry-After"] == "7"


def test_a_conflict_can_hide_an_issued_document(sandbox):
    sandbox.control.fault("409_after")
    assert emit(sandbox, "factura").status_code == 409
    assert count(sandbox) == 1


def test_a_refusal_by_data_or_by_hacienda_names_field_and_code(sandbox):
    sandbox.control.fault("reject_data", about="receptor.email", code="003")
    sandbox.control.fault("reject_hacienda", code="009")
    data, hacienda = emit(sandbox, "factura").json()["error"], emit(sandbox, "factura").json()["error"]
    assert (data["code"], data["details"][0]["field"], data["details"][0]["code"]) == (
        "VALIDATION_ERROR",
        "receptor.email",
        "003",
    )
    assert (hacienda["code"], hacienda["details"][0]["code"]) == ("HACIENDA_REJECTED", "009")
    assert count(sandbox) == 0


def test_already_exists_hides_an_issued_document(sandbox):
    sandbox.control.fault("already_exists")
    assert emit(sandbox, "factura").json()["error"]["details"][0]["code"] == "004"
    assert count(sandbox) == 1


def test_a_refusal_can_carry_the_code_of_a_document_that_exists(sandbox):
    sandbox.control.fault("refused_after")
    message = emit(sandbox, "factura").json()["error"]["message"]
    assert message.split()[-1] == sandbox.control.documents()[0].code


def test_a_refusal_can_carry_a_code_that_leads_nowhere(sandbox):
    sandbox.control.fault("refused_with_code")
    code = emit(sandbox, "factura").json()["error"]["message"].split()[-1]
    assert ask(sandbox, "get_json", code).status_code == 404


def test_one_document_can_fall_into_contingency(sandbox):
    sandbox.control.fault("contingency")
    states = [emit(sandbox, "factura").json()["data"]["estado"] for _ in range(2)]
    assert states == ["CONTINGENCIA", "PROCESADO"]


def test_a_receptor_can_be_mailed_twice(sandbox):
    sandbox.control.fault("mail_twice")
    issued(sandbox, "factura", factura(receptor=PERSON))
    assert [mail.to for mail in sandbox.control.mails()] == ["ana@example.com"] * 2


def test_the_total_can_be_off(sandbox):
    sandbox.control.fault("wrong_total")
    code = issued(sandbox, "factura")
    assert ask(sandbox, "get_json", code).json()["data"]["document"]["resumen"]["totalPagar"] == 114.00


def test_faults_strike_the_next_calls_and_no_more(sandbox):
    sandbox.control.fault("500_before", times=2)
    assert [emit(sandbox, "factura").status_code for _ in range(3)] == [500, 500, 200]


def test_a_fault_can_be_for_a_text_in_the_body(sandbox):
    sandbox.control.fault("500_before", times=0, match="SE-13")
    bodies = [factura(notes=f"Ref. SE-{number}") for number in (12, 13, 14, 13)]
    assert [emit(sandbox, "factura", body).status_code for body in bodies] == [200, 500, 200, 500]
    sandbox.control.clear_faults()
    assert emit(sandbox, "factura", bodies[1]).status_code == 200


def test_readings_are_left_alone_unless_the_route_is_named(sandbox):
    code = issued(sandbox, "factura")
    sandbox.control.fault("500_before", times=0)
    assert ask(sandbox, "get_json", code).status_code == 200
    sandbox.control.fault("502_before", times=0, route="get_json")
    assert ask(sandbox, "get_json", code).status_code == 502
    sandbox.control.clear_faults()
    sandbox.control.fault("reset_after", route="any")
    with pytest.raises(requests.ConnectionError):
        ask(sandbox, "invalidate", code)
    assert ask(sandbox, "get_json", code).json()["data"]["estado"] == "INVALIDADO"


def test_a_seed_makes_chance_repeatable(sandbox):
    def storm():
        sandbox.control.clear_faults()
        sandbox.control.fault("500_before", times=0, probability=0.3, seed=7)
        return [emit(sandbox, "factura").status_code for _ in range(20)]

    first = storm()
    assert first == storm()
    assert set(first) == {200, 500}


def test_the_calls_are_counted_by_reference(sandbox):
    sandbox.control.fault("reset_after")
    with pytest.raises(requests.ConnectionError):
        emit(sandbox, "factura")
    code = issued(sandbox, "factura")
    ask(sandbox, "get_json", code)
    assert sandbox.control.calls_by_reference() == {"SE-1": 2}
    calls = sandbox.control.calls("SE-1")
    assert [(call.route, call.outcome, call.public_key) for call in calls] == [
        ("factura", "reset", "pub_sandbox_manager"),
        ("factura", "answered", "pub_sandbox_manager"),
    ]
    assert [call.code for call in calls] == [one.code for one in sandbox.control.documents()]
    assert calls[0].body_sha256 == calls[1].body_sha256


def test_a_reset_forgets_everything(sandbox):
    sandbox.control.fault("500_before", times=0)
    sandbox.control.hacienda(up=False)
    sandbox.control.advance_clock(86400)
    emit(sandbox, "factura")
    sandbox.control.reset()
    state = sandbox.control.state()
    assert (state["documents"], state["hacienda_up"], state["faults"]) == (0, True, [])
    assert (sandbox.control.calls(), sandbox.control.mails()) == ([], [])
    assert emit(sandbox, "factura").json()["data"]["numeroControl"] == "DTE-01-M001P001-000000000000001"


@pytest.mark.parametrize("options", [{"kind": "nonsense"}, {"kind": "late", "colour": "red"}])
def test_a_fault_that_does_not_exist_is_refused(sandbox, options):
    with pytest.raises(ControlRefused):
        sandbox.control.fault(**options)
    assert sandbox.control.state()["faults"] == []


@pytest.mark.parametrize("kind", FAULTS)
def test_after_any_fault_the_next_call_goes_well(sandbox, kind):
    sandbox.control.fault(kind, seconds=0.01)
    with contextlib.suppress(requests.RequestException):
        emit(sandbox, "factura", timeout=0.2)
    assert emit(sandbox, "factura").json()["data"]["estado"] == "PROCESADO"
    outcome = {"reset": "reset", "hang": "hung", "cut": "cut"}.get(FAULTS[kind].act, "answered")
    calls = sandbox.control.calls()
    assert [(call.fault, call.outcome) for call in calls] == [(kind, outcome), ("", "answered")]
