"""A chapter of the story: a customer says that their document is wrong, staff follow the assistant, it is replaced."""

import re
from dataclasses import dataclass

import requests
from django.utils import translation
from django.utils.translation import gettext

from billing.sandbox.shop import Shop, Sold
from config.demo.observer import Json, Observer, until
from config.demo.report import Report
from config.demo.staff import Form, Staff
from smartbill.providers.el_salvador.sandbox import SandboxControl

EMAIL, NAME, RIGHT_NAME = "claudia@example.com", "Claudia Menjívar", "Claudia Beatriz Menjívar de Cruz"
DUI = "04567890-3"
TIMEOUT = 30
PLACES = ("At the tax authority", "In Stripe", "In the books", "For the customer")
"""Where the case's page says what happens."""


@dataclass
class Correcting:
    """A form without login, a case, a preview, a replacement that is stamped first, an invalidation, one mail."""

    shop: Shop
    authority: SandboxControl
    observer: Observer
    staff: Staff
    report: Report

    def tell(self) -> list[str]:
        """Act it out; return the sources of the sales."""
        # With a DUI the authority holds the name, and a wrong one is wrong there as well.
        buyer = self.shop.customer(NAME, EMAIL, metadata={"sv_dui": DUI}, preferred_locales=["es"])
        source = f"invoice:{self.shop.pay_invoice(buyer['id'], [Sold('Curso de facturación', 8900)])['id']}"
        old = self.observer.document(source, "stamped")
        self.observer.sent(old)
        link = self.observer.link_in(self.observer.mails_to(EMAIL)[0])
        self.ask(link)
        self.report.step("A customer asks for a correction on the page", NAME, "→", RIGHT_NAME)
        again = "<form" in self.observer.page(f"{link}correction/")
        self.report.promise("there is one open case per document, and the page shows its state", not again)
        self._decide(old)
        new = until("the replacement", lambda: self._replacement(old))
        answer = until("the answer to the customer", self._answer)
        self._look_at(old, new, link, answer)
        return [source]

    def ask(self, link: str) -> None:
        """Open the form as a browser does and send it."""
        browser, url = requests.Session(), f"{link}correction/"
        page = browser.get(url, timeout=TIMEOUT)
        page.raise_for_status()
        said = {"wrong": "buyer", "statement": f"Mi nombre completo es {RIGHT_NAME}."}
        fields = dict(Form(page.text, "correction").fields) | said
        browser.post(url, fields, headers={"Referer": url}, timeout=TIMEOUT).raise_for_status()

    def _decide(self, old: Json) -> None:
        cases = self.staff.see(f"billing/correction/?document={old['id']}")
        found = re.search(r"/billing/correction/(\d+)/change/", cases)
        self.report.promise("the case stands on the desk of staff", found is not None)
        case = int(found[1]) if found else 0
        page = self.staff.see(f"billing/correction/{case}/change/")
        with translation.override("es"):  # the language of the stack
            told = all(gettext(place) in page for place in PLACES)
        self.report.promise("staff see what happens where before they decide", told)
        self.staff.act(
            "replace",
            case,
            model="billing/correction",
            kind="factura",
            name=RIGHT_NAME,
            answer="Gracias por avisarnos. Aquí está su documento corregido.",
            reason="Nombre según su documento",
        )

    def _replacement(self, old: Json) -> Json | None:
        rows = {row["id"]: row for row in self.observer.rows("documents", source=old["source"])}
        new = rows.get(rows[old["id"]]["replaced_by"])
        return new if new and rows[old["id"]]["status"] == "invalidated" else None

    def _answer(self) -> str | None:
        mails = self.observer.mails_to(EMAIL)
        return self.observer.link_in(mails[1]) if len(mails) > 1 else None

    def _look_at(self, old: Json, new: Json, old_link: str, new_link: str) -> None:
        self.report.step("… staff follow the assistant", "replaced by", new["control_number"], link=new_link)
        held = {row.code: row for row in self.authority.documents()}
        was, now = held[old["generation_code"]], held[new["generation_code"]]
        in_order = bool(now.sealed_at and was.invalidated_at and now.sealed_at <= was.invalidated_at)
        self.report.promise("the replacement was stamped before the old one was invalidated", in_order)
        counting = [row["id"] for row in self.observer.rows("documents", source=old["source"], counts="true")]
        self.report.promise("exactly one document of the sale counts", counting == [new["id"]])
        self.report.promise("the old page leads to the new one", new_link in self.observer.page(old_link))
        self.report.promise("the new page names the old one", old["control_number"] in self.observer.page(new_link))
        self.report.promise("the corrected name stands on the new page", RIGHT_NAME in self.observer.page(new_link))
        names = {
            code: self.authority.document_json(code)["original"]["receptor"]["nombre"] for code in (was.code, now.code)
        }
        told = (names[was.code], names[now.code]) == (NAME, RIGHT_NAME)
        self.report.promise("the tax authority holds the corrected name, and held the wrong one before", told)
        self.report.promise("the customer is told once", len(self.observer.mails_to(EMAIL)) == 2)
