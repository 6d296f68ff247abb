"""A chapter of the story: somebody pays in euros; the sale waits for a rate, staff enter one, and it goes on."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from billing.sandbox.shop import Shop, Sold
from config.demo.observer import Json, Observer, until
from config.demo.report import Report
from config.demo.staff import Staff

RATE = Decimal("1.0837")
PAID = Decimal("159.00")


@dataclass
class Abroad:
    """The chapter; `tell` returns the business keys of what was sold in it."""

    shop: Shop
    observer: Observer
    staff: Staff
    report: Report

    def tell(self) -> list[str]:
        with Shop(self.shop.url, currency="eur") as shop:
            buyer = shop.customer("Núria Ferrer", "nuria@example.com", preferred_locales=["es"])
            lines = [Sold("Curso en línea", 4900, quantity=3), Sold("Manual impreso", 1200)]
            source = f"invoice:{shop.pay_invoice(buyer['id'], lines)['id']}"
        held = self._held(source)
        why = held["reasons"][0]
        self.report.step("Somebody pays in euros", "held.", why["message"])
        self.report.promise("without a stored rate nothing is converted", why["code"] == "rate_missing")
        self._enter_rate()
        document = self.observer.document(source, "stamped")
        self.observer.sent(document)
        link = self.observer.link_in(self.observer.mails_to("nuria@example.com")[0])
        self.report.step("… staff enter the rate, and it goes on", f"EUR {PAID} is ${document['total']}", link=link)
        expected = (PAID * RATE).quantize(Decimal("0.01"), ROUND_HALF_UP)
        self.report.promise("the rate alone explains the dollars", Decimal(document["total"]) == expected)
        both = (document["charged_currency"], Decimal(document["charged_total"])) == ("EUR", PAID)
        self.report.promise("both amounts are in the API", both)
        page = self.observer.page(link)
        shown = f"{RATE:f}" in page and f"{PAID}" in page and document["total"] in page
        self.report.promise("the customer's page shows both amounts and the rate", shown)
        return [source]

    def _held(self, source: str) -> Json:
        def look() -> Json | None:
            rows = [row for row in self.observer.rows("sales", key=source) if row["outcome"] == "held"]
            return rows[0] if rows else None

        return until(f"{source} held", look)

    def _enter_rate(self) -> None:
        """Store the rate of today at the issuer, as the bank published it."""
        today = datetime.now(ZoneInfo("America/El_Salvador")).date()
        fields = {"currency": "EUR", "into": "USD", "on": today.isoformat(), "rate": f"{RATE:f}"}
        self.staff.add("billing/exchangerate/", **fields, source="Banco Central Europeo", reason="")
