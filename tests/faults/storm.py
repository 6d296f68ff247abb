"""Kills at random, but at set points of the work: as many on a slow machine as on a fast one."""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from tests.faults.house import House
from tests.faults.postgres import Postgres
from tests.faults.processes import Failed, descendants, kill

LOOK_EVERY = 0.2
REST = 0.4
"""Seconds between two strikes: what was killed has to be somebody's work again before the next one."""

WORKERS = {"pool": 10, "main": 3, "guard": 1}
WEB = {"web worker": 3, "web master": 1}


def thresholds(count: int, total: int) -> list[int]:
    """Return at which progress to strike: evenly, from the first percents of the work to its last."""
    return [round(total * (0.03 + 0.9 * number / count)) for number in range(count)]


class Storm:
    """Strikes whenever `progress()` has passed the next threshold, until every planned kill was done."""

    def __init__(
        self,
        house: House,
        progress: Callable[[], int],
        *,
        total: int,
        seed: int,
        kills: int,
        victims: Mapping[str, int],
        crashes: int = 0,
        postgres: Postgres | None = None,
    ) -> None:
        self.house, self.progress, self.postgres = house, progress, postgres
        self.chance = random.Random(seed)
        plan = [(at, "kill") for at in thresholds(kills, total)]
        plan += [(at, "crash") for at in thresholds(crashes, total)] if crashes else []
        self.plan = sorted(plan)
        self.victims = dict(victims)
        self.struck: Counter[str] = Counter()
        self.killed: list[tuple[int, float]] = []
        self.error: Exception | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._rage, name="storm")

    def __enter__(self) -> "Storm":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()
        if self.error:
            raise Failed(f"the storm ended early: {self.error!r}") from self.error

    @property
    def is_over(self) -> bool:
        """Whether every planned kill was done, or none will be any more."""
        return not self.plan or self.error is not None

    @property
    def kills(self) -> int:
        return sum(count for name, count in self.struck.items() if name != "database")

    def _rage(self) -> None:
        try:
            self._strike_in_turn()
        except Exception as error:
            self.error = error

    def _strike_in_turn(self) -> None:
        while self.plan and not self._stop.wait(LOOK_EVERY):
            try:
                done = self.progress()
            except OSError:
                continue
            while self.plan and self.plan[0][0] <= done and not self._stop.wait(REST):
                if self._strike(self.plan[0][1]):
                    self.plan.pop(0)

    def _strike(self, what: str) -> bool:
        """Strike once; False when there was nobody to be hit."""
        if what == "crash" and self.postgres:
            self.postgres.crash()
            self.struck["database"] += 1
            return True
        (name,) = self.chance.choices(list(self.victims), list(self.victims.values()))
        pids = self._candidates(name)
        if not pids:
            return False
        pid = self.chance.choice(pids)
        die_with_it = descendants(pid)
        if not kill(pid, signal.SIGKILL):
            return False
        self.killed += [(each, time.time()) for each in [pid, *die_with_it]]
        self.struck[name] += 1
        return True

    def _candidates(self, name: str) -> Sequence[int]:
        if name.startswith("web"):
            web = self.house.running.get("web")
            if web is None or web.poll() is not None:
                return []
            children = descendants(web.pid)
            return children if name == "web worker" else [web.pid] if len(children) > 1 else []
        clusters = [each for each in self.house.running if each != "web" and self.house.pool(each)]
        if not clusters:
            return []
        chosen = self.chance.choice(clusters)
        pool = self.house.pool(chosen)
        if not pool:
            return []
        return {"main": [self.house.running[chosen].pid], "guard": pool[:1], "pool": pool[1:]}[name]

    def told(self) -> str:
        """The kills in words."""
        return ", ".join(f"{count} {name}" for name, count in sorted(self.struck.items(), key=lambda each: -each[1]))
