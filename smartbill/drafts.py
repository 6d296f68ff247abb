"""The vocabulary in which a sale reaches this app: frozen parties, lines and payments without any Stripe word."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

from django.utils.translation import gettext_noop

from smartbill.errors import Problem

CORRECTED = gettext_noop("correction by a person")
"""The source of what a person changed in a document by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address; `department`, `municipality`, `district` are the tax authority's catalogue codes."""

    country: str = ""
    line: str = ""
    city: str = ""
    postal_code: str = ""
    department: str = ""
    municipality: str = ""
    district: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """The buyer as the document names them. `tax_id_type`: nit, dui, passport, resident_card, other or
    empty. `person_type`: natural, legal or empty."""

    name: str = ""
    commercial_name: str = ""
    tax_id: str = ""
    tax_id_type: str = ""
    nrc: str = ""
    activity_code: str = ""
    activity_text: str = ""
    person_type: str = ""
    email: str = ""
    phone: str = ""
    address: Address = field(default_factory=Address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line exactly as it was charged, in units of the currency.

    `subtotal` is quantity times price before discounts, `discount` is positive, `tax` is contained in the subtotal
    when `tax_inclusive`. `tax_class`: standard, exempt, not_subject, or unknown (which holds the document).
    `unit`: service or unit. `code` is the seller's own product code. `unit_price` is the price of one as it was
    charged, to show beside the form's; None where there is none. `charged` is the line's total in the currency that
    the customer paid, where that is another. `of_line` is the line, counted from 0, of the document that a credit note
    takes this one back from.
    """

    description: str
    quantity: Decimal
    subtotal: Decimal
    discount: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    tax_inclusive: bool = True
    tax_rate: Decimal | None = None
    tax_class: str = "standard"
    unit: str = "service"
    code: str = ""
    unit_price: Decimal | None = None
    charged: Decimal | None = None
    of_line: int | None = None

    @property
    def total(self) -> Decimal:
        """What the customer paid for this line."""
        return self.subtotal - self.discount + (Decimal(0) if self.tax_inclusive else self.tax)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One payment. `method`: card_credit, card_debit, transfer, wallet, cash, crypto or other."""

    method: str
    amount: Decimal
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """The issued document that a credit note corrects, and what the note says about why.

    `only_whole`: it has lines that no note over a part of it can name.
    """

    generation_code: str
    control_number: str
    issued_on: date
    total: Decimal
    description: str
    only_whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a value came from: the object and field, its raw text, and the rule that changed it (or empty)."""

    source: str
    raw: str
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """What rounding left over and which line took it: the line counts from 0.

    `currency` is that of the amount; empty is the draft's own. `part`: tax, discount or total. `cause`: invoice_tax
    (rounded once per invoice), credit (a negative line that was spread) or rate (a conversion).
    """

    line: int
    part: str
    amount: Decimal
    cause: str
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What the customer was charged in another currency, and the stored rate that made it the draft's own.

    `rate` is what one unit of `currency` is worth in the draft's; `on` is its day and `source` who published it.
    """

    currency: str
    total: Decimal
    rate: Decimal
    on: date
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """All that a document is made of. `source` is the opaque business key of the sale, unique with `purpose`.

    `held_because` lists what the upstream app could not decide; the provider adds its own problems. `extras` are rare
    properties by name, which the provider checks and carries where its contract knows them. `notes` are terms that the
    document prints. `approved` is the essence for which people approved it, empty where nobody was asked.
    """

    issuer_id: int
    source: str
    kind: str
    livemode: bool
    currency: str
    total: Decimal
    party: Party
    lines: Sequence[Line]
    payments: Sequence[Payment]
    language: str
    occurred_at: datetime
    purpose: str = "sale"
    customer_reference: str = ""
    provenance: Mapping[str, Provenance] = field(default_factory=dict)
    held_because: Sequence[Problem] = ()
    residuals: Sequence[Residual] = ()
    conversion: Conversion | None = None
    corrects: Corrected | None = None
    extras: Mapping[str, Any] = field(default_factory=dict)
    notes: str = ""
    approved: Mapping[str, str] = field(default_factory=dict)

    @property
    def essence(self) -> dict[str, str]:
        """What a person approves of a document: what it comes to, its kind, and for whom it is."""
        party = self.party
        return {
            "total": f"{self.total} {self.currency}",
            "kind": str(self.kind),
            "name": party.name,
            "tax_id": party.tax_id,
            "nrc": party.nrc,
            "country": party.address.country,
        }

    def as_json(self) -> dict[str, Any]:
        """Return the draft as JSON values; Decimal becomes text, so that nothing is rounded on the way."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))
        return plain

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Rebuild the draft that `as_json` stored."""
        return cls(
            **{
                **stored,
                "total": Decimal(stored["total"]),
                "party": Party(**{**stored["party"], "address": Address(**stored["party"]["address"])}),
                "lines": tuple(_line(row) for row in stored["lines"]),
                "payments": tuple(Payment(**{**row, "amount": Decimal(row["amount"])}) for row in stored["payments"]),
                "occurred_at": datetime.fromisoformat(stored["occurred_at"]),
                "provenance": {name: Provenance(**row) for name, row in stored["provenance"].items()},
                "held_because": tuple(Problem(**row) for row in stored["held_because"]),
                "residuals": tuple(_residual(row) for row in stored.get("residuals", ())),
                "conversion": _conversion(stored.get("conversion")),
                # A draft that was frozen before there were credit notes says nothing of it.
                "corrects": _corrected(stored.get("corrects")),
            }
        )


_DECIMALS = ("quantity", "subtotal", "discount", "tax", "tax_rate", "unit_price", "charged")


def _residual(row: Mapping[str, Any]) -> Residual:
    return Residual(**{**row, "amount": Decimal(row["amount"])})


def _conversion(row: Mapping[str, Any] | None) -> Conversion | None:
    if row is None:
        return None
    amounts = {name: Decimal(row[name]) for name in ("total", "rate")}
    return Conversion(**{**row, **amounts, "on": date.fromisoformat(row["on"])})


def _corrected(row: Mapping[str, Any] | None) -> Corrected | None:
    if row is None:
        return None
    issued_on, total = date.fromisoformat(row["issued_on"]), Decimal(row["total"])
    return Corrected(**{**row, "issued_on": issued_on, "total": total})


def _line(row: Mapping[str, Any]) -> Line:
    known = {f.name for f in fields(Line)}
    values = {name: value for name, value in row.items() if name in known}
    return Line(**{**values, **{n: Decimal(values[n]) for n in _DECIMALS if values.get(n) is not None}})
