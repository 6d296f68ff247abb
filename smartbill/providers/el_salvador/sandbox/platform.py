"""The platform itself: it numbers, stamps or keeps in contingency, reads, invalidates, and mails the receptor once."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from smartbill.providers.el_salvador.sandbox.accounts import Account
from smartbill.providers.el_salvador.sandbox.clock import FISCAL_ZONE, Clock
from smartbill.providers.el_salvador.sandbox.compile_note import NotePlan, compile_note
from smartbill.providers.el_salvador.sandbox.compiler import Compiled, Identity, compile_order
from smartbill.providers.el_salvador.sandbox.envelopes import ApiError
from smartbill.providers.el_salvador.sandbox.fields import Complaint
from smartbill.providers.el_salvador.sandbox.hacienda import Hacienda
from smartbill.providers.el_salvador.sandbox.legacy import to_legacy
from smartbill.providers.el_salvador.sandbox.order import CCF, CREDIT_NOTE, DTE_TYPES, NoteOrder, Order
from smartbill.providers.el_salvador.sandbox.receptors import DEFAULT_EMAIL
from smartbill.providers.el_salvador.sandbox.records import Issued, Json, Mail
from smartbill.providers.el_salvador.sandbox.schemas import LEGACY
from smartbill.providers.el_salvador.sandbox.store import Store
from smartbill.providers.el_salvador.sandbox.windows import add_months

NOTE_MONTHS = 3
Compile = Callable[[Identity], Compiled]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tampering:
    """What a fault may change in the document that is issued: an unsealed one, two mails, a total that is off."""

    contingency: bool = False
    mails: int = 1
    off_by: Decimal = Decimal(0)


class Platform:
    """Issues and keeps documents; the one place that changes the store."""

    def __init__(self, *, store: Store, hacienda: Hacienda, clock: Clock) -> None:
        self.store, self.hacienda, self.clock = store, hacienda, clock

    def issue(self, order: Order, account: Account, tampering: Tampering) -> Issued:
        """Issue a factura, CCF or FEX, or raise ApiError when Hacienda refuses it."""
        texts = [order.notes or "", *(row["valor"] for row in order.appendix)]
        return self._issue(order.kind, account, lambda who: compile_order(order, account, who), texts, tampering)

    def issue_note(self, order: NoteOrder, account: Account, tampering: Tampering) -> Issued:
        """Issue a credit note against a sealed CCF, or raise ApiError."""
        with self.store.changing():
            plan = self._plan(order, account)
            return self._issue(
                CREDIT_NOTE,
                account,
                lambda who: compile_note(plan, account, who),
                [order.description],
                tampering,
                related=order.related.upper(),
            )

    def _plan(self, order: NoteOrder, account: Account) -> NotePlan:
        target = self.store.find(account.name, order.related)
        if target is None:
            raise ApiError("error.not_found", "there is no document with this code")
        if target.kind != CCF or target.seal is None or target.invalidation:
            raise ApiError("error.not_eligible", "only a sealed CCF that is not invalidated can be credited")
        last = add_months((target.sealed_at or target.issued_at).astimezone(FISCAL_ZONE).date(), NOTE_MONTHS)
        if self.clock.local().date() > last:
            raise ApiError("error.not_eligible", "the three months for a credit note are over")
        credited = sum((note.total for note in self.store.notes_against(target.code)), Decimal(0))
        if order.amount > target.total - credited:
            complaint = Complaint(field="amount", message=f"at most {target.total - credited:f} is left", code="020")
            raise ApiError("error.data", "the amount is greater than what is left of the CCF", [complaint])
        whole = order.amount == target.total
        self._refuse_mixed(target, whole=whole)
        return NotePlan(original=target.original, amount=order.amount, description=order.description, whole=whole)

    def _refuse_mixed(self, target: Issued, *, whole: bool) -> None:
        """Only a whole note fits a CCF with untaxed lines; the older generation has no field for some of them."""
        summary = target.original["resumen"]
        outside = summary["totalNoGravado"] != 0
        if (outside and self.hacienda.generation == LEGACY) or (
            not whole and (outside or summary["totalExenta"] > 0 or summary["totalNoSuj"] > 0)
        ):
            raise ApiError("error.not_eligible", "a CCF with untaxed lines is only credited whole")

    def _issue(
        self,
        kind: str,
        account: Account,
        compile_it: Compile,
        texts: Sequence[str],
        tampering: Tampering,
        related: str = "",
    ) -> Issued:
        with self.store.changing():
            now = self.clock.now()
            contingency = tampering.contingency or not self.hacienda.up
            identity = self._identity(kind, account, now, contingency=contingency)
            compiled = compile_it(identity)
            sent = self._in_generation(compiled.document, account)
            objections = self.hacienda.objections(DTE_TYPES[kind], sent)
            if objections:
                raise ApiError("error.refused", "refused by Hacienda", objections)
            receiver = compiled.document["receptor"]
            if tampering.off_by:
                sent["resumen"] |= {_total_name(sent): compiled.totals.to_pay + tampering.off_by}
            document = Issued(
                code=identity.code,
                account=account.name,
                kind=kind,
                control_number=identity.control_number,
                total=compiled.totals.to_pay,
                receiver=receiver["nombre"],
                receiver_id=receiver.get("nit") or receiver.get("numDocumento") or "",
                email=receiver["correo"] or "",
                texts=[text for text in texts if text],
                issued_at=now,
                contingency=contingency,
                original=compiled.document,
                document=sent,
                related=related,
                seal=None if contingency else self.hacienda.new_seal(now),
                sealed_at=None if contingency else now,
            )
            self.store.add(document)
            self._mail(document, tampering.mails)
            return document

    def _identity(self, kind: str, account: Account, now: datetime, *, contingency: bool) -> Identity:
        local = now.astimezone(FISCAL_ZONE)
        document_type = DTE_TYPES[kind]
        number = self.store.next_number(account.name, document_type, local.year)
        place = f"{account.issuer.establishment}{account.issuer.point_of_sale}"
        return Identity(
            code=str(uuid.uuid4()).upper(),
            control_number=f"DTE-{document_type}-{place}-{number:015d}",
            issued_at=local,
            contingency=contingency,
        )

    def _in_generation(self, document: Json, account: Account) -> Json:
        if self.hacienda.generation == LEGACY:
            return to_legacy(document, account)
        return document | {"resumen": dict(document["resumen"])}

    def _mail(self, document: Issued, times: int) -> None:
        if document.email and document.email != DEFAULT_EMAIL:
            for _ in range(times):
                self.store.mail(Mail(code=document.code, to=document.email, at=self.clock.now()))

    def regularise(self, code: str = "") -> int:
        """Send what is in contingency, as the button in the platform does; return how many got their seal."""
        with self.store.changing():
            if not self.hacienda.up:
                return 0
            waiting = [one for one in self.store.documents() if one.seal is None and (not code or one.code == code)]
            now = self.clock.now()
            for document in waiting:
                self.store.seal(document, self.hacienda.new_seal(now), now)
            return len(waiting)

    def end_month(self) -> int:
        """Move the clock to the last minutes of this month, when the platform sends what is still unsealed."""
        local = self.clock.local()
        first_of_next = add_months(local.date().replace(day=1), 1)
        last = datetime(first_of_next.year, first_of_next.month, 1, tzinfo=FISCAL_ZONE) - timedelta(minutes=30)
        self.clock.set(max(last, local))
        return self.regularise()


def _total_name(document: Json) -> str:
    """Name the field of the total: a credit note of the older generation has no totalPagar."""
    return "totalPagar" if "totalPagar" in document["resumen"] else "montoTotalOperacion"
