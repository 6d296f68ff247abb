"""Mail under kill -9: whatever dies, at most one accepted send per message, and in the end exactly one.

The provider loses a part of its answers after it has accepted. Waiting times between tries are shortened by moving
`next_at` to now, which is what the passing of time would do; leases are waited for.
"""

import time
from pathlib import Path

from tests.faults.house import House
from tests.faults.lab import ROOT, Lab, StandIns
from tests.faults.processes import wait_until
from tests.faults.storm import WORKERS, Storm
from tests.faults.table import Control, Result

GUARD, PATCH = "no idempotency key", "control_mail_without_key"
LOST = 0.08
UNDER_WAY = "SELECT count(*) FROM notifications_message WHERE status IN ('queued', 'sending')"


def run(lab: Lab) -> Result:
    count, kills = lab.size(full=1000, short=200), lab.size(full=40, short=10)
    stand_ins = StandIns.start(lab)
    with House(lab, "mail", stand_ins, root=ROOT) as house, _storm(lab, house, count=count, kills=kills) as storm:
        wait_until("the storm is over", lambda: storm.is_over, seconds=900, pause=0.5)
        wait_until("every message has left", lambda: _all_has_left(house), seconds=400, pause=1)
        accepted = stand_ins.mails()
        sent = house.books.number("SELECT count(*) FROM notifications_message WHERE status = 'sent'")
        tries = house.books.number("SELECT sum(attempts) FROM notifications_message")
    twice = _twice(accepted)
    problems = [f"{twice} messages were accepted twice"] if twice else []
    if not len(accepted) == sent == count:
        problems.append(f"{len(accepted)} of {count} messages accepted, {sent} recorded as sent")
    if storm.kills < kills:
        problems.append(f"only {storm.kills} kills")
    return Result(
        size=f"{count:,} messages",
        faults=f"{LOST:.0%} of the answers lost, {tries - count} tries again",
        kills=f"{storm.kills} ({storm.told()})",
        figures=f"{len(accepted):,} accepted once, {twice} twice, {count - len(accepted)} never",
        problems=problems,
    )


def control(lab: Lab, root: Path) -> Control:
    stand_ins = StandIns.start(lab)
    with House(lab, "mail-control", stand_ins, root=root) as house, _storm(lab, house, count=100, kills=4) as storm:
        give_up_at = time.monotonic() + 300
        while not (storm.is_over and _twice(stand_ins.mails())) and time.monotonic() < give_up_at:
            if _all_has_left(house):
                break
            time.sleep(0.5)
        accepted = stand_ins.mails()
    return Control(GUARD, f"{_twice(accepted)} of {len(accepted)} messages accepted twice", _twice(accepted) > 0)


def _storm(lab: Lab, house: House, *, count: int, kills: int) -> Storm:
    """Queue messages and let two clusters send them; the storm that is returned kills their processes in between."""
    house.stand_ins.plan_mail(seconds=0.1, lose=LOST)
    house.queue("messages", count)
    for name in ("worker-1", "worker-2"):
        house.start_worker(name)
    house.supervise()

    def progress() -> int:
        return sum(house.stand_ins.mails().values())

    return Storm(house, progress, total=count, seed=lab.seed, kills=kills, victims=WORKERS)


def _all_has_left(house: House) -> bool:
    house.books.change("UPDATE notifications_message SET next_at = now() WHERE status = 'queued' AND attempts > 0")
    return not house.books.number(UNDER_WAY)


def _twice(accepted: dict[str, int]) -> int:
    return sum(number > 1 for number in accepted.values())
