"""Hostile requests to the inbox: many shapes, mutated by chance, with valid deliveries in between.

Goal: none accepted, none answered 5xx, no row, no valid delivery lost, and the last tenth as fast as the first. To tell
a server that has slowed down from a machine that has, the last tenth goes turn by turn to the old server and to a new
one, whose first tenth it is.
"""

import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlsplit

from billing.sandbox.signing import sign
from tests.faults.house import House, resident_kib
from tests.faults.lab import ROOT, Lab, StandIns
from tests.faults.processes import ending, free_port
from tests.faults.sales import unsigned_event
from tests.faults.shapes import ALONE, SHAPES, Attacker
from tests.faults.table import Control, Result
from tests.faults.wire import SILENT, Wire

GUARD, PATCH = "signature not checked", "control_signature_not_checked"
CONNECTIONS, BLOCKS = 4, 10
SLOWER, LARGER = 1.2, 1.05
VALID_EVERY = 10
FORGED = "SELECT count(*) FROM billing_inboundevent WHERE NOT starts_with(event_id, 'evt_valid')"


@dataclass(frozen=True)
class Asked:
    """One request that was made: hostile (with the name of its shape) or valid, to the server on this port."""

    kind: str
    shape: str
    port: int
    status: int
    seconds: float


def run(lab: Lab) -> Result:
    count = lab.size(full=100_000, short=20_000)
    with House(lab, "hostile", StandIns.start(lab), root=ROOT) as house:
        old, new = house.port, free_port()
        house.start_web(recycled=False)
        _attack(house, [old], count // 10, seed=lab.seed + 1)
        before = resident_kib(house.running["web"].pid)
        asked = _attack(house, [old], count * 9 // 10, seed=lab.seed + 2)
        house.start_web("new web", port=new, recycled=False)
        _attack(house, [new], count // 10, seed=lab.seed + 3)
        last = _attack(house, [old, new], count // 10, seed=lab.seed + 4)
        memory = resident_kib(house.running["web"].pid) / before
        rows = house.books.number(FORGED)
        stored = house.books.number("SELECT count(*) FROM billing_inboundevent") - rows
    asked += last
    hostile = [each for each in asked if each.kind == "hostile"]
    valid = [each for each in asked if each.kind == "valid"]
    accepted = [each for each in hostile if 200 <= each.status < 300]
    broken = [each for each in hostile if each.status >= 500 or each.status == SILENT]
    lost = sum(each.status != 200 for each in valid)
    slower = _pace(last, old) / _pace(last, new)
    problems = [f"accepted: {Counter(each.shape for each in accepted)}"] if accepted else []
    if broken:
        problems.append(f"5xx or silence: {Counter((each.shape, each.status) for each in broken)}")
    if rows:
        problems.append(f"{rows} rows")
    if lost or stored < len(valid):
        problems.append(f"{lost} of {len(valid)} valid deliveries refused, {stored} stored")
    if slower > SLOWER:
        problems.append(f"p99 of the last tenth {slower:.2f} x the first")
    if memory > LARGER:
        problems.append(f"memory {memory:.2f} x")
    return Result(
        size=f"{len(hostile):,} requests of {len(SHAPES)} shapes",
        faults="each mutated at random",
        kills="none",
        figures=f"{len(accepted)} accepted, {len(broken)} answered 5xx, {rows} rows, "
        f"{lost} of {len(valid):,} valid ones lost, p99 {slower:.2f} x, memory {memory - 1:+.1%}",
        problems=problems,
    )


def control(lab: Lab, root: Path) -> Control:
    with House(lab, "hostile-control", StandIns.start(lab), root=root) as house:
        house.start_web()
        asked = _attack(house, [house.port], 400, seed=lab.seed)
    hostile = [each for each in asked if each.kind == "hostile"]
    accepted = sum(200 <= each.status < 300 for each in hostile)
    return Control(GUARD, f"{accepted} of {len(hostile)} accepted", accepted > 0)


def _attack(house: House, ports: Sequence[int], count: int, *, seed: int) -> list[Asked]:
    """Make so many hostile requests to each server, shape by shape in turn, over some connections."""

    def raid(number: int) -> list[Asked]:
        path = urlsplit(house.webhook).path
        attacker = Attacker(path=path, host=f"127.0.0.1:{house.port}", chance=random.Random(f"{seed}-{number}"))
        wires = [Wire(port) for port in ports]
        made = []
        for turn in range(number, count, CONNECTIONS):
            if ending.is_set():
                break
            for wire in wires:
                made += _one_turn(wire, attacker, house.secret, turn, f"{seed}x{wire.port}x{turn}")
        for wire in wires:
            wire.close()
        return made

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return [each for part in pool.map(raid, range(CONNECTIONS)) for each in part]


def _one_turn(wire: Wire, attacker: Attacker, secret: str, turn: int, name: str) -> list[Asked]:
    shape = list(SHAPES)[turn // CONNECTIONS % len(SHAPES)]
    answer = wire.ask(SHAPES[shape](attacker), alone=shape in ALONE)
    made = [Asked("hostile", shape, wire.port, answer.status, answer.seconds)]
    if turn % VALID_EVERY == 0:
        body = unsigned_event(turn).replace(b"evt_forged_", f"evt_valid{name}_".encode())
        header = sign(body, secret=secret, timestamp=int(time.time()))
        answer = wire.ask(attacker.request(header=header, body=body))
        made.append(Asked("valid", "", wire.port, answer.status, answer.seconds))
    return made


def _pace(asked: Sequence[Asked], port: int) -> float:
    """Return the p99 of one server's hostile requests: the median over blocks, so that no hiccup decides."""
    seconds = [each.seconds for each in asked if each.kind == "hostile" and each.port == port]
    block = len(seconds) // BLOCKS
    return median(quantiles(seconds[part * block : (part + 1) * block], n=100)[98] for part in range(BLOCKS))
