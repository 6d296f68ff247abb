"""An old backup is put back after a hundred more documents were issued: none of them is issued a second time.

The worker refuses to start; `manage.py after_restore` turns what the backup does not know into questions; the forgotten
sales come back as Stripe would send them again.
"""

from collections import Counter
from pathlib import Path

from tests.faults.desk import Desk
from tests.faults.house import House
from tests.faults.lab import ROOT, Lab, StandIns
from tests.faults.processes import Failed, wait_until
from tests.faults.table import Control, Result

GUARD, PATCH = "restore guard removed", "restore_guard"
BEFORE, WAITING, AFTER = 10, 20, 100
REFUSED = 78
STAMPED = "SELECT count(*) FROM smartbill_document WHERE status = 'stamped'"


def run(lab: Lab) -> Result:
    everything = BEFORE + WAITING + AFTER
    with House(lab, "restore", StandIns.start(lab), root=ROOT) as house:
        _forget(lab, house)
        house.run("manage.py", "qworker", status=REFUSED)
        house.run("manage.py", "after_restore", "--yes", "--reason", "The disk was lost.")
        house.queue("documents", AFTER, first=BEFORE + WAITING + 1)
        house.start_web()
        house.start_worker()
        with Desk(house, house.stand_ins.authority):
            wait_until("all is stamped", lambda: house.books.number(STAMPED) == everything, seconds=300, pause=0.5)
        issued, twice = _issued(house)
        known = house.books.number("SELECT count(*) FROM smartbill_document WHERE status = 'stamped'")
    problems = [f"{twice} issued twice"] if twice else []
    if not issued == known == everything:
        problems.append(f"{issued} issued and {known} stamped of {everything}")
    return Result(
        size=f"{everything} documents, {AFTER + WAITING} of them sent after the backup",
        faults="the backup of before is put back",
        kills="none",
        figures=f"the worker refused to start; {twice} issued twice, {known} of {everything} stamped",
        problems=problems,
    )


def control(lab: Lab, root: Path) -> Control:
    with House(lab, "restore-control", StandIns.start(lab), root=root) as house:
        _forget(lab, house)
        house.queue("documents", AFTER, first=BEFORE + WAITING + 1)
        house.start_worker()
        try:
            wait_until("something is issued twice", lambda: _issued(house)[1] > 0, seconds=60)
        except Failed:
            return Control(GUARD, "none issued twice", damaged=False)
        house.stop("worker")
        _issued_now, twice = _issued(house)
    return Control(GUARD, f"{twice} issued twice", damaged=True)


def _forget(lab: Lab, house: House) -> None:
    """Issue some, back up while others wait, issue those and a hundred more, and put the backup back."""
    name = house.database.rpartition("/")[2]
    house.queue("documents", BEFORE)
    _issue(house, BEFORE)
    house.queue("documents", WAITING, first=BEFORE + 1)
    house.books.close()
    lab.postgres.create(f"{name}_backup", template=name)
    house.queue("documents", AFTER, first=BEFORE + WAITING + 1)
    _issue(house, BEFORE + WAITING + AFTER)
    house.books.close()
    lab.postgres.restore(name, backup=f"{name}_backup")


def _issue(house: House, count: int) -> None:
    house.start_worker()
    wait_until(f"{count} documents are stamped", lambda: house.books.number(STAMPED) == count, seconds=180, pause=0.5)
    house.stop("worker")


def _issued(house: House) -> tuple[int, int]:
    """Return how many documents were issued, and how many of the sales twice: each has a total of its own."""
    totals = Counter(each.total for each in house.stand_ins.authority.documents())
    return sum(totals.values()), sum(times > 1 for times in totals.values())
