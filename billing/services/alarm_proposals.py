"""Warning before the legal time of what waits for a person's decision is over: proposed reversals, and open cases."""

from billing.correction_steps import CaseState
from billing.corrections import Mending
from billing.models import Correction, Reversal
from billing.remedies import Remedy, State
from billing.services.correction_facts import offer_for
from smartbill.legal_rules import CREDIT_NOTE, INVALIDATION
from smartbill.services.alarm_windows import Pending, alarm_of

KIND = "proposal_window"


def alarm_proposals() -> None:
    """Warn once of each whose safe time ends within 48 hours; end the warnings that are over."""
    alarm_of(KIND, [*_reversals(), *_cases()])


def _reversals() -> list[Pending]:
    rows = Reversal.objects.filter(state__in=[State.PROPOSED, State.PERSON], sale__document__stamped_at__isnull=False)
    return [
        Pending(
            key=f"reversal:{row.pk}",
            document=row.sale.document,
            about=CREDIT_NOTE if row.remedy == Remedy.CREDIT_NOTE else INVALIDATION,
            path=row.get_absolute_url(),
        )
        for row in rows.select_related("sale__document__issuer")
        if row.sale.document is not None
    ]


def _cases() -> list[Pending]:
    waiting = [CaseState.OPEN, CaseState.PROPOSED, CaseState.PERSON]
    rows = Correction.objects.filter(state__in=waiting, document__stamped_at__isnull=False)
    return [
        Pending(key=f"correction:{row.pk}", document=row.document, about=_window(row), path=row.get_absolute_url())
        for row in rows.select_related("document__issuer", "sale")
    ]


def _window(case: Correction) -> str:
    """Return which time runs: that of the remedy that was chosen, or of the one that the law leaves now."""
    mending = case.mending or offer_for(case).mending
    return CREDIT_NOTE if mending in (Mending.CREDIT_NOTE, Mending.REISSUE) else INVALIDATION
