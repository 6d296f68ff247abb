"""A chapter of the story: money goes back at Stripe, staff approve what the law leaves, the authority corrects it."""

from dataclasses import dataclass
from decimal import Decimal

from billing.sandbox.shop import Shop
from config.demo.observer import Json, Observer, until
from config.demo.report import Report
from config.demo.staff import Staff
from smartbill.providers.el_salvador.sandbox import SandboxControl

PART = 40000
"""Cents that a company gets back of its 1,356.00."""


@dataclass
class GivingBack:
    """The chapter; the documents are of sales that were told before."""

    shop: Shop
    authority: SandboxControl
    observer: Observer
    staff: Staff
    report: Report

    def tell(self, ccf: Json, factura: Json) -> None:
        self._part_of(ccf)
        self._whole_of(factura)

    def _part_of(self, ccf: Json) -> None:
        """A credit note at Stripe, which makes the refund itself: one reversal, and one fiscal note."""
        invoice = ccf["source"].removeprefix("invoice:")
        self.shop.post("credit_notes", invoice=invoice, amount=PART, refund_amount=PART, memo="Un usuario menos")
        row = self._reversal(ccf, "proposed")
        self.report.step("A company gets a part back", "proposed:", str(row["remedy"]).replace("_", " "), row["amount"])
        self.report.promise("refund and credit note are one reversal", len(row["stripe_ids"]) == 2)
        self.report.promise("nothing is corrected before a person approves it", row["credit_note"] is None)
        self.staff.act("approve", row["id"], model="billing/reversal", reason="Acordado con el cliente")
        done = self._reversal(ccf, "done")
        note = self._note(done)
        self.observer.sent(note)
        mails = self.observer.mails_to("pagos@nandu.example")
        (mail,) = [each for each in mails if note["control_number"] in str(each["Subject"])]
        link = self.observer.link_in(mail)
        self.report.step(
            "… staff approve it", "credit note", f"${Decimal(note['total'])}", note["control_number"], link=link
        )
        self.report.promise("the note is over what went back", note["total"] == "400.00")
        self.report.promise("the customer's page shows the note", note["seal"] in self.observer.page(link))
        related = [row.related for row in self.authority.documents(note["reference"])]
        self.report.promise("at the authority it corrects that CCF, once", related == [ccf["generation_code"]])

    def _whole_of(self, factura: Json) -> None:
        self.shop.refund(payment_intent=factura["source"].removeprefix("payment_intent:"))
        row = self._reversal(factura, "proposed")
        self.staff.act("approve", row["id"], model="billing/reversal", reason="El taller se canceló")
        self._reversal(factura, "done")
        self.report.step("A whole factura is refunded", "proposed, approved,", "invalidated at the authority")
        (held,) = self.authority.documents(factura["reference"])
        self.report.promise("the refunded factura is invalidated", held.invalidated_at is not None)
        self.report.promise("a refund of a factura sends no second mail", len(self.observer.messages(factura)) == 1)

    def _reversal(self, document: Json, state: str) -> Json:
        def look() -> Json | None:
            rows = [row for row in self.observer.rows("reversals") if row["document"] == document["id"]]
            return rows[0] if len(rows) == 1 and rows[0]["state"] == state else None

        return until(f"one reversal of {document['reference']} {state}", look)

    def _note(self, reversal: Json) -> Json:
        rows = self.observer.rows("documents")
        return next(row for row in rows if row["id"] == reversal["credit_note"])
