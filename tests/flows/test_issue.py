"""From a draft to a stamped document and a mail, over HTTP: what ends well, and every other end."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils.timezone import now

from notifications.models import Message
from smartbill.drafts import Address, Party
from smartbill.journal import Journal
from smartbill.lifecycle import Outcome
from smartbill.models import Attempt, Channel, Document
from smartbill.providers.base import Exchange
from smartbill.providers.el_salvador.sandbox import SandboxControl
from smartbill.services.create import create_document
from smartbill.services.record import record_answer
from tests.factories.smartbill import COMPANY, IssuerFactory, make_draft
from tests.flows.engine import bring_forward, claim_all, issuer_with_keys, submit_all, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def oracle(smartbill_sandbox):
    return SandboxControl(smartbill_sandbox.url)


@pytest.fixture
def issuer(oracle):
    return issuer_with_keys()


def one(document):
    document.refresh_from_db()
    return document


def test_a_draft_becomes_a_stamped_document_with_one_mail_and_its_data_file(oracle, issuer):
    document = create_document(draft=make_draft(issuer))
    work()
    bring_forward(document)
    work()
    (issued,) = oracle.documents()
    assert one(document).status == "stamped"
    assert (document.generation_code, document.control_number, document.seal) == (
        issued.code,
        issued.control_number,
        issued.seal,
    )
    assert (issued.total, issued.references) == (Decimal("113.00"), [document.reference])
    message = Message.objects.get()
    assert (message.reference, message.recipient) == (f"document:{document.pk}", "ana@example.com")
    assert document.difference == ""
    assert b"selloRecibido" in bytes(document.readings.get().content)
    assert oracle.calls_by_reference() == {document.reference: 1}


@pytest.mark.parametrize("kind", ["factura", "ccf", "export"])
def test_each_kind_is_issued_for_exactly_what_was_charged(oracle, issuer, kind):
    drafts = {
        "factura": make_draft(issuer),
        "ccf": make_draft(issuer, kind="ccf", party=COMPANY),
        "export": export_draft(issuer),
    }
    draft = drafts[kind]
    document = create_document(draft=draft)
    work()
    assert one(document).status == "stamped", document.reason
    assert [issued.total for issued in oracle.documents()] == [draft.total]


def export_draft(issuer):
    draft = make_draft(issuer, kind="export")
    party = Party(
        name="Globex Inc.", tax_id="99-1234567", tax_id_type="other", email="ap@globex.example",
        activity_text="Software", person_type="legal", address=Address(country="US", line="1 Main St", city="Austin"),
    )  # fmt: skip
    lines = tuple(replace(line, tax_rate=Decimal(0)) for line in draft.lines)
    return replace(draft, party=party, lines=lines)


def test_the_same_sale_twice_is_one_document(oracle, issuer):
    first = create_document(draft=make_draft(issuer))
    second = create_document(draft=make_draft(issuer, total="999.00"))
    work()
    assert first.pk == second.pk
    assert len(oracle.documents()) == 1


def test_without_an_address_it_is_issued_and_the_event_says_that_nobody_was_told(oracle, issuer):
    draft = make_draft(issuer)
    document = create_document(draft=make_draft(issuer, party=draft.party.__class__(name="Ana")))
    work()
    assert one(document).status == "stamped"
    assert not Message.objects.exists()
    assert document.untold is True
    assert any("no e-mail" in event.reason for event in document.events.all())


def test_where_the_provider_mails_we_do_not(oracle):
    issuer = issuer_with_keys(provider_mails_customer=True)
    create_document(draft=make_draft(issuer, kind="ccf", party=COMPANY))
    work()
    assert not Message.objects.exists()
    assert [mail.to for mail in oracle.mails()] == [COMPANY.email]


def test_a_customer_whom_the_provider_cannot_mail_gets_our_mail(oracle):
    issuer = issuer_with_keys(provider_mails_customer=True)
    create_document(draft=make_draft(issuer))
    work()
    assert oracle.mails() == []
    assert Message.objects.get().recipient == "ana@example.com"


def test_a_held_document_is_not_sent(oracle, issuer):
    document = create_document(draft=make_draft(issuer, kind="ccf"))
    work()
    assert one(document).status == "held"
    assert "NRC" in document.reason
    assert oracle.calls() == []


def test_a_payment_of_the_other_mode_never_reaches_the_issuer(oracle, issuer):
    document = create_document(draft=make_draft(issuer, livemode=True))
    work()
    assert one(document).status == "held"
    assert oracle.calls() == []


# The other ends -------------------------------------------------------------------------------------------------------

IN_DOUBT = [
    "reset_after", "reset_before", "html_200", "html_502", "no_code", "redirect", "409", "already_exists",
    "500_after", "500_before", "502_after", "504_after",
]  # fmt: skip


@pytest.mark.parametrize("fault", IN_DOUBT)
def test_an_end_that_proves_nothing_is_doubt_and_is_never_sent_again(oracle, issuer, fault):
    oracle.fault(fault, times=1)
    document = create_document(draft=make_draft(issuer))
    for _round in range(3):
        work()
        Document.objects.filter(next_at__isnull=False).update(next_at=document.created_at)
    assert one(document).status == "unknown"
    assert not Message.objects.exists()
    assert len(oracle.calls(document.reference)) == 1
    assert document.attempts.get().outcome == Outcome.UNKNOWN


@pytest.mark.parametrize("fault", ["truncate", "refused_after"])
def test_a_code_seen_in_a_broken_answer_is_looked_up_compared_and_adopted(oracle, issuer, fault):
    oracle.fault(fault)
    document = create_document(draft=make_draft(issuer))
    work()
    assert one(document).status == "stamped"
    assert document.attempts.get().resolution
    assert Message.objects.count() == 1
    assert len(oracle.documents()) == 1


def test_a_refusal_that_names_a_code_which_does_not_exist_is_a_refusal(oracle, issuer):
    oracle.fault("refused_with_code")
    document = create_document(draft=make_draft(issuer))
    work()
    assert one(document).status == "rejected"
    assert oracle.documents() == []


@pytest.mark.parametrize("fault", ["reject_data", "reject_hacienda"])
def test_only_an_explicit_verdict_rejects(oracle, issuer, fault):
    oracle.fault(fault)
    document = create_document(draft=make_draft(issuer))
    work()
    assert one(document).status == "rejected"
    assert document.reason
    assert not Message.objects.exists()
    assert document.attempts.get().outcome == Outcome.REJECTED


def test_what_was_refused_before_processing_is_tried_again_and_issued_once(oracle, issuer):
    oracle.fault("429")
    document = create_document(draft=make_draft(issuer))
    work()
    assert one(document).status == "ready"
    assert Channel.objects.get(pk=issuer.pk).is_paused
    Channel.objects.update(paused_until=None)
    bring_forward(document)
    work()
    assert one(document).status == "stamped"
    assert [attempt.outcome for attempt in document.attempts.all()] == ["not_sent", "accepted"]
    assert len(oracle.documents()) == 1


def test_a_provider_out_of_reach_stops_the_channel_and_the_document_is_sent_when_it_is_back(settings, oracle, issuer):
    back = settings.SMARTBILL_SV_BASE_URL
    settings.SMARTBILL_SV_BASE_URL = "http://127.0.0.1:1/v1"
    document = create_document(draft=make_draft(issuer))
    submit_all()
    assert one(document).status == "ready"
    assert [attempt.outcome for attempt in document.attempts.all()] == ["not_sent"] * 3
    assert Channel.objects.get(pk=issuer.pk).state == "open"
    settings.SMARTBILL_SV_BASE_URL = back
    submit_all()
    assert oracle.calls() == [], "nothing is tried before its time"
    Channel.objects.update(probe_at=now())
    submit_all()
    assert one(document).status == "stamped"
    assert Channel.objects.get(pk=issuer.pk).state == "closed"


def test_what_never_leaves_for_a_reason_of_ours_backs_off_and_is_never_given_up(issuer, monkeypatch):
    def no_space(journal, attempt_id, trace):
        raise OSError("No space left on device")

    monkeypatch.setattr(Journal, "sending", no_space)
    document = create_document(draft=make_draft(issuer))
    waits = []
    for _try in range(7):
        bring_forward(document)
        submit_all()
        one(document)
        waits.append(round((document.next_at - document.status_since).total_seconds()))
    assert document.status == "ready"
    assert waits == [5, 30, 120, 600, 1800, 1800, 1800]


def test_a_refused_key_is_stopped_and_the_other_one_takes_over(oracle, issuer):
    oracle.fault("401")
    document = create_document(draft=make_draft(issuer))
    work()
    bring_forward(document)
    work()
    assert one(document).status == "stamped"
    assert [key.stopped_at is not None for key in issuer.api_keys.order_by("role")].count(True) == 1


def test_without_a_usable_key_the_channel_pauses_and_the_document_stays_ready(oracle):
    issuer = IssuerFactory()
    document = create_document(draft=make_draft(issuer))
    work()
    assert one(document).status == "ready"
    assert "key" in Channel.objects.get(pk=issuer.pk).pause_reason
    assert not Attempt.objects.exists()


def test_a_wrong_total_at_the_provider_is_shown_and_never_resent(oracle, issuer):
    oracle.fault("wrong_total")
    document = create_document(draft=make_draft(issuer))
    work()
    bring_forward(document)
    work()
    assert one(document).status == "stamped"
    assert "ours is 113.00, the remote document says 114.00" in document.difference
    assert len(oracle.calls(document.reference)) == 1


def test_numbers_that_begin_anew_on_the_first_of_january_are_no_clash(oracle, issuer):
    oracle.set_clock(datetime(2025, 12, 31, 12, tzinfo=UTC))
    create_document(draft=make_draft(issuer, source="invoice:in_old"))
    work()
    oracle.real_clock()
    create_document(draft=make_draft(issuer, source="invoice:in_new"))
    work()
    rows = Document.objects.order_by("id").values_list("status", "control_number", "number_year")
    (old, new) = rows
    assert (old[0], new[0]) == ("stamped", "stamped")
    assert old[1] == new[1]
    assert (old[2], new[2]) != (old[2], old[2])


def test_a_code_that_another_document_has_proves_nothing(oracle, issuer):
    first = create_document(draft=make_draft(issuer))
    work()
    second = create_document(draft=make_draft(issuer, source="invoice:in_2"))
    answer = bytes(first.attempts.get().answer)
    journal = Journal()
    (claim,) = claim_all(worker=journal.name, limit=8)
    record_answer(attempt_id=claim.attempt_id, exchange=Exchange(written=True, status=200, body=answer))
    journal.close()
    assert one(second).status == "unknown"
    assert one(first).generation_code in second.reason


def test_a_control_number_that_is_taken_is_named_and_the_document_stays_issued(oracle, issuer):
    first = create_document(draft=make_draft(issuer))
    work()
    second = create_document(draft=make_draft(issuer, source="invoice:in_2"))
    journal = Journal()
    (claim,) = claim_all(worker=journal.name, limit=8)
    theirs = b"00000000-0000-4000-8000-000000000000"
    answer = bytes(first.attempts.get().answer).replace(one(first).generation_code.encode(), theirs)
    record_answer(attempt_id=claim.attempt_id, exchange=Exchange(written=True, status=200, body=answer))
    journal.close()
    assert one(second).status == "stamped"
    assert second.control_number == ""
    assert first.control_number in second.clash
