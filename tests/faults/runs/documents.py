"""The crash storm: documents are sent through a provider that loses every fourth answer, while worker pools, clusters,
the web and the database are killed; a person at the desk answers what is in doubt.

Goal: none lost, none issued twice, none accepted without a true code, and nothing in doubt that nobody was asked about.
"""

import threading
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from tests.faults.desk import Desk
from tests.faults.house import House
from tests.faults.lab import ROOT, Lab, StandIns
from tests.faults.rest import wait_for_rest
from tests.faults.sales import PAID, Delivery, letters, sell
from tests.faults.storm import WEB, WORKERS, Storm
from tests.faults.table import Control, Result
from tests.faults.watch import Watch

GUARD, PATCH = "what is in doubt is sent again", "control_doubt_is_sent_again"
FAULTS = {
    # Issued, and the answer is lost: 8 %.
    "reset_after": (0.03, {}),
    "late": (0.02, {"seconds": 3.0}),
    "truncate": (0.03, {}),
    # Issued, and then it hangs; or it goes on working after we have hung up, and issues: 4 %.
    "hang_after": (0.02, {}),
    "late_before": (0.02, {"seconds": 3.0}),
    # Issued, and the answer is an error or no answer at all: 6 %.
    "502_after": (0.02, {}),
    "html_502": (0.02, {}),
    "html_200": (0.02, {}),
    # Not issued: 10 %, and refused in the provider's own form: 2 %.
    "500_before": (0.04, {}),
    "429": (0.02, {}),
    "reset_before": (0.04, {}),
    "reject_data": (0.02, {}),
}
FROM_STRIPE = 20
"""Every so many documents one comes all the way from a payment; the others are queued where billing would."""
LEAST_FAULTS = 0.28
ON_A_DESK = ("rejected", "unknown", "held")


@dataclass(frozen=True)
class Books:
    """What the oracle and the tables say in the end."""

    lost: int
    twice: int
    untrue: int
    hidden: int
    doubt: int
    desk: int
    stamped: int


def run(lab: Lab) -> Result:
    count, kills = lab.size(full=10_000, short=2000), lab.size(full=260, short=50)
    crashes = lab.size(full=6, short=2)
    with House(lab, "documents", StandIns.start(lab, latency=0.05), root=ROOT) as house:
        with Watch(house.database) as watch:
            storm, desk = rage(lab, house, count=count, kills=kills, crashes=crashes)
        lab.notes["documents"] = {**watch.seconds(), "attempts of the dead": recovered(house, storm)}
        books = compare(house, count)
        calls = house.stand_ins.authority.calls()
        mails = sum(number > 1 for number in house.stand_ins.mails().values())
    struck = sum(bool(call.fault) for call in calls if call.route != "get_json")
    share = struck / sum(call.route != "get_json" for call in calls)
    problems = [f"{value} {name}" for name, value in vars(books).items() if value and name in MUST_BE_NONE]
    if share < LEAST_FAULTS:
        problems.append(f"faults of {share:.1%} only")
    if storm.kills < kills or storm.struck["database"] < crashes:
        problems.append(f"only {storm.told()}")
    if mails:
        problems.append(f"{mails} mails twice")
    return Result(
        size=f"{count:,} documents",
        faults=f"{struck:,} of {len(calls):,} calls ({share:.0%})",
        kills=f"{storm.kills} processes ({storm.told()})",
        figures=f"{books.lost} lost, {books.twice} issued twice, {books.untrue} without a true code; "
        f"{books.stamped:,} stamped, {books.desk} refused and on a desk; a person found {desk.answers['found']}, "
        f"saw {desk.answers['not_issued']} absent, {books.doubt} left in doubt",
        problems=problems,
    )


MUST_BE_NONE = ("lost", "twice", "untrue", "hidden", "doubt")


def control(lab: Lab, root: Path) -> Control:
    count = max(100, lab.size(full=300, short=300))
    with House(lab, "documents-control", StandIns.start(lab, latency=0.05), root=root) as house:
        rage(lab, house, count=count, kills=6, crashes=1)
        books = compare(house, count)
    return Control(GUARD, f"{books.twice} of {count} issued twice", books.twice > count / 10)


def rage(lab: Lab, house: House, *, count: int, kills: int, crashes: int) -> tuple[Storm, Desk]:
    """Send so many documents through the storm; return when every one is at rest."""
    plan_faults(house, seed=lab.seed)
    paid = count // FROM_STRIPE
    sell(house.stand_ins.stripe, paid)
    house.queue("documents", count - paid)
    house.start_web()
    for name in ("worker-1", "worker-2"):
        house.start_worker(name)
    house.supervise()
    authority = house.stand_ins.authority

    def issued() -> int:
        return int(authority.state()["documents"])

    victims = {**WORKERS, **WEB}
    storm = Storm(
        house, issued, total=count, seed=lab.seed, kills=kills, victims=victims, crashes=crashes, postgres=lab.postgres
    )
    delivery = Delivery(house.webhook, house.secret, connections=2, patience=1800)
    mail = letters(house.stand_ins.stripe, kinds=[PAID])
    postman = threading.Thread(target=delivery.deliver, args=(mail,), name="postman")
    with Desk(house, authority) as desk, storm:
        postman.start()
        wait_for_rest(house, storm, count=count)
        postman.join()
    return storm, desk


def plan_faults(house: House, *, seed: int) -> None:
    """Plan the mix. The first fault that strikes decides a call, so each later one has the chance of what is left."""
    left = 1.0
    for number, (kind, (part, options)) in enumerate(FAULTS.items()):
        house.stand_ins.authority.fault(kind, times=0, probability=part / left, seed=seed + number, **options)
        left -= part


def compare(house: House, count: int) -> Books:
    """Hold the tables against the provider's own list."""
    issued = house.stand_ins.authority.documents()
    by_reference = Counter(reference for each in issued for reference in each.references)
    true = {each.code: (set(each.references), each.total) for each in issued}
    rows = house.books.rows("SELECT reference, status, generation_code, total FROM smartbill_document")
    identified = [row for row in rows if row["generation_code"]]
    untrue = sum(not _is_true(row, true) for row in identified)
    hidden = sum(
        by_reference[row["reference"]] > 0 for row in rows if not row["generation_code"] and row["status"] != "unknown"
    )
    states = Counter(row["status"] for row in rows)
    desk = sum(states[each] for each in ON_A_DESK)
    return Books(
        lost=count - len(identified) - desk,
        twice=sum(times > 1 for times in by_reference.values()),
        untrue=untrue,
        hidden=hidden,
        doubt=states["unknown"],
        desk=desk - states["unknown"],
        stamped=states["stamped"],
    )


def _is_true(row: dict[str, object], true: dict[str, tuple[set[str], Decimal]]) -> bool:
    references, total = true.get(str(row["generation_code"]), (set(), None))
    return row["reference"] in references and row["total"] == total


def recovered(house: House, storm: Storm) -> list[float]:
    """Return, for what the dead had in hand, the seconds from its deadline to the record of its end."""
    attempts = house.books.rows("SELECT worker, deadline_at, finished_at FROM smartbill_attempt")
    late = []
    for pid, killed_at in storm.killed:
        theirs = [row for row in attempts if f"-{pid}-" in row["worker"] and row["finished_at"]]
        late += [
            (row["finished_at"] - row["deadline_at"]).total_seconds()
            for row in theirs
            if row["finished_at"].timestamp() > killed_at
        ]
    return late
