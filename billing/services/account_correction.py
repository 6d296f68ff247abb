"""What a case took out of the documents is noted on the reversals that it was about, when it ends.

The table of reversals does so for what it still looks at. What a person settled it looks at no more: without a note,
the next refund would pass for the one that was corrected.
"""

from billing.models import Correction, Reversal
from billing.money import to_minor
from billing.remedies import Standing
from billing.services.reversal_facts import facts_of


def account_correction(case: Correction) -> None:
    """Note on each reversal that the plan counted what is taken out of it; the sale names its document."""
    rows = list(case.sale.reversals.in_order().select_related("credit_note"))
    for row in rows:
        if str(row.pk) not in case.plan.get("seen", {}).get("reversals", {}):
            continue
        if not row.has_begun and row.standing == Standing.SETTLED and case.ended_at is not None:
            covered = facts_of(row, rows, sale=case.sale, at=case.ended_at).covered
            row.corrected_minor = to_minor(covered, row.currency) if covered else 0
            Reversal.objects.filter(pk=row.pk).update(corrected_minor=row.corrected_minor)
