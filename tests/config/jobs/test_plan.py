"""The registry of bulk work: what may be run on many rows, and that a worker calls what the action calls."""

from collections.abc import Callable
from typing import Any

import pytest
from django import forms
from django.utils.timezone import now

from billing.models import Approval, InboundEvent, Reversal, ReversalEvent, Sale, TaxRequest
from config.admin import ConfirmForm
from config.jobs import freeze
from config.jobs.plan import BulkAction, bulk_actions
from config.models import Job
from config.tasks import drain_jobs
from notifications.models import Message
from smartbill.models import Document
from tests.factories.billing import InboundEventFactory, StripeEndpointFactory
from tests.factories.documents import make_document
from tests.factories.notifications import MessageFactory
from tests.factories.people import make_staff
from tests.factories.reversals import make_reversal, make_reversed_sale
from tests.factories.rules import make_approval
from tests.factories.smartbill import ApiKeyFactory, IssuerFactory

pytestmark = pytest.mark.django_db
PLAIN = (forms.CharField, forms.BooleanField, forms.IntegerField, forms.ChoiceField)


def reversal() -> Reversal:
    return make_reversal(sale=make_reversed_sale())


def tax_request() -> TaxRequest:
    at, number = now(), TaxRequest.objects.count()
    return TaxRequest.objects.create(
        endpoint=StripeEndpointFactory.create(),
        customer_id=f"cus_{number}",
        livemode=False,
        recipient="ana@shop.example",
        language="es",
        token_sha256=f"{number:064d}",
        token="t",
        ends_at=at,
        next_at=at,
    )


def with_key() -> Any:
    return ApiKeyFactory.create(issuer=IssuerFactory.create(), role="manager").issuer


DOCUMENT, MESSAGE = "smartbill.document", "notifications.message"
REASON = {"reason": "Told by the desk."}
Make = Callable[[], Any]
TABLE: dict[tuple[str, str], tuple[Make, dict[str, Any], str]] = {
    (DOCUMENT, "send"): (lambda: make_document("ready"), {}, "done"),
    (DOCUMENT, "look_up"): (lambda: make_document("invalidation_unknown"), {}, "done"),
    (DOCUMENT, "retry_contingency"): (lambda: make_document("contingency"), {}, "done"),
    (DOCUMENT, "resend_mail"): (lambda: make_document("stamped"), {**REASON, "recipient": ""}, "done"),
    (DOCUMENT, "withdraw_link"): (lambda: make_document("stamped"), REASON, "refused"),
    (DOCUMENT, "invalidate"): (lambda: make_document("stamped", issuer=with_key()), REASON, "done"),
    (DOCUMENT, "withdraw_invalidation"): (lambda: make_document("invalidating"), {}, "done"),
    (DOCUMENT, "abandon"): (lambda: make_document("held"), REASON, "done"),
    (MESSAGE, "try_again"): (lambda: MessageFactory.create(status="failed"), REASON, "done"),
    (MESSAGE, "send_again"): (lambda: MessageFactory.create(status="sent"), {**REASON, "recipient": ""}, "done"),
    (MESSAGE, "arrived"): (lambda: MessageFactory.create(status="unknown"), REASON, "done"),
    (MESSAGE, "cancel"): (lambda: MessageFactory.create(status="queued"), REASON, "done"),
    ("billing.sale", "decide_again"): (make_reversed_sale, REASON, "refused"),
    ("billing.sale", "ask_for_data"): (make_reversed_sale, REASON, "refused"),
    ("billing.reversal", "approve"): (reversal, REASON, "refused"),
    ("billing.reversal", "decide_again"): (reversal, REASON, "refused"),
    ("billing.reversal", "settle"): (reversal, REASON, "refused"),
    ("billing.approval", "grant"): (lambda: make_approval(IssuerFactory.create()), REASON, "done"),
    ("billing.approval", "lift"): (lambda: make_approval(IssuerFactory.create()), REASON, "done"),
    ("billing.approval", "refuse"): (lambda: make_approval(IssuerFactory.create()), REASON, "done"),
    ("billing.approval", "refuse_block"): (lambda: make_approval(IssuerFactory.create()), REASON, "done"),
    ("billing.taxrequest", "withdraw"): (
        tax_request,
        REASON,
        "done",
    ),
    ("billing.inboundevent", "process_again"): (
        lambda: InboundEventFactory(state=InboundEvent.State.DEAD),
        {},
        "done",
    ),
}
"""For each action a row, what its form asks, and what a person with every right comes to."""


def test_the_table_names_every_action_that_may_be_bulk_work() -> None:
    assert {(act.page.opts.label_lower, act.name) for act in bulk_actions()} == set(TABLE)


@pytest.mark.parametrize("act", [pytest.param(act, id=f"{act.page.opts}.{act.name}") for act in bulk_actions()])
def test_it_is_one_call_by_the_row_and_asks_what_a_worker_can_get(act: BulkAction) -> None:
    fields = TABLE[act.page.opts.label_lower, act.name][1]
    plan = act.plan_for(None, fields)
    assert (callable(plan.service), plan.fields) == (True, fields)
    question = act.step.__closure__
    forms_of = [cell.cell_contents.form for cell in question if hasattr(cell.cell_contents, "form")]
    assert len(forms_of) == 1
    assert issubclass(forms_of[0], ConfirmForm)
    for field in forms_of[0].base_fields.values():
        assert isinstance(field, PLAIN), field


@pytest.mark.parametrize(("label", "name"), sorted(TABLE))
def test_a_worker_does_it_by_the_row(label: str, name: str) -> None:
    make, fields, outcome = TABLE[label, name]
    row = make()
    job = freeze.freeze_choice(
        page=label,
        action=name,
        actor=make_staff(is_superuser=True),
        queryset=type(row)._default_manager.filter(pk=row.pk),
        summary=[],
    )
    assert freeze.start_job(job, fields=fields)
    drain_jobs()
    told = job.rows.get()
    assert (told.outcome, bool(told.words), Job.objects.get().state) == (outcome, True, "done"), told.words


@pytest.mark.parametrize("model", [Document, Message, Sale, Reversal, Approval, TaxRequest, InboundEvent])
def test_a_person_without_any_right_is_refused_by_the_service(model: Any) -> None:
    label = model._meta.label_lower
    nobody = make_staff()
    for (page, name), (make, fields, _outcome) in TABLE.items():
        if page != label:
            continue
        row = make()
        choice = model._default_manager.filter(pk=row.pk)
        job = freeze.freeze_choice(page=page, action=name, actor=nobody, queryset=choice, summary=[])
        freeze.start_job(job, fields=fields)
        drain_jobs()
        told = job.rows.get()
        assert (told.outcome, told.words[:20]) == ("refused", "You lack the permiss"), name


def test_a_reversal_that_was_judged_anew_after_the_question_is_not_approved() -> None:
    row = reversal()
    choice = Reversal.objects.filter(pk=row.pk)
    boss = make_staff(is_superuser=True)
    job = freeze.freeze_choice(page="billing.reversal", action="settle", actor=boss, queryset=choice, summary=[])
    ReversalEvent.objects.create(reversal=row, before="waiting", after="proposed")
    freeze.start_job(job, fields=REASON)
    drain_jobs()
    assert job.rows.get().words == "It has changed since you were asked about it. Look at it again."
