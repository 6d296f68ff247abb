"""The fault plan: what goes wrong with the next calls, on the socket or in the answer, before or after issuing."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

EMISSIONS = "emission"
EVERY_ROUTE = "any"
_EMISSION_ROUTES = frozenset({"factura", "ccf", "fex", "credit_note"})

BEFORE, AFTER = "before", "after"
RESET, HANG, CUT, ANSWER, LATE = "reset", "hang", "cut", "answer", "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens. `stage`: before or after the call did its work. `act`: what the socket or the answer does.

    With `act` answer, `row` names a refusal of the contract, `page` an HTML page, `status` a bare status; `with_code`
    puts a generation code into a refusal (the real one after issuing, an invented one before). Without `act` the call
    goes well, but what it issues is tampered with.
    """

    stage: str = BEFORE
    act: str = ""
    status: int = 0
    row: str = ""
    page: str = ""
    with_code: bool = False
    contingency: bool = False
    mails: int = 1
    total_off: bool = False


def _statuses(stage: str) -> dict[str, Fault]:
    rows = {
        "500": "error.internal",
        "502": "error.bad_gateway",
        "503": "error.hacienda_unavailable",
        "504": "error.gateway_timeout",
    }
    return {f"{status}_{stage}": Fault(stage=stage, act=ANSWER, row=row) for status, row in rows.items()}


FAULTS: Mapping[str, Fault] = {
    "late": Fault(stage=AFTER, act=LATE),
    "late_before": Fault(stage=BEFORE, act=LATE),
    "reset_before": Fault(stage=BEFORE, act=RESET),
    "reset_after": Fault(stage=AFTER, act=RESET),
    "hang_before": Fault(stage=BEFORE, act=HANG),
    "hang_after": Fault(stage=AFTER, act=HANG),
    "truncate": Fault(stage=AFTER, act=CUT),
    **_statuses(BEFORE),
    **_statuses(AFTER),
    "html_200": Fault(stage=AFTER, act=ANSWER, status=200, page="Please wait"),
    "html_200_before": Fault(act=ANSWER, status=200, page="Please wait"),
    "html_502": Fault(stage=AFTER, act=ANSWER, status=502, page="502 Bad Gateway"),
    "html_502_before": Fault(act=ANSWER, status=502, page="502 Bad Gateway"),
    "no_code": Fault(stage=AFTER, act=ANSWER, status=200),
    "redirect": Fault(act=ANSWER, status=307),
    "redirect_after": Fault(stage=AFTER, act=ANSWER, status=307),
    "401": Fault(act=ANSWER, row="error.unauthorized"),
    "403": Fault(act=ANSWER, row="error.account_disabled"),
    "404": Fault(act=ANSWER, row="error.not_found"),
    "405": Fault(act=ANSWER, status=405, page="405 Method Not Allowed"),
    "409": Fault(act=ANSWER, row="error.conflict"),
    "409_after": Fault(stage=AFTER, act=ANSWER, row="error.conflict"),
    "413": Fault(act=ANSWER, status=413, page="413 Payload Too Large"),
    "429": Fault(act=ANSWER, row="error.rate_limited"),
    "reject_data": Fault(act=ANSWER, row="error.data"),
    "reject_hacienda": Fault(act=ANSWER, row="error.refused"),
    "already_exists": Fault(stage=AFTER, act=ANSWER, row="error.refused"),
    "refused_with_code": Fault(act=ANSWER, row="error.refused", with_code=True),
    "refused_after": Fault(stage=AFTER, act=ANSWER, row="error.refused", with_code=True),
    "contingency": Fault(contingency=True),
    "mail_twice": Fault(mails=2),
    "wrong_total": Fault(total_off=True),
}


@dataclass(slots=True, kw_only=True)
class PlannedFault:
    """A fault and the calls it strikes: the next `times` (0 = without end) that match, each with a probability.

    `route` is a route of the contract, "emission" (any that issues) or "any"; `match` is a text in the body.
    `code` is Hacienda's message code of a refusal, `about` the field it complains about.
    """

    kind: str
    times: int = 1
    match: str = ""
    route: str = EMISSIONS
    probability: float = 1.0
    seed: int = 0
    seconds: float = 5.0
    code: str = "020"
    about: str = "products[0].unitPrice"
    retry_after: int = 1
    struck: int = 0
    _chance: random.Random = field(default_factory=random.Random, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in FAULTS:
            raise ValueError(f"no fault is called {self.kind!r}; there are {', '.join(FAULTS)}")
        if self.kind == "already_exists":
            self.code = "004"
        self._chance.seed(self.seed)

    @property
    def fault(self) -> Fault:
        """What happens to the call."""
        return FAULTS[self.kind]

    def strikes(self, route: str, body: str) -> bool:
        """Tell whether this call is struck, and count it."""
        wanted = self.route in (EVERY_ROUTE, route) or (self.route == EMISSIONS and route in _EMISSION_ROUTES)
        if not wanted or self.match not in body or (self.times and self.struck >= self.times):
            return False
        if self._chance.random() >= self.probability:
            return False
        self.struck += 1
        return True


class FaultPlan:
    """The faults that are planned, asked in order: the first that strikes decides the call."""

    def __init__(self) -> None:
        self._planned: list[PlannedFault] = []
        self._lock = Lock()

    def add(self, planned: PlannedFault) -> None:
        """Plan one more fault behind the others."""
        with self._lock:
            self._planned.append(planned)

    def clear(self) -> None:
        """Let everything go well from now on."""
        with self._lock:
            self._planned.clear()

    def take(self, route: str, body: str) -> PlannedFault | None:
        """Return the fault that strikes this call, if one does."""
        with self._lock:
            return next((planned for planned in self._planned if planned.strikes(route, body)), None)

    def planned(self) -> Sequence[PlannedFault]:
        """Return what is planned."""
        with self._lock:
            return list(self._planned)
