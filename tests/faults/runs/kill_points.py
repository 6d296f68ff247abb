"""Named kill points: a process dies (or is paused) exactly there, and what is left behind ends as the protocol says."""

import http.client
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.faults.desk import Desk
from tests.faults.house import House
from tests.faults.lab import ROOT, Lab, StandIns
from tests.faults.processes import Failed, descendants, kill, wait_until
from tests.faults.sales import PAID, Delivery, Letter, letters, post, sell
from tests.faults.table import Control, Result

GUARD, PATCH = "late sender not refused", "control_late_sender"
AT_ONCE = 3
PAUSE = "pause_before_send"
DIED = "after death"
DOUBT = "SELECT count(*) FROM smartbill_documentevent WHERE after = 'unknown'"
DONE = """
    SELECT count(*) FROM smartbill_document document JOIN notifications_message message
      ON message.reference = 'document:' || document.id
    WHERE document.status = 'stamped' AND message.status = 'sent'
"""


@dataclass(frozen=True)
class Point:
    """`calls` is how often the provider was called when the process died; `doubt`: must a person have been asked?"""

    name: str
    calls: int
    doubt: bool = False


WORKER = (
    Point("before_claim", calls=0),
    Point("after_claim", calls=0),
    Point("after_send", calls=1, doubt=True),
    Point("after_answer", calls=1, doubt=True),
    Point("after_journal", calls=1),
    Point("before_commit", calls=1),
    Point("after_commit", calls=1),
    Point("after_fetch", calls=0),
    Point("after_provider_accept", calls=1),
)
INBOX = {"after_verify": 0, "after_insert": 1}
"""How many rows the inbox has after the web died there."""


def run(lab: Lab) -> Result:
    stand_ins = StandIns.start(lab)
    parts: dict[str, Callable[[House], list[str]]] = {
        PAUSE: _pause,
        **{point.name: _worker_scene(point) for point in WORKER},
        **{name: _inbox_scene(name, rows) for name, rows in INBOX.items()},
    }
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda part: _play(lab, stand_ins, *part, root=ROOT), parts.items()))
    problems = [problem for each in found for problem in each]
    return Result(
        size=f"{len(parts)} points",
        faults="none",
        kills=f"{len(parts) - 1} at their point, 1 paused beyond deadline and quiet period",
        figures=f"{sum(not each for each in found)} of {len(parts)} ended as the protocol says, "
        "each with 1 document and 1 mail",
        problems=problems,
    )


def control(lab: Lab, root: Path) -> Control:
    problems = _play(lab, StandIns.start(lab), PAUSE, _pause, root=root)
    twice = any("issued 2" in each for each in problems)
    return Control(GUARD, "; ".join(problems) or "nothing", twice)


def _play(lab: Lab, stand_ins: StandIns, name: str, scene: Callable[[House], list[str]], *, root: Path) -> list[str]:
    """Play one scene in a house of its own; return what was not as it should be."""
    try:
        with House(lab, f"{name}-{root.name}", stand_ins, root=root, workers=2) as house:
            problems = scene(house)
    except Failed as failure:
        problems = [str(failure)]
    return [f"{name}: {problem}" for problem in problems]


# The scenes -----------------------------------------------------------------------------------------------------------


def _worker_scene(point: Point) -> Callable[[House], list[str]]:
    def scene(house: House) -> list[str]:
        house.start_web()
        _announce(house)
        house.start_worker(crash_at=point.name)
        # A worker that ends by itself is replaced by its cluster, which the run ends before it does anything else.
        wait_until(
            f"a worker died ({house.log('worker')})", lambda: DIED in house.log("worker").read_text(), seconds=90
        )
        house.kill("worker")
        calls = _calls(house)
        house.start_worker()
        problems = _ended_well(house)
        if calls != point.calls:
            problems.append(f"{calls} calls when it died, not {point.calls}")
        if bool(house.books.number(DOUBT)) != point.doubt:
            problems.append("was never in doubt" if point.doubt else "was in doubt although it was known")
        return problems

    return scene


