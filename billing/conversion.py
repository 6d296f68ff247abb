"""A draft in the currency that was charged becomes one in the issuer's: the total is the charged one times the rate,
and the lines share it by the largest remainder. Nothing else changes a figure.

A converted price contains its tax, whatever it did before: so each kind of document prices it anew by its own rules
and comes to the converted total. The tax of a line keeps its proportion.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext_noop

from billing.money import Allocation, allocation, exponent
from billing.rates import Quote
from smartbill.drafts import Conversion, Draft, Line, Payment, Provenance, Residual

CONVERTED = gettext_noop("converted by the stored rate")


def converted(draft: Draft, quote: Quote) -> Draft:
    """Return the draft in the currency of the quote.

    A draft with a negative line stays as it was charged: it is held for that line already.
    """
    if any(line.total < 0 for line in draft.lines):
        return draft
    total = _units(draft.total, quote)
    shares = _shared(draft, quote, total, [line.total for line in draft.lines])
    paid = _shared(draft, quote, total, [payment.amount for payment in draft.payments])
    origin = draft.provenance.get("total")
    rule = {"total": replace(origin, rule=CONVERTED)} if origin else {}
    source = Provenance(source=quote.source, raw=f"1 {quote.currency} = {quote.rate:f} {quote.into} ({quote.on})")
    return replace(
        draft,
        currency=quote.into,
        total=_amount(total, quote),
        lines=tuple(_line(row, share, quote) for row, share in zip(draft.lines, shares.shares, strict=True)),
        payments=tuple(_payment(row, share, quote) for row, share in zip(draft.payments, paid.shares, strict=True)),
        provenance={**draft.provenance, **rule, "conversion.rate": source},
        residuals=(
            *(replace(row, currency=row.currency or draft.currency) for row in draft.residuals),
            *(Residual(line=n, part="total", amount=_amount(1, quote), cause="rate") for n in sorted(shares.took)),
        ),
        conversion=Conversion(
            currency=draft.currency, total=draft.total, rate=quote.rate, on=quote.on, source=quote.source
        ),
    )


def quote_of(draft: Draft) -> Quote:
    """Return the rate by which a draft was converted: what is made anew of the same sale keeps it."""
    conversion = draft.conversion
    if conversion is None:
        raise ValueError(f"{draft.source} was not converted")
    return Quote(
        currency=conversion.currency,
        into=draft.currency,
        rate=conversion.rate,
        on=conversion.on,
        source=conversion.source,
    )


def _shared(draft: Draft, quote: Quote, total: int, amounts: Sequence[Decimal]) -> Allocation:
    """Spread the converted total; where the parts did not sum to the total before, their own sum is converted."""
    if not amounts:
        return Allocation([], frozenset())
    whole = sum(amounts, Decimal(0))
    places = max(0, *(-int(amount.as_tuple().exponent) for amount in amounts))
    weights = [int(amount.scaleb(places)) for amount in amounts]
    return allocation(total if whole == draft.total else _units(whole, quote), weights)


def _units(amount: Decimal, quote: Quote) -> int:
    """Return a charged amount in the smallest unit of the document's currency, rounded half up."""
    return int((amount * quote.rate).scaleb(exponent(quote.into)).quantize(Decimal(1), ROUND_HALF_UP))


def _amount(units: int, quote: Quote) -> Decimal:
    return Decimal(units).scaleb(-exponent(quote.into))


def _line(line: Line, share: int, quote: Quote) -> Line:
    total = _amount(share, quote)
    net = line.subtotal - line.discount
    gross = line.total / net if net else Decimal(1)
    discount = _amount(_units(line.discount * gross, quote), quote)
    tax = _rounded(line.tax * total / line.total, quote) if line.total else Decimal(0)
    return replace(line, subtotal=total + discount, discount=discount, tax=tax, tax_inclusive=True, charged=line.total)


def _rounded(amount: Decimal, quote: Quote) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-exponent(quote.into)), ROUND_HALF_UP)


def _payment(payment: Payment, share: int, quote: Quote) -> Payment:
    return replace(payment, amount=_amount(share, quote))
