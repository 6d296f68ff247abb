"""A chapter of the story: Stripe is down, staff issue by hand, and the payments come later: no second document."""

from dataclasses import dataclass

from billing.sandbox.shop import Shop, ShopError, Sold
from config.demo.observer import Json, Observer, until
from config.demo.report import Report
from config.demo.staff import Staff

FOR_EVER = 1_000_000
CLIENT, EMAIL = "Marisol Portillo", "marisol@example.com"


@dataclass
class ByHand:
    """The chapter; `tell` returns the business keys of what was issued in it."""

    shop: Shop
    observer: Observer
    staff: Staff
    report: Report

    def tell(self) -> list[str]:
        buyer = self.shop.customer(CLIENT, EMAIL)
        invoice = self.shop.open_invoice(buyer["id"], [Sold("Plan Pro, trimestre", 14700)])
        self.shop.control("faults", answers=[{"status": 503, "times": FOR_EVER, "path": "/v1"}])
        named = self._issue("Plan Pro, trimestre", "147.00", stripe_id=invoice["id"])
        unnamed = self._issue("Soporte extraordinario", "61.02", stripe_id="")
        self.report.promise("Stripe was down all the while", self._is_down(invoice))
        self.report.step("Stripe is down: two documents by hand", "stamped, mailed", named["control_number"])
        self.report.promise("each customer has their mail", len(self.observer.mails_to(EMAIL)) == 2)
        self.shop.control("faults", answers=[])
        self._named_payment_arrives(invoice, named)
        self._other_payment_arrives(buyer["id"], unnamed)
        return [named["source"], unnamed["source"]]

    def _issue(self, what: str, price: str, *, stripe_id: str) -> Json:
        key = self.staff.issue_by_hand(
            why="stripe_down", method="card_credit", expects_payment="yes", stripe_id=stripe_id, legal_name=CLIENT,
            email=EMAIL, country="SV", **{"lines-0-description": what, "lines-0-unit_price": price},
        )  # fmt: skip
        document = self.observer.document(key, "stamped")
        self.observer.sent(document)
        self.report.promise(f"{what}: issued as entered", document["total"] == price)
        return document

    def _is_down(self, invoice: Json) -> bool:
        try:
            self.shop.get(f"invoices/{invoice['id']}")
        except ShopError as error:
            return error.status >= 500
        return False

    def _named_payment_arrives(self, invoice: Json, document: Json) -> None:
        self.shop.post(f"invoices/{invoice['id']}/pay", payment_method="pm_card_visa")

        def linked() -> bool | None:
            (sale,) = self._sales(document["source"])
            return any(each["kind"] == "payment_intent" for each in sale["stripe_ids"]) or None

        until("the payment of the document made by hand", linked)
        self.report.step("… the payment that was named arrives", "linked by itself, no second document")
        self.report.promise("a named payment founds no sale", self._sales(f"invoice:{invoice['id']}") == [])

    def _other_payment_arrives(self, buyer: str, document: Json) -> None:
        paid = self.shop.pay_invoice(buyer, [Sold("Soporte extraordinario", 6102)])
        key = f"invoice:{paid['id']}"

        def held() -> Json | None:
            rows = [row for row in self._sales(key) if row["outcome"] == "held"]
            return rows[0] if rows else None

        sale = until(f"{key} held with its question", held)
        self.report.promise("what may be the same is asked", sale["reasons"][0]["code"] == "maybe_manual")
        entry = self.staff.choice("link", sale["id"], "entry_id", model="billing/sale")
        self.staff.act("link", sale["id"], model="billing/sale", entry_id=entry, reason="La misma venta")
        (ended,) = self._sales(key)
        self.report.step("… another payment may be the other's", "held, asked, linked by staff")
        self.report.promise("the answer makes no second document", ended["document"] is None)
        second = self.observer.rows("documents", source=key)
        self.report.promise("two sales by hand, two documents", second == [] and document["source"] != key)

    def _sales(self, key: str) -> list[Json]:
        return self.observer.rows("sales", key=key)