def _inbox_scene(name: str, rows: int) -> Callable[[House], list[str]]:
    def scene(house: House) -> list[str]:
        house.start_web(crash_at=name)
        letter = _sold(house)
        status = _deliver_once(house, letter)
        found = house.books.number("SELECT count(*) FROM billing_inboundevent")
        house.kill("web")
        house.start_web()
        again = [_deliver_once(house, letter), _deliver_once(house, letter)]
        problems = [] if status == 0 else [f"answered {status} while it died"]
        if found != rows:
            problems.append(f"{found} rows when it died, not {rows}")
        if again != [200, 200] or house.books.number("SELECT count(*) FROM billing_inboundevent") != 1:
            problems.append(f"delivered again: {again}")
        house.start_worker()
        return problems + _ended_well(house)

    return scene


def _pause(house: House) -> list[str]:
    """Stop a whole cluster right before the first byte, let its attempt be given up and replaced, and wake it."""
    house.start_web()
    _announce(house)
    house.start_worker("sleeper", crash_at=PAUSE)
    process = house.running["sleeper"]
    wait_until("a worker stopped itself", lambda: any(map(_is_stopped, descendants(process.pid))), seconds=60)
    sleepers = [*descendants(process.pid), process.pid]
    caller = next(pid for pid in sleepers if _is_stopped(pid))
    for pid in sleepers:
        kill(pid, signal.SIGSTOP)
    house.start_worker("awake")
    problems = _ended_well(house)
    kill(caller, signal.SIGCONT)
    time.sleep(3)
    for pid in sleepers:
        kill(pid, signal.SIGCONT)
    time.sleep(2)
    return problems + _issued_once(house)


# What scenes share ----------------------------------------------------------------------------------------------------


def _sold(house: House) -> Letter:
    """Sell once and return the event; other houses sell at the same time through the same stand-in."""
    (sale,) = sell(house.stand_ins.stripe, 1)
    intent = sale.key.partition(":")[2].encode()
    (letter,) = [each for each in letters(house.stand_ins.stripe, kinds=[PAID]) if intent in each.body]
    return letter


def _announce(house: House) -> None:
    Delivery(house.webhook, house.secret, connections=1).deliver([_sold(house)])


def _deliver_once(house: House, letter: Letter) -> int:
    """Deliver over a new connection and return the status, 0 when there was no answer."""
    parts = urlsplit(house.webhook)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        return post(connection, house.webhook, letter.body, house.secret)
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _reference(house: House) -> str:
    rows = house.books.rows("SELECT reference FROM smartbill_document")
    return rows[0]["reference"] if rows else ""


def _calls(house: House) -> int:
    reference = _reference(house)
    return house.stand_ins.authority.calls_by_reference().get(reference, 0) if reference else 0


def _ended_well(house: House) -> list[str]:
    """Wait, with a person at the desk, for stamp and mail; then compare with the oracles."""
    with Desk(house, house.stand_ins.authority):
        give_up_at = time.monotonic() + 240
        while not house.books.number(DONE):
            if time.monotonic() > give_up_at:
                states = house.books.rows("SELECT status, reason FROM smartbill_document")
                return [f"not done within 240 s: {states}"]
            # Time between two tries of a mail passes quickly here; leases are waited for.
            house.books.change("UPDATE notifications_message SET next_at = now() WHERE status = 'queued'")
            time.sleep(0.5)
    return _issued_once(house)


def _issued_once(house: House) -> list[str]:
    """Return what the oracles say against it: one document issued, the very one of the books, and one mail."""
    rows = house.books.rows("SELECT reference, generation_code FROM smartbill_document")
    keys = house.books.rows("SELECT key FROM notifications_message WHERE template = 'document_issued'")
    if len(rows) != 1 or len(keys) != 1:
        return [f"{len(rows)} documents, {len(keys)} messages"]
    issued = house.stand_ins.authority.documents(rows[0]["reference"])
    problems = [] if len(issued) == 1 else [f"issued {len(issued)} times"]
    if rows[0]["generation_code"] not in [each.code for each in issued]:
        problems.append("its code is not one that was issued")
    mails = sum(count for name, count in house.stand_ins.mails().items() if str(keys[0]["key"]) in name)
    if mails != 1:
        problems.append(f"{mails} mails accepted")
    return problems


def _is_stopped(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    except (FileNotFoundError, ProcessLookupError):
        return False
