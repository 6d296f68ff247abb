"""Sales, faults, deaths, look-ups, people, time and backups in any order: what must hold holds after every step.

The stand-in over HTTP is the oracle. `SELLO_MACHINE=deep` looks for longer.
"""

import os
import sqlite3
from collections import Counter
from decimal import Decimal
from itertools import count, pairwise
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils.timezone import now
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from smartbill.errors import SmartbillError
from smartbill.lifecycle import ISSUED, TRANSITIONS
from smartbill.models import Attempt, Document, Revision
from smartbill.providers.el_salvador.sandbox import SandboxControl
from smartbill.services.abandon import abandon_document
from smartbill.services.create import create_document
from smartbill.services.invalidate import request_invalidation, withdraw_invalidation
from smartbill.services.restore import begin, carry_out
from smartbill.services.send import queue_submission
from tests.factories.smartbill import make_draft
from tests.flows.engine import issuer_with_keys
from tests.flows.forgetting import forget
from tests.machine import world
from tests.machine.process import POINTS, Worker

pytestmark = pytest.mark.django_db(transaction=True)

DEEP = os.environ.get("SELLO_MACHINE") == "deep"
EXAMPLES, STEPS = (400, 60) if DEEP else (24, 25)
FAULTS = [
    "reset_before", "reset_after", "truncate", "500_before", "500_after", "502_after", "503_before", "504_after",
    "html_200", "html_200_before", "html_502", "no_code", "redirect", "redirect_after", "401", "403", "409",
    "409_after", "429", "reject_data", "reject_hacienda", "already_exists", "refused_with_code", "refused_after",
    "contingency",
]  # fmt: skip
WHO = st.integers(0, 1)
"""Which of the two workers of the host."""
FAULT = st.none() | st.tuples(st.sampled_from(FAULTS), st.integers(1, 2), st.sampled_from(["emission", "any"]))
DEATH = st.just({}) | st.fixed_dictionaries(
    {"die_at": st.sampled_from(POINTS), "turn": st.integers(1, 2), "hangs": st.booleans()}
)
TURNS = {
    "work": 8, "sweep_and_look_up": 4, "a_person_acts": 4, "back_up": 2, "restore": 3, "announce_again": 1,
    "die_at_rest": 1, "hacienda_changes": 1, "mend": 3,
}  # fmt: skip
"""What may happen next, and how often beside the others."""
ACTS = ["answer", "send", "invalidate", "withdraw", "correct", "abandon"]
MOST_SALES = 12
SEEN: Counter[str] = Counter()
"""What the examples came to; a machine that does nothing proves nothing."""
_sources = count(1)


