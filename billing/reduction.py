"""What is left of a draft when amounts are taken out of its lines; pure, and exact to the cent."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from smartbill.drafts import Draft, Line, Payment
from smartbill.services.credit import part_of


def reduced(draft: Draft, taken: Mapping[int, Decimal]) -> Draft:
    """Return the draft without these amounts of these lines, counted from 0; a line of which nothing is left goes.

    What went back is taken from the last payment first.
    """
    left = [_left(line, taken.get(number, Decimal(0))) for number, line in enumerate(draft.lines)]
    sum_taken = sum(taken.values(), Decimal(0))
    return replace(
        draft,
        lines=[line for line in left if line is not None],
        total=draft.total - sum_taken,
        payments=_paid(draft.payments, sum_taken),
        residuals=(),
    )


def _left(line: Line, taken: Decimal) -> Line | None:
    if not taken:
        return line
    return part_of(line, line.total - taken) if taken != line.total else None


def _paid(payments: Sequence[Payment], taken: Decimal) -> Sequence[Payment]:
    found = []
    for payment in reversed(payments):
        back = min(taken, payment.amount)
        taken -= back
        if payment.amount > back:
            found.append(replace(payment, amount=payment.amount - back))
    return list(reversed(found))
