from decimal import Decimal

import requests

from smartbill.providers.el_salvador.sandbox import jsonio

from .payloads import COMPANY, ccf, emit, factura, issued


def origin(sandbox):
    return sandbox.url.removesuffix("/v1")


def test_the_addresses_in_the_answer_lead_to_the_document(smartbill_sandbox):
    data = emit(smartbill_sandbox, "factura").json()["data"]
    page, pdf = requests.get(data["url"], timeout=5), requests.get(data["pdfUrl"], timeout=5)
    assert data["selloRecibido"] in page.text
    assert pdf.content.startswith(b"%PDF-1.4")
    assert requests.get(data["url"][:-1], timeout=5).status_code == 404


def test_staff_search_the_platform_by_reference_or_name(smartbill_sandbox):
    named = ccf(notes="Ref. SE-77", receptor=COMPANY | {"name": "<b>Café</b>"})
    code, other = issued(smartbill_sandbox, "ccf", named), issued(smartbill_sandbox, "factura", factura())
    for search in ("SE-77", "café"):
        page = requests.get(f"{origin(smartbill_sandbox)}/platform", params={"search": search}, timeout=5).text
        assert (code in page, other in page, "<b>Café" in page, "&lt;b&gt;Café" in page) == (True, False, False, True)


def test_the_button_of_the_platform_ends_a_contingency(smartbill_sandbox):
    smartbill_sandbox.control.hacienda(up=False)
    issued(smartbill_sandbox, "factura")
    page = f"{origin(smartbill_sandbox)}/platform"
    assert "pendiente de sello" in requests.post(page, timeout=5).text
    smartbill_sandbox.control.hacienda(up=True)
    assert "pendiente de sello" not in requests.post(page, timeout=5).text
    assert smartbill_sandbox.control.documents()[0].seal is not None


def test_the_truth_may_be_looked_at_by_hand_but_not_changed(smartbill_sandbox):
    issued(smartbill_sandbox, "factura")
    console = f"{origin(smartbill_sandbox)}/_sandbox"
    shown = jsonio.loads(requests.get(f"{console}/documents?search=SE-1", timeout=5).content)
    assert [document["total"] for document in shown["documents"]] == [Decimal("113.00")]
    assert requests.get(f"{console}/reset", timeout=5).status_code == 405
    assert len(smartbill_sandbox.control.documents()) == 1