class Machine(RuleBasedStateMachine):
    oracle: SandboxControl
    folder: Path
    untouched: sqlite3.Connection | None = None
    """The database before the first example, where it can be had again: a restored backup casts its doubt on every
    sale around it."""

    def __init__(self) -> None:
        super().__init__()
        self.oracle.reset()
        settings.SELLO_SENT_RECORD = ""
        if self.untouched is not None:
            # A record of its own too: the database of the last example is gone, and was not restored.
            settings.DATA_DIR = self.folder / str(next(_sources))
            settings.DATA_DIR.mkdir()
            world.restore(self.untouched)
        self.person = get_user_model().objects.get_or_create(username="eva", is_superuser=True, is_staff=True)[0]
        # Fewer places than sales, so that documents are claimed ahead.
        self.issuer = issuer_with_keys(in_flight=2)
        self.workers = [Worker(), Worker()]
        self.sold: dict[str, Decimal] = {}
        self.named: set[str] = set()
        self.backup = None
        self.is_restored = False

    @initialize(named=st.lists(st.booleans(), min_size=1, max_size=3))
    def open_the_shop(self, named):
        for is_named in named:
            self.sell(is_named)

    @rule(data=st.data(), turn=st.sampled_from([name for name, weight in TURNS.items() for _each in range(weight)]))
    def turn(self, data, turn):
        """One rule for all: of several, hypothesis would leave out half in most examples, and the workers with them."""
        getattr(self, turn)(data)

    def work(self, data):
        """A worker's turn: perhaps after a new sale, perhaps much later, perhaps with a fault or a death on the way."""
        for is_named in data.draw(st.lists(st.booleans(), max_size=2)):
            if len(self.sold) < MOST_SALES and not self.is_restored:
                self.sell(is_named)
        if data.draw(st.booleans()):
            world.let_time_pass(self.issuer)
        if fault := data.draw(FAULT):
            kind, times, route = fault
            self.oracle.fault(kind, times=times, route="emission" if kind == "contingency" else route)
        self.drain(data.draw(WHO), **data.draw(DEATH))

    def sell(self, is_named):
        """Each sale has an amount of its own: by it the oracle's documents are told apart, without any word of ours."""
        source = f"invoice:in_{next(_sources):08d}"
        self.sold[source] = Decimal(1000 * (len(self.sold) + 1) + next(_sources) % 1000).scaleb(-2)
        if is_named:
            self.named.add(source)
        self.announce(source)

    def announce_again(self, data):
        """Stripe tells of a sale any number of times, in any order."""
        self.announce(data.draw(st.sampled_from(sorted(self.sold))))

    def announce(self, source):
        party = make_draft(self.issuer).party
        name = f"Cliente {source}" if source in self.named else ""
        party = type(party)(name=name, email="ana@example.com" if name else "", address=party.address)
        total = f"{self.sold[source]:.2f}"
        create_document(draft=make_draft(self.issuer, source=source, total=total, party=party, occurred_at=now()))

    def drain(self, worker, **death):
        before = len(self.oracle.calls())
        SEEN["deaths"] += self.workers[worker].drain(**death)
        SEEN["calls"] += len(self.oracle.calls()) - before
        if self.is_restored and not world.newest_sending_is_known():
            assert len(self.oracle.calls()) == before, "sent from a database that forgot what was sent"

    def sweep_and_look_up(self, data):
        if data.draw(st.booleans()):
            world.let_time_pass(self.issuer)
        worker = self.workers[data.draw(WHO)]
        world.sweep(worker)
        world.read(worker)

    def die_at_rest(self, data):
        self.workers[data.draw(WHO)].die()

    def hacienda_changes(self, data):
        self.oracle.hacienda(data.draw(st.booleans()))

    def mend(self, _data):
        world.heal(self.oracle, self.issuer)

    # People -------------------------------------------------------------------------------------------------------

    def a_person_acts(self, data):
        document, act = self.pick(data), data.draw(st.sampled_from(ACTS))
        if act == "answer":
            world.answer_doubt(self.oracle, document, self.person)
        elif act == "correct":
            world.decide(self.oracle, document, self.person)
        elif act == "send":
            self.attempt(queue_submission, document)
        elif act == "abandon":
            self.attempt(abandon_document, document, reason="Cancelled.")
        elif act == "invalidate":
            self.attempt(request_invalidation, document, reason="Returned.")
        else:
            self.attempt(request_invalidation, document, reason="Returned.")
            self.attempt(withdraw_invalidation, document)

    def pick(self, data):
        found = Document.objects.filter(issuer=self.issuer).order_by("id")
        return data.draw(st.sampled_from(list(found)))

    def attempt(self, service, document, **answers):
        """Let a person ask; a refusal in words is a right answer, anything else is not."""
        try:
            service(document, actor=self.person, **answers)
        except SmartbillError:
            document.refresh_from_db()

    # Backups ------------------------------------------------------------------------------------------------------

    def back_up(self, _data):
        if world.can_restore() and not self.is_restored:
            self.backup = world.back_up()

    def restore(self, data):
        """The database is what it was; the workers live on, or begin, and nobody has told them. Later a person does."""
        if self.is_restored:
            self.after_restore(journals_complete=data.draw(st.booleans()))
        elif self.backup is not None:
            world.restore(self.backup)
            self.backup.close()
            SEEN["restores"] += 1
            self.backup, self.is_restored = None, True
            world.let_time_pass(self.issuer)
            self.drain(data.draw(WHO), **data.draw(DEATH))

    def after_restore(self, *, journals_complete):
        """A person ends the workers first, as the command asks; Stripe tells of every sale once more."""
        for worker in self.workers:
            worker.die()
        carry_out(begin(since=None, journals_complete=journals_complete, by="eva", reason="A disk was lost."))
        self.is_restored = False
        for source in sorted(self.sold):
            self.announce(source)

    # What must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def a_sale_is_issued_once_or_the_second_is_reported(self):
        in_force = Counter(row.total for row in self.oracle.documents() if not row.invalidated_at)
        reported = set(self.documents().exclude(twin_code="").values_list("total", flat=True))
        assert {total for total, times in in_force.items() if times > 1} <= reported

    @invariant()
    def what_is_issued_here_is_issued_there_for_the_same_total(self):
        there = {row.code: row for row in self.oracle.documents()}
        for document in self.documents().filter(status__in=ISSUED):
            assert there[document.generation_code].total == document.total

    @invariant()
    def money_is_what_was_charged(self):
        totals = dict(self.documents().values_list("source", "total"))
        assert totals == {source: total for source, total in self.sold.items() if source in totals}
        if not self.is_restored:
            assert set(totals) == set(self.sold)
        assert {row.total for row in self.oracle.documents()} <= set(self.sold.values())

    @invariant()
    def each_change_of_state_has_its_one_event(self):
        for document in self.documents().prefetch_related("events"):
            chain = [(event.before, event.after) for event in document.events.all()]
            assert chain[0][0] == ""
            assert chain[-1][1] == document.status
            assert all(earlier[1] == later[0] for earlier, later in pairwise(chain))
            assert all(before == after or after in TRANSITIONS[before] for before, after in chain[1:])

    @invariant()
    def a_document_has_one_live_attempt(self):
        live = Attempt.objects.filter(
            Q(outcome=None) | Q(outcome="accepted") | Q(outcome="unknown", resolved_at=None),
            document__issuer=self.issuer,
        )
        assert max(Counter(live.values_list("document", "operation")).values(), default=0) <= 1

    def documents(self):
        return Document.objects.filter(issuer=self.issuer)

    def teardown(self):
        """Whatever happened, a healed world and people at the desk bring every document to an end."""
        try:
            if self.is_restored:
                self.after_restore(journals_complete=False)
            left = world.drain_to_the_end(self.oracle, self.issuer, self.person, self.workers[0])
            assert [(document.status, document.reason) for document in left] == []
            self.a_sale_is_issued_once_or_the_second_is_reported()
            self.what_is_issued_here_is_issued_there_for_the_same_total()
            self.money_is_what_was_charged()
            self.each_change_of_state_has_its_one_event()
            assert Revision.objects.filter(document__in=self.documents()).exists() == bool(self.sold)
            SEEN["examples"] += 1
        finally:
            for worker in self.workers:
                worker.die()
            # What an example that failed has left must not work on in the next one.
            self.documents().update(next_at=None, render_at=None)
            forget(Attempt.objects.filter(document__issuer=self.issuer, outcome=None))


def test_nothing_is_lost_and_nothing_is_issued_twice_whatever_happens(smartbill_sandbox, settings, tmp_path):
    settings.DATA_DIR = tmp_path  # put back in the end; each example has a folder of its own
    settings.SMARTBILL_READ_TIMEOUT = 5
    Machine.oracle, Machine.folder = SandboxControl(smartbill_sandbox.url), tmp_path
    Machine.untouched = world.back_up() if world.can_restore() else None
    run_state_machine_as_test(
        Machine,
        settings=hypothesis.settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=not DEEP,
            # What is found first is told as it was found: to make it smaller takes longer than to find it.
            phases=tuple(hypothesis.Phase) if DEEP else (hypothesis.Phase.generate,),
            report_multiple_bugs=False,
            suppress_health_check=list(hypothesis.HealthCheck),
        ),
    )
    assert SEEN["calls"] > 4 * EXAMPLES, SEEN
    assert SEEN["deaths"] > EXAMPLES // 2, SEEN
    assert SEEN["restores"] > 2 or not world.can_restore(), SEEN
