"""The kinds of alert: what each says, what to do about it, whom it reaches, and where in the admin the matter lies.

Groups and pages are names: this app knows nothing of what it warns of.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CLERKS, MANAGERS, OPERATORS = "Finance clerk", "Finance manager", "Operator"
DIRECTORS = "Finance director"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`page` is the admin's name of a list, and `query` narrows it; an alert may name its own path instead."""

    title: Promise
    meaning: Promise
    advice: Promise
    audience: tuple[str, ...]
    page: str
    query: str = ""


KINDS: Mapping[str, Kind] = {
    "breaker_open": Kind(
        title=_("Sending is stopped for an account"),
        meaning=_("Several calls in a row ended without a provable answer, so no more documents are sent."),
        advice=_(
            "Nothing is lost: the documents wait. One call is tried from time to time, and sending goes on by itself "
            "when it succeeds. The issuer's page says why it stopped. Ask the provider if it lasts."
        ),
        audience=(MANAGERS, OPERATORS),
        page="smartbill_issuer",
        query="problem=stopped",
    ),
    "unknown_old": Kind(
        title=_("A document has been in doubt for 15 minutes"),
        meaning=_("It was sent, and it is not proved whether the tax authority has it."),
        advice=_(
            "The program goes on looking it up and never sends it again by itself. Open its page: it says what was "
            "sent, what came back and what happens next."
        ),
        audience=(CLERKS, MANAGERS),
        page="smartbill_document",
        query="problem=in_doubt",
    ),
    "unknown_very_old": Kind(
        title=_("A document has been in doubt for 4 hours"),
        meaning=_("It was sent, and the look-ups have not shown whether the tax authority has it."),
        advice=_("Look for it in the provider's own pages, then decide on the document's page what became of it."),
        audience=(CLERKS, MANAGERS),
        page="smartbill_document",
        query="problem=in_doubt",
    ),
    "worker_absent": Kind(
        title=_("Background work has stopped"),
        meaning=_(
            "No sign of life has come from the host named above or, where none is named, from any worker. Payments "
            "are still noted. Without any worker nothing is sent, read or mailed."
        ),
        advice=_(
            "Start `manage.py qworker` on its host and read its log. Nothing is lost: the work lies in the tables and "
            "is done when a worker runs again."
        ),
        audience=(OPERATORS, MANAGERS),
        page="config_heartbeat",
        query="problem=silent",
    ),
    "worker_stuck": Kind(
        title=_("A periodic job does not run"),
        meaning=_("It has not come back with success for three times its interval, while other work is done."),
        advice=_("Read the failed tasks for its error. If there is none, start the worker anew and run `provision`."),
        audience=(OPERATORS,),
        page="config_heartbeat",
        query="problem=late",
    ),
    "dead_letters": Kind(
        title=_("Events of Stripe could not be processed"),
        meaning=_("Every try has failed. What these events tell of is missing: a sale or a refund may be untreated."),
        advice=_("Open the events, mend what their error names, and process them again."),
        audience=(MANAGERS, OPERATORS),
        page="billing_inboundevent",
        query="problem=dead",
    ),
    "outage_open": Kind(
        title=_("The tax authority or its provider does not answer"),
        meaning=_("Documents are issued in contingency, or wait, until it answers again."),
        advice=_("Nothing need be done at once. The page of the outage lists its documents and its legal deadlines."),
        audience=(CLERKS, MANAGERS),
        page="smartbill_outage",
        query="problem=open",
    ),
    "outage_clock": Kind(
        title=_("A legal deadline of an outage comes near"),
        meaning=_("Documents issued in contingency must be reported and stamped within the time the law sets."),
        advice=_("Open the page of the outage: it says how much time is left and which documents are missing."),
        audience=(CLERKS, MANAGERS),
        page="smartbill_outage",
        query="problem=clock",
    ),
    "correction_window": Kind(
        title=_("The time to invalidate a document comes to its end"),
        meaning=_("Something is wrong with the document, and by one reading of the law it can soon not be mended so."),
        advice=_(
            "Open the document: its page says until when it is safe, until when it is possible at all, and by which "
            "text. Nothing is blocked here; the tax authority decides."
        ),
        audience=(CLERKS, MANAGERS),
        page="smartbill_document",
        query="problem=different",
    ),
    "proposal_window": Kind(
        title=_("The legal time of a correction that waits for a decision comes to its end"),
        meaning=_("Nobody has decided yet, and by one reading of the law the remedy can soon not be used any more."),
        advice=_(
            "Open it and decide: the page of the document says until when it is safe, and until when it is possible at "
            "all. When the time is over, the law may leave another remedy or none."
        ),
        audience=(CLERKS, MANAGERS),
        page="billing_correction",
        query="problem=open",
    ),
    "approval_waiting": Kind(
        title=_("A sale waits for approval"),
        meaning=_("A rule holds it: no document is made before somebody with the right has answered."),
        advice=_("Open it: the page says which rule asks and why. Approve it or refuse it, with your reason."),
        audience=(MANAGERS, DIRECTORS),
        page="billing_approval",
        query="problem=waiting",
    ),
    "approval_of_block": Kind(
        title=_("A rule has blocked a sale"),
        meaning=_("It is paid, and no document is made of it before somebody lifts the block."),
        advice=_("Open it: the page says which rule blocks and why. Lift the block or refuse, with your reason."),
        audience=(DIRECTORS,),
        page="billing_approval",
        query="problem=blocked",
    ),
    "approval_old": Kind(
        title=_("A sale has waited for an answer for a day"),
        meaning=_("It is paid, a rule holds it, and nobody has approved or refused it."),
        advice=_("Open it and answer. Two people are needed above the issuer's amount: perhaps only one has answered."),
        audience=(MANAGERS, DIRECTORS),
        page="billing_approval",
        query="problem=waiting",
    ),
    "approval_very_old": Kind(
        title=_("A sale has waited for an answer for three days"),
        meaning=_("It is paid and still has no document. The law's time to issue one may run."),
        advice=_("Find out why those who may answer have not done it, or answer yourself."),
        audience=(DIRECTORS, MANAGERS),
        page="billing_approval",
        query="problem=waiting",
    ),
    "mail_failing": Kind(
        title=_("Mails do not leave"),
        meaning=_("For ten minutes no mail was handed over, while several tries failed. Customers wait for theirs."),
        advice=_(
            "Look at the messages that wait: their error names the reason. It is the provider's key, its quota, or a "
            "sender that it does not accept. They leave by themselves when it is mended."
        ),
        audience=(OPERATORS, MANAGERS),
        page="notifications_alert",
        query="problem=open",
    ),
    "backup_old": Kind(
        title=_("The last backup is old"),
        meaning=_("The script that makes backups has not recorded one for longer than a day."),
        advice=_("Look at the log of the script. It ends with `manage.py record_backup` when a backup was made."),
        audience=(OPERATORS,),
        page="notifications_alert",
        query="problem=open",
    ),
    "test": Kind(
        title=_("A test alert"),
        meaning=_("Nothing is wrong. Somebody wanted to see whether alerts arrive here."),
        advice=_("Nothing is to be done."),
        audience=(OPERATORS,),
        page="notifications_alert",
    ),
    "restore_needed": Kind(
        title=_("The database was restored from a backup"),
        meaning=_("Workers refuse to start: what was sent after the backup is not in the database."),
        advice=_("Run `manage.py after_restore`. It turns whatever may have been sent into doubts to be looked up."),
        audience=(OPERATORS, MANAGERS),
        page="notifications_alert",
        query="problem=open",
    ),
    "journal_broken": Kind(
        title=_("The journal of calls cannot be written"),
        meaning=_(
            "The disk of the host named above takes nothing. From there no document is sent until it does, because "
            "what was sent would be forgotten if the host failed."
        ),
        advice=_("Look at the data directory of that host: is its disk full, read-only or gone?"),
        audience=(OPERATORS,),
        page="config_heartbeat",
    ),
}

FACTS: Mapping[str, Promise] = {
    "account": _("Account"),
    "issuer": _("Issuer"),
    "document": _("Document"),
    "reason": _("Reason"),
    "why": _("Reason"),
    "rehearsal": _("Rehearsal"),
    "forgotten": _("Sent after the backup"),
    "in_doubt": _("In doubt"),
    "count": _("How many"),
    "since": _("Since"),
    "deadline": _("Deadline"),
    "amount": _("Amount"),
    "rule": _("Rule"),
    "hours_left": _("Hours left"),
    "minutes": _("Minutes"),
    "host": _("Host"),
    "job": _("Job"),
    "error": _("Error"),
    "state": _("State"),
}
"""The names of values that people are shown in words; another name is shown as it is."""

DEADLINES = ("outage_clock", "correction_window", "proposal_window")
"""The kinds that say that a time set by law is about to end."""
