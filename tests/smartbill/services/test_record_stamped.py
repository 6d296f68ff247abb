"""Plain answers recorded together say exactly what they say when recorded alone; what is not plain is left alone."""

import json

import pytest
from django.db import DataError
from django.forms.models import model_to_dict

from notifications.models import Message, MessageEvent
from smartbill.models import Attempt, Channel, Document, DocumentEvent, DocumentLink
from smartbill.providers.base import Exchange
from smartbill.services import record_stamped as module
from smartbill.services.claim import claim_due
from smartbill.services.create import create_document
from smartbill.services.record import record_answer
from smartbill.services.record_stamped import record_stamped
from tests.factories.documents import make_document
from tests.factories.smartbill import make_draft
from tests.flows.engine import issuer_with_keys

pytestmark = pytest.mark.django_db(transaction=True)

DIFFERENT = {
    "id", "reference", "source", "generation_code", "control_number", "seal", "provider_url", "status_since", "next_at",
    "issued_at", "stamped_at", "render_at", "created_at", "updated_at", "occurred_at", "document", "message", "key",
    "detail", "context", "token", "token_sha256", "number", "request", "request_sha256", "answer", "started_at",
    "deadline_at", "finished_at",
}  # fmt: skip


@pytest.fixture
def issuer(smartbill_sandbox):
    return issuer_with_keys(in_flight=16)


def sent(issuer, number: int, **fields: object) -> dict[int, Exchange]:
    """Claim and really send documents; return the answers by attempt, unrecorded."""
    have = Document.objects.count()
    for each in range(number):
        create_document(draft=make_draft(issuer, source=f"invoice:in_{have + each}", **fields))
    claims = claim_due(issuer_id=issuer.pk, worker="w", limit=number).claims
    return {claim.attempt_id: claim.provider.send(claim.request, claim.credentials, not_after=1e12) for claim in claims}


def everything(document: Document) -> list[dict[str, object]]:
    message = Message.objects.filter(reference=f"document:{document.pk}")
    rows = [
        document,
        *document.attempts.all(),
        *DocumentEvent.objects.filter(document=document),
        *DocumentLink.objects.filter(document=document),
        *message,
        *MessageEvent.objects.filter(message__in=message),
    ]
    return [
        {name: value for name, value in model_to_dict(row).items() if name not in DIFFERENT}
        | {"type": type(row).__name__, "empty": sorted(name for name, v in model_to_dict(row).items() if not v)}
        for row in rows
    ]


def test_recorded_together_or_alone_the_rows_are_the_same(issuer):
    together = sent(issuer, 3)
    assert record_stamped(together, worker="w") == set(together)
    (alone,) = sent(issuer, 1).items()
    record_answer(attempt_id=alone[0], exchange=alone[1])
    expected = everything(Attempt.objects.get(pk=alone[0]).document)
    assert {row["type"] for row in expected} == {
        "Document", "Attempt", "DocumentEvent", "DocumentLink", "Message", "MessageEvent",
    }  # fmt: skip
    for attempt in together:
        assert everything(Attempt.objects.get(pk=attempt).document) == expected


def test_the_number_of_statements_does_not_grow_with_the_answers(issuer, django_assert_num_queries):
    few, many = sent(issuer, 2), sent(issuer, 12)
    with django_assert_num_queries(14):
        record_stamped(few, worker="w")
    with django_assert_num_queries(14):
        record_stamped(many, worker="w")
    assert Document.objects.filter(status="stamped").count() == 14


@pytest.mark.parametrize(
    "exchange",
    [
        Exchange(written=True, failure="ReadTimeout"),
        Exchange(written=False, failure="NewConnectionError"),
        Exchange(written=True, status=502, body=b"<html>"),
    ],
)
def test_what_is_not_plain_is_left_to_be_judged_alone(issuer, exchange):
    answers = sent(issuer, 2)
    odd, plain = answers
    answers[odd] = exchange
    assert record_stamped(answers, worker="w") == {plain}
    assert Attempt.objects.get(pk=odd).outcome is None


def test_an_answer_without_seal_is_left_because_it_opens_an_outage(issuer):
    answers = sent(issuer, 1)
    (attempt,) = answers
    body = json.loads(answers[attempt].body)
    stripped = json.dumps(without_seal(body)).encode()
    assert record_stamped({attempt: Exchange(written=True, status=200, body=stripped)}, worker="w") == set()


def without_seal(tree: object) -> object:
    if isinstance(tree, dict):
        return {key: without_seal(value) for key, value in tree.items() if "sello" not in key.lower()}
    return [without_seal(each) for each in tree] if isinstance(tree, list) else tree


def test_two_answers_with_one_code_are_both_left_alone(issuer):
    first, second = (answers := sent(issuer, 2))
    answers[second] = answers[first]
    assert record_stamped(answers, worker="w") == set()


def test_a_code_that_another_document_has_is_left_alone(issuer):
    answers = sent(issuer, 2)
    record_answer(attempt_id=(first := next(iter(answers))), exchange=answers[first])
    taken = Attempt.objects.get(pk=first).document
    other = make_document("stamped", issuer=issuer)
    assert other.generation_code != taken.generation_code
    second = [each for each in answers if each != first][0]
    assert record_stamped({second: answers[first]}, worker="w") == set()


def test_a_customer_without_address_is_left_alone_because_nobody_is_told(issuer):
    answers = sent(issuer, 1)
    Document.objects.update(customer_email="")
    assert record_stamped(answers, worker="w") == set()


def test_an_attempt_given_up_meanwhile_is_left_to_the_late_answers(issuer):
    answers = sent(issuer, 2)
    late, plain = answers
    Attempt.objects.filter(pk=late).update(outcome="unknown")
    assert record_stamped(answers, worker="w") == {plain}


def test_an_attempt_given_up_in_between_spoils_the_whole_round_and_nothing_is_written(issuer, monkeypatch):
    answers = sent(issuer, 2)
    late = next(iter(answers))
    without_clashes = module._without_clashes

    def give_up_in_between(plain):
        Attempt.objects.filter(pk=late).update(outcome="unknown")
        return without_clashes(plain)

    monkeypatch.setattr(module, "_without_clashes", give_up_in_between)
    assert record_stamped(answers, worker="w") == set()
    assert not Message.objects.exists()
    assert not DocumentLink.objects.exists()
    assert not Document.objects.exclude(status="submitting").exists()


def test_what_the_database_does_not_take_is_judged_one_by_one(issuer, monkeypatch):
    def refuse(orders):
        raise DataError("does not fit")

    monkeypatch.setattr(module, "queue_messages", refuse)
    answers = sent(issuer, 2)
    assert record_stamped(answers, worker="w") == set()
    assert Attempt.objects.open().count() == 2


def test_the_answers_of_another_worker_are_not_ours(issuer):
    assert record_stamped(sent(issuer, 1), worker="somebody else") == set()


def test_a_recovering_channel_grows_by_every_answer(issuer):
    Channel.objects.create(issuer=issuer, limit=2)
    record_stamped(sent(issuer, 2), worker="w")
    assert Channel.objects.get().limit == 4
