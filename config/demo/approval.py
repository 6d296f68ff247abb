"""A chapter of the story: a rule is written, tried and switched on; it holds a large sale, which two people approve."""

import re
from dataclasses import dataclass

from billing.sandbox.shop import Shop, Sold
from config.demo.observer import Json, Observer, until
from config.demo.report import Report
from config.demo.staff import Staff, StaffRefused

LIMIT, PAID = "1000", 475000
"""Dollars above which the rule holds, and cents that somebody pays."""
TOTAL = "4750.00"
RULE = {
    "name": "Venta grande",
    "position": "10",
    "if_unknown": "person",
    "action": "hold",
    "people": "2",
    "fact_1": "amount",
    "operator_1": "above",
    "value_1": LIMIT,
}


@dataclass
class Approval:
    """The chapter; `tell` returns the business keys of what was sold in it. `past` is a sale above the limit."""

    shop: Shop
    observer: Observer
    staff: Staff
    manager: Staff
    report: Report

    def tell(self, past: Json) -> list[str]:
        self._try_and_switch_on(past)
        buyer = self.shop.customer("Inversiones Izalco", "pagos@izalco.example", preferred_locales=["es"])
        source = f"invoice:{self.shop.pay_invoice(buyer['id'], [Sold('Proyecto de integración', PAID)])['id']}"
        sale, approval = self._held(source)
        self.report.step("A rule holds a large sale", "held.", sale["reasons"][0]["message"])
        self.report.promise("what a rule holds has no document", self.observer.rows("documents", source=source) == [])
        shown = self.staff.see(f"billing/approval/{approval['id']}/change/")
        self.report.promise(
            "its page says which rule and what was found", RULE["name"] in shown and "4,750.00" in shown
        )
        self.staff.act("grant", approval["id"], model="billing/approval", reason="Contrato firmado")
        self.report.promise("one approval of two sends nothing", self._is_refused(approval) and self._waits(approval))
        self.manager.act("grant", approval["id"], model="billing/approval", reason="Lo vi con el cliente")
        document = self.observer.document(source, "stamped")
        self.observer.sent(document)
        link = self.observer.link_in(self.observer.mails_to("pagos@izalco.example")[0])
        self.report.step("… two people approve it", "stamped", document["control_number"], link=link)
        self.report.promise("it was approved and issued for the same amount", document["total"] == TOTAL)
        return [source]

    def _try_and_switch_on(self, past: Json) -> None:
        page = self.staff.see("billing/rule/add/")
        issuer = re.search(r'<option value="(\d+)">', page)
        self.staff.add("billing/rule/", issuer=issuer[1] if issuer else "", **RULE)
        found = re.search(r"/billing/rule/(\d+)/change/", self.staff.see("billing/rule/"))
        rule = int(found[1]) if found else 0
        self.report.promise("a rule that nobody tried cannot be switched on", not self._may_be_switched_on(rule))
        self.staff.act("simulate", rule, model="billing/rule")
        until("the rule tried on the past", lambda: self._may_be_switched_on(rule) or None)
        touched = re.findall(r"/billing/sale/(\d+)/change/", self.staff.see("billing/simulatedsale/"))
        (sale,) = self.observer.rows("sales", key=past["source"])
        self.report.step("A rule is tried on the past", f"it would have held {len(touched)} sale", sale["number"])
        self.report.promise("it would have held exactly the sale above its limit", touched == [str(sale["id"])])
        self.staff.act("switch_on", rule, model="billing/rule", reason="Visto con la gerencia")

    def _may_be_switched_on(self, rule: int) -> bool:
        return 'value="switch_on"' in self.staff.see(f"billing/rule/{rule}/change/")

    def _held(self, source: str) -> tuple[Json, Json]:
        def look() -> tuple[Json, Json] | None:
            for sale in self.observer.rows("sales", key=source):
                approvals = self.observer.rows("approvals", sale=str(sale["id"]))
                if sale["outcome"] == "held" and approvals:
                    return sale, approvals[0]
            return None

        return until(f"{source} held by the rule", look)

    def _is_refused(self, approval: Json) -> bool:
        """Whether the same person is turned away who wants to be the second one as well."""
        try:
            self.staff.act("grant", approval["id"], model="billing/approval", reason="Otra vez")
        except StaffRefused:
            return True
        return False

    def _waits(self, approval: Json) -> bool:
        rows = self.observer.rows("approvals", sale=str(approval["sale"]))
        return [(row["state"], row["answered"]) for row in rows] == [("open", 1)]
