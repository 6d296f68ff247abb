"""One running stand-in: its objects, its clock, its deliveries, its planned trouble and its log."""

from dataclasses import dataclass

from billing.sandbox.calls import Calls
from billing.sandbox.clock import Clock
from billing.sandbox.deliveries import Deliveries, Plan
from billing.sandbox.faults import Faults
from billing.sandbox.memory import Memory
from billing.sandbox.store import Store


@dataclass(frozen=True)
class World:
    """Everything a request may touch."""

    clock: Clock
    store: Store
    memory: Memory
    deliveries: Deliveries
    faults: Faults
    calls: Calls

    def announce(self) -> None:
        """Hand the events of the step to delivery, in their order. Call it under the store's lock."""
        for event in self.store.outbox:
            self.deliveries.announce(event)
        self.store.outbox.clear()

    def reset(self) -> None:
        """As after a fresh start; the webhook's address stays."""
        with self.store.lock:
            self.store.clear()
            self.memory.kept.clear()
        self.clock.offset = self.clock.signature_offset = 0
        self.deliveries.plan = Plan()
        with self.deliveries.changed:
            self.deliveries.queue.clear()
            self.deliveries.changed.notify_all()
        self.deliveries.log.clear()
        self.faults.plan({})
        self.calls.clear()


def build_world(*, livemode: bool, webhook_url: str, webhook_secret: str, retry_seconds: float) -> World:
    """Put the parts together."""
    clock = Clock()
    store = Store(clock=clock, livemode=livemode)
    deliveries = Deliveries(
        url=webhook_url, secret=webhook_secret, clock=clock, pending=store.webhooks_pending, retry_seconds=retry_seconds
    )
    return World(clock, store, Memory(clock), deliveries, Faults(), Calls())
