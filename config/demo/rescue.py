"""A chapter of the story: a company paid without its tax data; it completes them through a link and gets its CCF."""

import time

import requests

from billing.sandbox.shop import Shop, Sold
from config.demo.observer import Json, Observer, until
from config.demo.report import Report
from config.demo.staff import Form

NAME, EMAIL = "Panadería La Espiga", "compras@espiga.example"
SAID = {
    "kind": "company",
    "legal_name": "Panadería La Espiga, S.A. de C.V.",
    "id_type": "nit",
    "id_number": "0614-280390-112-1",
    "nrc": "76543-2",
    "activity_code": "10712",
    "municipality": "06-23",
    "line": "6a Calle Oriente 215",
}
TIMEOUT = 30


class Rescue:
    """A held document, a mail with a link, a form without login, and everything that waited is issued."""

    def __init__(self, shop: Shop, observer: Observer, report: Report) -> None:
        self.shop, self.observer, self.report = shop, observer, report

    def tell(self) -> list[str]:
        """Act it out; return the sources of the sales."""
        buyer = self.shop.customer(NAME, EMAIL, metadata={"sv_nrc": SAID["nrc"]})
        sources = [self._buy(buyer, "Plan anual", 45200), self._buy(buyer, "Capacitación", 11300)]
        held = [self.observer.document(source, "held") for source in sources]
        link = until("the mail that asks for tax data", self._link)
        self.report.step("A company without its tax data", f"{len(held)} documents held; one mail asks for the data")
        self.report.promise("one question, however much waits", len(self.observer.mails_to(EMAIL)) == 1)
        refused = self._answer(link, {**SAID, "id_number": "0614"})
        self.report.promise("a wrong number is named and nothing is stored", refused == 422)
        answered_at = time.monotonic()
        self._answer(link, SAID)
        stamped = [self.observer.document(source, "stamped") for source in sources]
        for document in stamped:
            self.observer.sent(document)
        seconds = time.monotonic() - answered_at
        self.report.step(
            "… completes them through the link", f"{len(stamped)} CCF stamped and mailed {seconds:.1f} s later"
        )
        self.report.promise("what waited became a CCF", all(document["kind"] == "ccf" for document in stamped))
        self.report.promise("the used link asks for nothing more", "<form" not in self.observer.page(link))
        return sources

    def _buy(self, buyer: Json, what: str, cents: int) -> str:
        return f"invoice:{self.shop.pay_invoice(buyer['id'], [Sold(what, cents)])['id']}"

    def _link(self) -> str | None:
        mails = self.observer.mails_to(EMAIL)
        return self.observer.link_in(mails[0], door="t") if mails else None

    def _answer(self, link: str, said: dict[str, str]) -> int:
        """Open the form as a browser does and send it; return the status of the answer."""
        browser = requests.Session()
        page = browser.get(link, timeout=TIMEOUT)
        page.raise_for_status()
        fields = dict(Form(page.text, "tax-data").fields) | said
        return browser.post(link, fields, headers={"Referer": link}, timeout=TIMEOUT, allow_redirects=False).status_code
