"""What the platform understood from a valid request: frozen values between validation and the Hacienda JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

FACTURA = "factura"
CCF = "ccf"
FEX = "fex"
CREDIT_NOTE = "credit_note"

DTE_TYPES: Mapping[str, str] = {FACTURA: "01", CCF: "03", CREDIT_NOTE: "05", FEX: "11"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An address inside El Salvador in catalogue codes; an empty district is filled by the platform."""

    department: str
    municipality: str
    details: str
    district: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Who gets the document. `document_type` is a CAT-022 code; None where nothing was said."""

    name: str
    document_type: str | None = None
    identification: str | None = None
    nrc: str | None = None
    activity_code: str | None = None
    activity_text: str | None = None
    commercial_name: str | None = None
    place: Place | None = None
    phone: str | None = None
    email: str | None = None
    country: str | None = None
    foreign_address: str | None = None
    person_type: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line. `tax_class`: gravada, exenta, no_sujeta or no_gravada."""

    description: str
    quantity: Decimal
    unit_price: Decimal
    discount: Decimal = Decimal(0)
    tax_class: str = "gravada"
    unit: int = 59
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pay:
    """One payment: CAT-017 method and, on credit, CAT-018 term with a count."""

    method: str
    amount: Decimal
    reference: str | None = None
    term: str | None = None
    period: Decimal | int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The export part of a FEX: item type 1 goods, 2 services; customs data for goods only."""

    item_type: int
    precinct: str | None = None
    regime_type: str | None = None
    regime: str | None = None
    incoterms: str | None = None
    insurance: Decimal = Decimal(0)
    freight: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A valid emission of a factura, CCF or FEX."""

    kind: str
    receiver: Receiver
    items: Sequence[Item]
    payments: Sequence[Pay]
    condition: int = 1
    notes: str | None = None
    appendix: Sequence[Mapping[str, str]] = ()
    export: Export | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteOrder:
    """A valid request for a credit note; the amount includes IVA."""

    related: str
    description: str
    amount: Decimal
