"""The planted faults, and for each the few tests that must catch it. A patch file of that name stands beside."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """`fault` says in words what the patch breaks; each of `tests` is a pytest address."""

    fault: str
    tests: tuple[str, ...]


TRANSPORT = "tests/smartbill/providers/test_transport.py"
CALLS = "tests/smartbill/test_calls.py"
DRAIN = "tests/smartbill/services/test_drain.py"
CHANNEL = "tests/smartbill/services/test_channel.py"
DOUBT = "tests/flows/test_doubt.py"
ISSUE = "tests/flows/test_issue.py"
MACHINE = "tests/machine/test_machine.py"

MUTANTS = {
    "retry_on_connection_error": Mutant(
        "a call whose connection broke is made once more",
        (f"{ISSUE}::test_an_end_that_proves_nothing_is_doubt_and_is_never_sent_again[reset_after]",),
    ),
    "follow_redirects": Mutant(
        "the request is repeated wherever a redirect points", (f"{TRANSPORT}::test_a_redirect_is_never_followed",)
    ),
    "requeue_stale": Mutant(
        "an attempt without answer is queued again after its deadline",
        ("tests/smartbill/services/test_protocol.py::test_what_is_past_its_deadline_is_never_ready_again",),
    ),
    "quiet_period_0": Mutant(
        "a person may send again while the provider still works",
        ("tests/smartbill/services/test_protocol.py::test_after_the_deadline_the_provider_may_still_be_at_work",),
    ),
    "commit_after_the_call": Mutant(
        "the claim is committed together with the answer, after the call",
        ("tests/smartbill/services/test_protocol.py::test_the_claim_is_committed_before_a_call_begins",),
    ),
    "ack_before_insert": Mutant(
        "Stripe gets its 200 whether or not the event was stored",
        ("tests/billing/test_webhook_failures.py::test_when_only_the_insert_fails_stripe_is_asked_to_come_back",),
    ),
    "drop_unique_index": Mutant(
        "the database lets a document have two live attempts",
        ("tests/smartbill/models/test_attempt.py::test_a_second_live_attempt_is_refused_by_the_database",),
    ),
    "drop_fence": Mutant(
        "an answer overwrites an outcome that stands",
        ("tests/smartbill/services/test_protocol.py::test_an_outcome_that_stands_is_not_written_again",),
    ),
    "mail_on_unknown": Mutant(
        "the customer is told of a document in doubt",
        (f"{ISSUE}::test_an_end_that_proves_nothing_is_doubt_and_is_never_sent_again[html_502]",),
    ),
    "float_money": Mutant(
        "an amount goes through a float", ("tests/billing/test_money.py::test_reading_an_amount_loses_nothing",)
    ),
    "time_zone_off_by_one_day": Mutant(
        "the fiscal day is that of UTC",
        ("tests/smartbill/providers/el_salvador/test_fiscal_day.py",),
    ),
    "permission_check_dropped": Mutant(
        "whoever asks may have a document in doubt sent again",
        (f"{DOUBT}::test_no_answer_counts_without_reason_or_permission",),
    ),
    "ssl_error_not_sent": Mutant(
        "every TLS error counts as not sent",
        (f"{TRANSPORT}::test_a_broken_tls_record_after_the_request_was_written",),
    ),
    "late_success_discarded": Mutant(
        "a success after the deadline is thrown away", (f"{DOUBT}::test_a_late_success_resolves_the_doubt",)
    ),
    "late_sender": Mutant(
        "a process that slept past its permission sends all the same",
        (
            f"{TRANSPORT}::test_the_first_byte_is_refused_after_the_permission_ended",
            f"{DOUBT}::test_a_call_that_comes_too_late_does_not_leave",
        ),
    ),
    "restore_guard": Mutant(
        "nobody compares the database with what was sent",
        ("tests/smartbill/services/test_guard.py::test_the_engine_notices_before_it_claims_and_sends_nothing",),
    ),
    "restore_screen": Mutant(
        "what came back after a restore is sent without doubt",
        ("tests/smartbill/services/test_restore_doubt.py",),
    ),
    "sending_line_after_the_call": Mutant(
        "the journal is told of a sending when it is over",
        ("tests/smartbill/services/test_protocol.py::test_the_journal_is_told_before_the_first_byte",),
    ),
    "adopt_without_comparing": Mutant(
        "whatever a person names is adopted",
        ("tests/smartbill/services/test_late_answers.py::test_what_was_invalidated_at_the_provider_is_not_adopted",),
    ),
    "calls_in_flight_unbounded": Mutant(
        "calls of other hosts are not counted", (f"{CHANNEL}::test_hosts_that_claim_ahead_never_exceed_the_account",)
    ),
    "calls_without_places": Mutant(
        "what was claimed ahead begins although there is no place",
        (f"{CALLS}::test_with_fewer_places_nothing_begins_until_enough_have_ended",),
    ),
    "answered_counts_as_unsent": Mutant(
        "an attempt whose answer was recorded once counts as never begun",
        (f"{DRAIN}::test_an_answered_attempt_that_the_database_forgot_is_not_taken_for_unsent",),
    ),
    "control_doubt_is_sent_again": Mutant(
        "what is in doubt is sent again, and only random histories are looked at", (MACHINE,)
    ),
    "signature_not_checked": Mutant(
        "an event is believed without its signature",
        ("tests/billing/test_webhook.py::test_an_unsigned_request_stores_nothing",),
    ),
}
