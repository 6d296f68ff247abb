"""Sales, faults, deaths, look-ups, people, time and backups in any order: what must hold holds after every step.

The stand-in over HTTP is the oracle. `SELLO_MACHINE=deep` looks for longer.
"""

import os
from collections import Counter
from decimal import Decimal
from itertools import count, pairwise

import hypothesis
import pytest
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils.timezone import now
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from smartbill.errors import SmartbillError
from smartbill.lifecycle import ISSUED, TRANSITIONS, Status
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
from tests.machine.process import POINTS, drain

pytestmark = pytest.mark.django_db(transaction=True)

DEEP = os.environ.get("SELLO_MACHINE") == "deep"
EXAMPLES, STEPS = (400, 60) if DEEP else (36, 25)
FAULTS = [
    "reset_before", "reset_after", "truncate", "500_before", "500_after", "502_after", "503_before", "504_after",
    "html_200", "html_200_before", "html_502", "no_code", "redirect", "redirect_after", "401", "403", "409",
    "409_after", "429", "reject_data", "reject_hacienda", "already_exists", "refused_with_code", "refused_after",
    "contingency",
]  # fmt: skip
_sources = count(1)


class Machine(RuleBasedStateMachine):
    oracle: SandboxControl

    def __init__(self) -> None:
        super().__init__()
        self.oracle.reset()
        self.person = get_user_model().objects.get_or_create(username="eva", is_superuser=True, is_staff=True)[0]
        self.issuer = issuer_with_keys(in_flight=4)
        self.sold: dict[str, Decimal] = {}
        self.named: set[str] = set()
        self.backup = None
        self.is_restored = False

    # Sales --------------------------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.sold) < 6 and not self.is_restored)
    @rule(cents=st.integers(min_value=0, max_value=999), is_named=st.booleans())
    def sell(self, cents, is_named):
        """Each sale has an amount of its own: by it the oracle's documents are told apart, without any word of ours."""
        source = f"invoice:in_{next(_sources):08d}"
        self.sold[source] = Decimal(1000 * (len(self.sold) + 1) + cents).scaleb(-2)
        if is_named:
            self.named.add(source)
        self.announce(source)

    @precondition(lambda self: self.sold)
    @rule(data=st.data())
    def announce_again(self, data):
        """Stripe tells of a sale any number of times, in any order."""
        self.announce(data.draw(st.sampled_from(sorted(self.sold))))

    def announce(self, source):
        party = make_draft(self.issuer).party
        name = f"Cliente {source}" if source in self.named else ""
        party = type(party)(name=name, email="ana@example.com" if name else "", address=party.address)
        total = f"{self.sold[source]:.2f}"
        create_document(draft=make_draft(self.issuer, source=source, total=total, party=party, occurred_at=now()))

    # The remote ---------------------------------------------------------------------------------------------------

    @rule(kind=st.sampled_from(FAULTS), times=st.integers(1, 2), route=st.sampled_from(["emission", "any"]))
    def plan_fault(self, kind, times, route):
        self.oracle.fault(kind, times=times, route="emission" if kind == "contingency" else route)

    @rule(up=st.booleans())
    def hacienda(self, up):
        self.oracle.hacienda(up)

    @rule()
    def mend(self):
        world.heal(self.oracle, self.issuer)

    # Workers and time ---------------------------------------------------------------------------------------------

    @rule()
    def work(self):
        self.drain()

    @rule(point=st.sampled_from(POINTS), turn=st.integers(1, 3))
    def work_and_die(self, point, turn):
        self.drain(die_at=point, turn=turn)

    def drain(self, **death):
        before = len(self.oracle.calls())
        drain(**death)
        if self.is_restored and not world.newest_sending_is_known():
            assert len(self.oracle.calls()) == before, "sent from a database that forgot what was sent"

    @rule()
    def sweep(self):
        world.sweep()

    @rule()
    def look_up(self):
        world.read()

    @rule()
    def time_passes(self):
        world.let_time_pass(self.issuer)

    # People -------------------------------------------------------------------------------------------------------

    @rule(data=st.data())
    def a_person_answers(self, data):
        if document := self.pick(data, Status.UNKNOWN):
            world.answer_doubt(self.oracle, document, self.person)

    @rule(data=st.data())
    def a_person_wants_it_now(self, data):
        document = self.pick(data, *Status.values)
        if document:
            self.attempt(queue_submission, document)

    @rule(data=st.data(), withdraw=st.booleans())
    def a_person_invalidates(self, data, withdraw):
        if document := self.pick(data, Status.STAMPED, Status.CONTINGENCY, Status.UNKNOWN):
            self.attempt(request_invalidation, document, reason="Returned.")
            if withdraw and document.status == Status.INVALIDATING:
                self.attempt(withdraw_invalidation, document)

    @rule(data=st.data())
    def a_person_corrects(self, data):
        if document := self.pick(data, Status.REJECTED, Status.HELD):
            world._decide(self.oracle, document, self.person)

    @rule(data=st.data())
    def a_person_gives_up(self, data):
        if document := self.pick(data, Status.REJECTED, Status.HELD):
            self.attempt(abandon_document, document, reason="Cancelled.")

    def pick(self, data, *states):
        found = Document.objects.filter(issuer=self.issuer, status__in=states).order_by("id")
        keys = list(found.values_list("pk", flat=True))
        return Document.objects.get(pk=data.draw(st.sampled_from(keys))) if keys else None

    def attempt(self, service, document, **answers):
        """Let a person ask; a refusal in words is a right answer, anything else is not."""
        try:
            service(document, actor=self.person, **answers)
        except SmartbillError:
            document.refresh_from_db()

    # Backups ------------------------------------------------------------------------------------------------------

    @precondition(lambda self: world.can_restore() and self.sold and not self.is_restored)
    @rule()
    def back_up(self):
        self.backup = world.back_up()

    @precondition(lambda self: self.backup is not None)
    @rule()
    def restore(self):
        world.restore(self.backup)
        self.backup, self.is_restored = None, True

    @precondition(lambda self: self.is_restored)
    @rule(journals_complete=st.booleans())
    def after_restore(self, journals_complete):
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
            left = world.drain_to_the_end(self.oracle, self.issuer, self.person)
            assert [(document.status, document.reason) for document in left] == []
            self.a_sale_is_issued_once_or_the_second_is_reported()
            self.what_is_issued_here_is_issued_there_for_the_same_total()
            self.money_is_what_was_charged()
            self.each_change_of_state_has_its_one_event()
            assert Revision.objects.filter(document__in=self.documents()).exists() == bool(self.sold)
        finally:
            # What an example that failed has left must not work on in the next one.
            self.documents().update(next_at=None, render_at=None)
            forget(Attempt.objects.filter(document__issuer=self.issuer, outcome=None))


def test_nothing_is_lost_and_nothing_is_issued_twice_whatever_happens(smartbill_sandbox, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    settings.SMARTBILL_READ_TIMEOUT = 5
    Machine.oracle = SandboxControl(smartbill_sandbox.url)
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
