"""The story: people pay, a tax authority falls over and gets up, an answer is lost, money goes back.

Every sentence is acted out over HTTP against the running product, and every promise is checked from outside.
"""

import time
from collections.abc import Callable
from decimal import Decimal

from billing.sandbox.shop import Field, Shop, Sold
from config.demo.abroad import Abroad
from config.demo.approval import Approval
from config.demo.by_hand import ByHand
from config.demo.correcting import Correcting
from config.demo.giving_back import GivingBack
from config.demo.observer import Json, Observer, until
from config.demo.outage import Outage
from config.demo.report import Report
from config.demo.rescue import Rescue
from config.demo.stack import Stack
from config.demo.staff import Staff
from smartbill.providers.el_salvador.sandbox import SandboxControl

COMPANY = {
    "legal_name": "Ferretería El Ñandú, S.A. de C.V.",
    "sv_nrc": "1234567",
    "sv_activity_code": "47300",
    "sv_activity": "Venta al por menor de artículos de ferretería",
    "sv_department": "06",
    "sv_municipality": "23",
    "sv_district": "14",
}


KINDS = {"factura": "factura", "ccf": "CCF", "export": "export invoice"}


class Story:
    """One telling. `tell` acts it out; what was promised and not kept is in `report.broken`."""

    def __init__(self, stack: Stack, token: str, report: Report) -> None:
        self.report = report
        self.shop = Shop(stack.stripe)
        self.authority = SandboxControl(stack.smartbill)
        self.observer = Observer(stack.web, token, stack.folder / "mail")
        self.staff = Staff(stack.web, "finance", stack.password)
        self.manager = Staff(stack.web, "elena", stack.password)
        stack.keys = {"finance": self.staff.key, "elena": self.manager.key}
        self.sources: list[str] = []

    def tell(self) -> None:
        """Act out every step in turn."""
        # Every webhook arrives three times, out of order: that is how Stripe may deliver, and nobody should notice.
        self.shop.control("plan", duplicates=3, shuffle=0.3)
        first = self.card_payment_by_invoice()
        workshop = self.checkout_without_invoice()
        company = self.company_with_tax_id()
        self.foreign_customer()
        self.sources += Rescue(self.shop, self.observer, self.report).tell()
        self.sources += Outage(self.shop, self.authority, self.observer, self.staff, self.report).tell()
        self.sources += Approval(self.shop, self.observer, self.staff, self.manager, self.report).tell(company)
        self.sources += Abroad(self.shop, self.observer, self.staff, self.report).tell()
        self.sources += Correcting(self.shop, self.authority, self.observer, self.staff, self.report).tell()
        self.sources += ByHand(self.shop, self.observer, self.staff, self.report).tell()
        self.answer_lost_on_the_wire()
        self.customer_without_mail()
        self.nothing_to_pay()
        self.invalidate(first)
        GivingBack(self.shop, self.authority, self.observer, self.staff, self.report).tell(company, workshop)
        self.count_everything()

    # The steps --------------------------------------------------------------------------------------------------------

    def card_payment_by_invoice(self) -> Json:
        buyer = self.shop.customer("Ana María López", "ana@example.com", preferred_locales=["es"])
        coupon = self.shop.coupon(percent_off="10", name="Bienvenida")
        lines = [Sold("Suscripción Pro, noviembre", 4900), Sold("Usuario adicional", 900, quantity=3)]

        def pay() -> str:
            return f"invoice:{self.shop.pay_invoice(buyer['id'], lines, coupon=coupon['id'])['id']}"

        return self._stamped("Card payment by invoice, 10 % off", "ana@example.com", "68.40", pay)

    def checkout_without_invoice(self) -> Json:
        fields = [Field("svdui", "DUI")]
        buyer = {"name": "José Ángel Peña", "email": "jose@example.com", "address": {"country": "SV"}}

        def pay() -> str:
            lines = [Sold("Taller de facturación", 2500, quantity=2)]
            session = self.shop.checkout(lines, buyer=buyer, fields=fields, answers={"svdui": "012345678"})
            return f"payment_intent:{session['payment_intent']}"

        return self._stamped("Checkout without invoice, with DUI", "jose@example.com", "50.00", pay)

    def company_with_tax_id(self) -> Json:
        address = {"line1": "Calle Arce 1020", "city": "San Salvador"}
        nit = [("sv_nit", "0614-010101-101-0")]
        name = "Ferretería El Ñandú"
        buyer = self.shop.customer(name, "pagos@nandu.example", address=address, tax_ids=nit, metadata=COMPANY)
        rate = self.shop.tax_rate("13", inclusive=False)

        def pay() -> str:
            lines = [Sold("Licencia anual", 120000, tax_rates=(rate["id"],))]
            return f"invoice:{self.shop.pay_invoice(buyer['id'], lines)['id']}"

        return self._stamped("Company with NIT and NRC", "pagos@nandu.example", "1356.00", pay, kind="ccf")

    def foreign_customer(self) -> Json:
        address = {"line1": "500 Congress Ave", "city": "Austin", "postal_code": "78701"}
        buyer = self.shop.customer(
            "Globex Inc.", "ap@globex.example", country="US", address=address, preferred_locales=["en"]
        )

        def pay() -> str:
            return f"invoice:{self.shop.pay_invoice(buyer['id'], [Sold('Consulting, 10 h', 95000)])['id']}"

        return self._stamped("Foreign customer", "ap@globex.example", "950.00", pay, kind="export")

    def answer_lost_on_the_wire(self) -> None:
        self.authority.fault("reset_after")
        buyer = self.shop.customer("Carlos Menjívar", "carlos@example.com")
        source = self._sold("invoice:" + self.shop.pay_invoice(buyer["id"], [Sold("Plan Pro anual", 49900)])["id"])
        document = self.observer.document(source, "unknown")
        self.report.step("The answer is lost on the wire", "in doubt, waits for a person")
        self.report.promise("nothing in doubt is mailed", not self.observer.mails_to("carlos@example.com"))
        found = self.authority.documents(document["reference"])
        self.report.promise("the provider issued it exactly once", len(found) == 1)
        paid_at = time.monotonic()
        self.staff.act("found", document["id"], code=found[0].code)
        stamped = self.observer.document(source, "stamped")
        self.observer.sent(stamped)
        link = self.observer.link_in(self.observer.mails_to("carlos@example.com")[0])
        seconds = time.monotonic() - paid_at
        self.report.step("… staff found it at the provider", f"adopted, mailed {seconds:.1f} s later", link=link)
        self.report.promise("what was in doubt was never sent again", self._calls(document) == 1)

    def customer_without_mail(self) -> None:
        source = self._sold("payment_intent:" + self.shop.pay_intent(700, description="Venta en mostrador")["id"])
        document = self.observer.document(source, "stamped")
        self.report.step("A customer without an e-mail address", "stamped", document["control_number"], "no mail")
        self.report.promise("without an address nothing is mailed", self.observer.messages(document) == [])

    def nothing_to_pay(self) -> None:
        buyer = self.shop.customer("Elena Portillo", "elena@example.com")
        invoice = self.shop.pay_invoice(buyer["id"], [Sold("Prueba gratuita", 0)])
        sale = self._sale(f"invoice:{invoice['id']}", "not_applicable")
        self.report.step("Nothing to pay", "no document needed.", sale["reasons"][0]["message"])
        self.report.promise("a zero sale has no document", sale["document"] is None)

    def invalidate(self, document: Json) -> None:
        link = self.observer.link_in(self.observer.mails_to("ana@example.com")[0])
        self.staff.act("invalidate", document["id"], reason="The customer paid twice and was refunded")
        self.observer.document(document["source"], "invalidated")
        self.report.step("The first one is invalidated by staff", "the page says so, no second mail")
        self.report.promise("the page shows the invalidation", self.observer.page_status(link) == "invalidated")
        self.report.promise("an invalidation sends no mail", len(self.observer.mails_to("ana@example.com")) == 1)
        (held,) = self.authority.documents(document["reference"])
        self.report.promise("the authority has it invalidated", held.invalidated_at is not None)

    def count_everything(self) -> None:
        """Compare what we say with what the oracle knows: nothing lost, nothing twice, all to the cent."""
        documents = self.observer.rows("documents")
        sold = [row for row in documents if row["purpose"] == "sale"]
        issued = {row.code: row for row in self.authority.documents()}
        self.report.promise("one document per sale", len(sold) == len(self.sources) == len(set(self.sources)))
        ours = {row["generation_code"] for row in documents}
        self.report.promise("exactly what was issued is on our books", ours == set(issued))
        same = all(float(issued[row["generation_code"]].total) == float(row["total"]) for row in documents)
        self.report.promise("every total is the one at the authority", same)
        once = all(count == 1 for count in self.authority.calls_by_reference().values())
        self.report.promise("each document was sent once", once)

    # What steps share -------------------------------------------------------------------------------------------------

    def _stamped(self, title: str, recipient: str, total: str, pay: Callable[[], str], kind: str = "factura") -> Json:
        """Pay, wait for the stamp and the mail, look at page and files."""
        paid_at = time.monotonic()
        source = self._sold(pay())
        document = self.observer.document(source, "stamped")
        self.observer.sent(document)
        seconds = time.monotonic() - paid_at
        mails = self.observer.mails_to(recipient)
        link = self.observer.link_in(mails[0])
        facts = (KINDS[document["kind"]], f"${Decimal(document['total']):,}", document["control_number"])
        self.report.step(title, *facts, link=link, seconds=seconds)
        self.report.promise(f"{title}: charged and issued are the same", document["total"] == total)
        self.report.promise(f"{title}: it is a {kind}", document["kind"] == kind)
        self.report.promise(f"{title}: one mail", len(mails) == 1)
        self.report.promise(f"{title}: the page shows the seal", document["seal"] in self.observer.page(link))
        self.report.promise(f"{title}: the data file", b"selloRecibido" in self.observer.file(link, "document.json"))
        self.report.promise(f"{title}: the PDF", self.observer.file(link, "document.pdf").startswith(b"%PDF-"))
        return document

    def _sold(self, source: str) -> str:
        self.sources.append(source)
        return source

    def _sale(self, key: str, outcome: str) -> Json:
        def look() -> Json | None:
            rows = [row for row in self.observer.rows("sales", key=key) if row["outcome"] == outcome]
            return rows[0] if rows else None

        return until(f"sale {key} {outcome}", look)

    def _calls(self, document: Json) -> int:
        return self.authority.calls_by_reference().get(document["reference"], 0)
