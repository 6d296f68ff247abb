"""A chapter of the story: the tax authority falls over while people pay, gets up, and every document gets its stamp."""

import csv
import io
import re
import time
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from billing.sandbox.shop import Shop, Sold
from config.demo.observer import Json, Observer, until
from config.demo.report import Report
from config.demo.staff import Staff
from smartbill.providers.el_salvador.sandbox import SandboxControl

BUYERS = [
    ("Marta Rivas", "marta@example.com", "Plan básico", 1500),
    ("Luis Alonso Mejía", "luis@example.com", "Plan Pro", 4900),
    ("Sofía Peñate", "sofia@example.com", "Curso de facturación", 11345),
]
"""Name, address, what is bought, cents."""
PROOF = ("Rafael Orellana", "rafael@example.com", "Plan básico", 1500)
PATIENCE = 90
"""Seconds: the end of an outage is noticed, looked up, rendered and checked, each by a turn of the worker."""


@dataclass
class Outage:
    """The chapter; `tell` returns the business keys of what was sold in it."""

    shop: Shop
    authority: SandboxControl
    observer: Observer
    staff: Staff
    report: Report

    def tell(self) -> list[str]:
        self.authority.hacienda(up=False)
        begun = time.monotonic()
        sources = [self._sell(*buyer) for buyer in BUYERS]
        documents = [self._issued(source, "contingency") for source in sources]
        links = [self.observer.link_in(self._mails(email)[0]) for _name, email, _what, _cents in BUYERS]
        seconds = (time.monotonic() - begun) / len(BUYERS)
        title = "Three pay while the tax authority is down"
        self.report.step(title, "issued in contingency, mailed", link=links[0], seconds=seconds)
        pending = [self.observer.page_status(link) for link in links]
        self.report.promise("the pages say that the stamp is pending", pending == ["contingency"] * len(BUYERS))
        outage_id = self._is_noticed(documents)
        self.authority.hacienda(up=True)
        self.authority.regularise()
        proof = self._sell(*PROOF)
        self._issued(proof, "stamped")
        stamped = [self.observer.document(source, "stamped") for source in sources]
        self.report.step("… the next one has a stamp: it is over", "all are asked about, and stamped")
        self._is_over(outage_id, stamped, links)
        return [*sources, proof]

    def _is_noticed(self, documents: list[Json]) -> int:
        """Look at the desk and the outage's page as staff do; return its id."""
        found = set(re.findall(r"/admin/smartbill/outage/(\d+)/change/", self.staff.see("smartbill/outage/")))
        self.report.promise("what happened is one outage", len(found) == 1)
        self.report.promise("the desk says that there is an outage", "outage/?problem=open" in self.staff.see())
        outage_id = int(found.pop())
        page = self.staff.see(f"smartbill/outage/{outage_id}/change/")
        self.report.promise("its page says that it goes on", 'data-outage="on"' in page)
        numbers = [row["control_number"].rpartition("-")[2] for row in documents]
        self.report.promise("its page lists every document", all(number in page for number in numbers))
        clocks = self._table(outage_id, "clocks.csv")
        running = {row["clock"] for row in clocks if row["state"] == "running"}
        self.report.promise("the legal times run", running == {"event", "documents", "report", "month"})
        self.report.step("… staff see the outage on the desk", f"{len(documents)} documents, 4 legal times")
        return outage_id

    def _is_over(self, outage_id: int, stamped: list[Json], links: list[str]) -> None:
        def closed() -> bool | None:
            return 'data-outage="closed"' in self.staff.see(f"smartbill/outage/{outage_id}/change/") or None

        until("the end of the outage", closed, PATIENCE)
        for document, link, buyer in zip(stamped, links, BUYERS, strict=True):
            name, email = buyer[:2]
            self.report.promise(f"{name}: the page shows the late stamp", document["seal"] in self.observer.page(link))
            self.report.promise(f"{name}: a late stamp sends no second mail", len(self._mails(email)) == 1)
            calls = self.authority.calls_by_reference().get(document["reference"], 0)
            self.report.promise(f"{name}: a contingency is never emitted twice", calls == 1)
        at = datetime.now(ZoneInfo("America/El_Salvador")).strftime("%Y-%m-%dT%H:%M:%S")
        self.staff.act("record_filing", outage_id, model="smartbill/outage", filed_at=at, number="EVENTO-DEMO-1")
        rows = self._table(outage_id, "documents.csv")
        total = sum((Decimal(row["total"]) for row in rows), Decimal(0))
        paid = Decimal(sum(cents for _name, _email, _what, cents in BUYERS)) / 100
        self.report.promise("the report adds up to what was paid", total == paid)
        seals = {row["seal"] for row in rows} == {document["seal"] for document in stamped}
        self.report.promise("the report has every stamp and when each page showed it", seals and self._shown(rows))
        event, *_rest = self._table(outage_id, "clocks.csv")
        self.report.promise("what staff recorded of the event is in time", event["state"] == "met")
        self.report.step("… closed: every page shows its stamp", f"{len(rows)} documents, ${total}")

    @staticmethod
    def _shown(rows: list[dict[str, str]]) -> bool:
        return all(row["shown_at"] and row["stamped_at"] for row in rows)

    def _sell(self, name: str, email: str, what: str, cents: int) -> str:
        buyer = self.shop.customer(name, email)
        return f"invoice:{self.shop.pay_invoice(buyer['id'], [Sold(what, cents)])['id']}"

    def _issued(self, source: str, status: str) -> Json:
        document = self.observer.document(source, status)
        self.observer.sent(document)
        return document

    def _mails(self, email: str) -> list[EmailMessage]:
        return self.observer.mails_to(email)

    def _table(self, outage_id: int, name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.staff.see(f"smartbill/outage/{outage_id}/{name}"))))
