"""The contract between the engine and a provider of fiscal documents.

A provider prepares bytes, sends them once, and says what the answer means; it never touches the database. `send` and
`classify` are apart so that a journalled answer can be judged again after a crash, by the same table.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from smartbill.drafts import Draft
from smartbill.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """One key pair of the account, decrypted for the time of a call."""

    public_key: str
    private_key: str

    def __repr__(self) -> str:
        return f"Credentials(public_key={self.public_key[:8]}…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRequest:
    """A request frozen before the call: `route` names a row of the provider's contract, `body` the exact bytes."""

    route: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What went over the wire, whatever it was. `status` is None when no answer arrived.

    `written` tells whether the first byte of the request may have left this machine: False is the only proof that
    nothing was sent. `unreachable` adds that nobody was there to take it, `held_back` that the call had to wait for
    too long, which says nothing about document or provider. `failure` is the chain of exception names and texts,
    without secrets.
    """

    written: bool
    unreachable: bool = False
    held_back: bool = False
    status: int | None = None
    body: bytes = b""
    content_type: str = ""
    retry_after: int | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifiers:
    """What the remote calls the document. An empty `seal` means that the authority's stamp is pending."""

    generation_code: str = ""
    control_number: str = ""
    seal: str = ""
    issued_at: datetime | None = None
    url: str = ""
    pdf_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an exchange means for the attempt. `outcome` is a `lifecycle.Outcome`.

    An accepted submission without seal is a contingency. `look_up` is a code that was seen and must be read before
    anything else is believed. `stop_key` asks for the key to be stopped, `pause` for the channel to wait.
    """

    outcome: str
    note: str
    identifiers: Identifiers = field(default_factory=Identifiers)
    problems: Sequence[Problem] = ()
    look_up: str = ""
    stop_key: bool = False
    pause: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the remote says about a code. `state`: stamped, contingency, invalidated, absent or no_information.

    `is_key_refused` tells that it is the key for which there is no information: another one may be asked with.
    """

    state: str
    is_key_refused: bool = False
    identifiers: Identifiers = field(default_factory=Identifiers)
    total: Decimal | None = None
    receiver_name: str = ""
    receiver_tax_id: str = ""
    issued_on: date | None = None
    kind: str = ""
    document: bytes = b""
    invalidated_at: datetime | None = None
    environment: str = ""
    references: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedLine:
    """One line as page and PDF show it, in the price basis of its kind of document.

    `rest` is the part of the discount that makes up for the decimals which the form's price cannot carry. `note` says
    what the law says of a line that is not taxed in the ordinary way; translated, empty for one that is.
    """

    description: str
    quantity: Decimal
    unit_price: Decimal
    discount: Decimal
    amount: Decimal
    rest: Decimal = Decimal(0)
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """`totals` is the breakdown above the total: translated label and amount, in the law's order.

    `rounding` is what a line of its own adds so that the authority's arithmetic reaches the total.
    """

    lines: Sequence[PrintedLine]
    totals: Sequence[tuple[str, Decimal]]
    rounding: Decimal = Decimal(0)


class Provider(Protocol):
    """One fiscal provider. Methods without `send` in their name are pure."""

    name: str
    contract_version: str

    def problems(self, draft: Draft) -> list[Problem]:
        """Return every reason why this draft cannot be issued as it is; empty when it can."""

    def doubts(self, draft: Draft) -> list[Problem]:
        """Return what may be right and looks like a typing error: a person is asked once before it is issued."""

    def submission(self, draft: Draft, reference: str) -> PreparedRequest:
        """Translate a draft without problems; `reference` is printed where a person can find it."""

    def series(self, draft: Draft) -> str:
        """Name the series of numbers out of which the remote numbers this draft."""

    def invalidation(self, generation_code: str, *, replacement: str = "") -> PreparedRequest:
        """Ask for the invalidation of an issued document; `replacement` is the code of the one issued in its place."""

    def reading(self, generation_code: str) -> PreparedRequest:
        """Ask for what the remote holds under a code."""

    def send(self, request: PreparedRequest, credentials: Credentials, *, not_after: float) -> Exchange:
        """Send exactly these bytes once; never raises for anything the network or the remote does.

        `not_after` is a `time.monotonic()` instant: the first byte is refused after it (written=False).
        """

    def classify_submission(self, request: PreparedRequest, exchange: Exchange) -> Verdict: ...

    def classify_invalidation(self, request: PreparedRequest, exchange: Exchange) -> Verdict: ...

    def classify_reading(self, request: PreparedRequest, exchange: Exchange) -> Reading: ...

    def contingency_cause(self, document: bytes) -> tuple[int, str] | None:
        """Return the cause of the contingency that a document as the authority holds it states: type and sentence."""

    def quiet_period(self, *, in_contingency: bool) -> timedelta:
        """Return how long after an attempt's deadline the remote may still issue what it was sent."""

    def mails_customer(self, draft: Draft) -> bool:
        """Tell whether the provider itself will mail this customer, so that ours would be a second mail."""

    def reported(self, draft: Draft) -> PreparedRequest:
        """Return what the authority learns of an issuable draft, without our reference; equal where it is the same."""

    def names_buyer(self, draft: Draft) -> bool:
        """Tell whether the authority learns who bought; else it holds the document for a consumer without name."""

    def printed(self, draft: Draft) -> Printed:
        """Return lines and totals as the law wants them printed for this kind of document."""

    def only_credited_whole(self, draft: Draft) -> bool:
        """Tell whether no part of this issued document can be credited, only all of it."""

    def public_url(self, *, generation_code: str, issued_on: date, livemode: bool) -> str:
        """Return the authority's own page on which anybody can check the document."""
