"""The rehearsal of an outage against the stand-in: broken on purpose, looked at, mended, and proved to be over.

It acts on the stand-in alone and refuses everything else; documents, mails and alarms go the way of real ones.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.timezone import now
from django.utils.translation import gettext as _

from notifications.models import Alert, Message
from smartbill.drafts import Address, Draft, Line, Party, Payment
from smartbill.errors import PreconditionFailed
from smartbill.lifecycle import Status
from smartbill.models import Document, Issuer, Outage, OutageDocument
from smartbill.providers.el_salvador.sandbox import SandboxControl
from smartbill.services.create import create_document
from smartbill.services.deliver import reference_of
from smartbill.services.outage_note import REHEARSAL, alert_key
from smartbill.services.outage_report import report_of

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
AMOUNT = Decimal("1.13")
PATIENCE = 240.0
"""Seconds for which a step is awaited; a worker must be running."""
LOOK = 0.5


class DrillFailed(PreconditionFailed):
    """A step did not happen in time; the stand-in has been mended."""


@dataclass(slots=True)
class Drill:
    """One rehearsal. No seals are given for `seconds`; `findings` are promises with whether each was kept."""

    issuer: Issuer
    count: int = 5
    seconds: float = 60.0
    say: Callable[[str], None] = print
    rest: Callable[[float], None] = time.sleep  # called with seconds while waiting
    patience: float = PATIENCE  # seconds
    findings: list[tuple[str, bool]] = field(default_factory=list)

    def run(self) -> Outage:
        """Rehearse, and return the outage; raises PreconditionFailed where it may not, DrillFailed where it cannot."""
        control = stand_in(self.issuer)
        begun = time.monotonic()
        self.say(_("The stand-in gives no seals from now on."))
        control.hacienda(up=False)
        try:
            documents = self._issue(self.count)
            self._await(_("every document in contingency"), lambda: _all_in(documents, Status.CONTINGENCY))
            outage = OutageDocument.objects.select_related("outage__issuer").get(document=documents[0]).outage
            self._check_open(outage, documents)
            # A second at least: the provider's times of issue have no finer grain.
            self._stay_down(max(2.0, self.seconds) - (time.monotonic() - begun))
        finally:
            control.hacienda(up=True)
            control.regularise()
            self.say(_("The stand-in gives seals again."))
        proof = self._issue(1)
        self._await(_("a document with a seal"), lambda: _all_in(proof, Status.STAMPED))
        self._await(_("the end of the outage"), lambda: not Outage.objects.open().filter(pk=outage.pk).exists())
        outage.refresh_from_db()
        self._check_closed(outage, documents, control)
        return outage

    def _issue(self, count: int) -> list[Document]:
        run = secrets.token_hex(4)
        documents = [create_document(draft=_draft(self.issuer, f"{run}-{number}")) for number in range(1, count + 1)]
        held = [document for document in documents if document.status == Status.HELD]
        if held:
            raise DrillFailed(_("A test document is held: %(why)s") % {"why": held[0].reason})
        return documents

    def _await(self, what: str, look: Callable[[], bool]) -> None:
        give_up_at = time.monotonic() + self.patience
        while not look():
            if time.monotonic() > give_up_at:
                text = _("Not seen within %(seconds)s s: %(what)s. Is a worker running (manage.py qworker)?")
                raise DrillFailed(text % {"seconds": int(self.patience), "what": what})
            self.rest(LOOK)

    def _stay_down(self, seconds: float) -> None:
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at:
            self.rest(LOOK)

    def _check_open(self, outage: Outage, documents: Sequence[Document]) -> None:
        entered = set(outage.entries.values_list("document_id", flat=True))
        self._find(_("one outage is open and lists every document"), entered == {each.pk for each in documents})
        self._find(_("it is marked as a rehearsal"), outage.is_rehearsal)
        alerts = Alert.objects.open().filter(kind="outage_open", key=alert_key(outage))
        self._find(_("people are warned once"), alerts.count() == 1)

    def _check_closed(self, outage: Outage, documents: Sequence[Document], control: SandboxControl) -> None:
        report = report_of(outage)
        issued = {row.code: row for row in control.documents()}
        rows = [each.entry.document for each in report.rows]
        calls = control.calls_by_reference()
        self._find(_("every document was sent once"), all(calls.get(row.reference) == 1 for row in rows))
        seals = all(row.seal and row.seal == issued[row.generation_code].seal for row in rows)
        self._find(_("every seal is the one that the authority gave"), seals)
        self._find(_("every page and PDF shows its seal"), all(row.shown_at for row in report.rows))
        mails = [Message.objects.filter(reference=reference_of(row)).count() for row in rows]
        wanted = 0 if self.issuer.provider_mails_customer else 1
        self._find(_("a late seal sent no second mail"), mails == [wanted] * len(documents))
        self._find(_("the sums of the report tie"), report.ties and len(rows) == len(documents))
        over = not Alert.objects.open().filter(key__startswith=alert_key(outage)).exists()
        self._find(_("people were told that it is over"), over)

    def _find(self, promise: str, kept: bool) -> None:
        self.findings.append((promise, kept))
        self.say(f"  {'✓' if kept else '✗'} {promise}")

    @property
    def broken(self) -> list[str]:
        return [promise for promise, kept in self.findings if not kept]


def stand_in(issuer: Issuer) -> SandboxControl:
    """Return the control of the stand-in that this issuer's calls reach, or say why nothing may be rehearsed."""
    if not settings.SELLO_SANDBOX or settings.SELLO_ENVIRONMENT == "production":
        raise PreconditionFailed(_("These settings refuse stand-ins (SELLO_SANDBOX): an outage is rehearsed on them."))
    if issuer.livemode or settings.STRIPE_LIVE_MODE:
        raise PreconditionFailed(_("This is live mode: documents would be legal and final."))
    host = urlsplit(settings.SMARTBILL_SV_BASE_URL).hostname
    if host not in LOOPBACK:
        raise PreconditionFailed(_("%(host)s is no stand-in on this machine.") % {"host": host})
    if Outage.objects.open().filter(issuer=issuer).exists():
        raise PreconditionFailed(_("This issuer has an open outage: wait until it is closed."))
    control = SandboxControl(settings.SMARTBILL_SV_BASE_URL)
    try:
        is_up = control.state()["hacienda_up"]
    except (OSError, ValueError, KeyError) as error:
        text = _("No stand-in answers at %(url)s. Start it: manage.py sandbox.")
        raise PreconditionFailed(text % {"url": settings.SMARTBILL_SV_BASE_URL}) from error
    if not is_up:
        raise PreconditionFailed(_("The stand-in is broken already: somebody else may be rehearsing."))
    return control


def _all_in(documents: Sequence[Document], status: str) -> bool:
    found = Document.objects.filter(pk__in=[document.pk for document in documents], status=status)
    return found.count() == len(documents)


def _draft(issuer: Issuer, number: str) -> Draft:
    """Return a sale of the smallest kind; its mail goes to the issuer itself."""
    return Draft(
        issuer_id=issuer.pk,
        source=f"{REHEARSAL}{number}",
        kind="factura",
        livemode=False,
        currency=issuer.currency,
        total=AMOUNT,
        party=Party(name="Simulacro de contingencia", email=issuer.email, address=Address(country=issuer.country)),
        lines=(Line(description=f"Simulacro {number}", quantity=Decimal(1), subtotal=AMOUNT, tax_rate=Decimal(13)),),
        payments=(Payment(method="card_credit", amount=AMOUNT, reference=number),),
        language=issuer.language,
        occurred_at=now(),
    )
