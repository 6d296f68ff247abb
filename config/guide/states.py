"""What each state means that no other table tells. A document's states are told by `smartbill.lifecycle`."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from billing.correction_steps import CaseState
from billing.models import Approval, InboundEvent, ProfileImport, Rule, RuleSimulation, Sale, TaxRequest
from billing.remedies import Standing
from billing.remedies import State as Reversed
from billing.rule_evaluation import Verdict
from config.guide.entry import Told
from config.jobs.models import Job
from notifications.lifecycle import Status as Mail
from notifications.models import WebhookPost
from smartbill.lifecycle import Outcome

NOTHING = _("Nothing is left to do.")
PERSON = _("Waits for a person.")

SALES: Mapping[str, Told] = {
    Sale.Outcome.PENDING: Told(
        _("Stripe is read and the rules are asked."), _("A worker decides it; after an error it tries again by itself.")
    ),
    Sale.Outcome.DOCUMENT: Told(_("It has its document."), _("The document tells the rest on its own page.")),
    Sale.Outcome.HELD: Told(
        _("Something is missing, or a rule or a question stands in the way. No document was made."),
        _("Mend what the reasons name, then have it decided again. Some reasons end by themselves."),
    ),
    Sale.Outcome.NOT_APPLICABLE: Told(_("No document is needed, and the reason says why."), NOTHING),
}

APPROVALS: Mapping[str, Told] = {
    Approval.State.OPEN: Told(
        _("A rule asks whether this sale may have its document."),
        _("Approve or refuse. People are reminded until somebody answers."),
    ),
    Approval.State.GRANTED: Told(
        _("Enough people said yes, for this total, kind and buyer only."), _("The sale goes on by itself.")
    ),
    Approval.State.REFUSED: Told(
        _("Somebody said no. Nothing is issued."), _("Money that has to go back is refunded at Stripe.")
    ),
    Approval.State.LAPSED: Told(
        _("The sale or the rules have changed, so that this question counts no more."),
        _("A new question is asked where one is needed."),
    ),
}

REVERSALS: Mapping[str, Told] = {
    Reversed.WAITING: Told(
        _("It is not final at Stripe, or something has to come first."), _("It is looked at again at the time shown.")
    ),
    Reversed.PROPOSED: Told(
        _("The remedy that the law leaves is known."), _("A person with the right lets it happen, or settles it.")
    ),
    Reversed.UNDER_WAY: Told(_("The remedy is on its way."), _("It is followed until the authority has answered.")),
    Reversed.DONE: Told(_("The remedy is in force at the authority."), NOTHING),
    Reversed.NOTHING: Told(_("The document stays as it is, and the reason says why."), NOTHING),
    Reversed.PERSON: Told(
        _("No rule says what the law leaves, or the remedy failed."),
        _("Read the reason, do what is needed, then settle it with a note or have it decided again."),
    ),
}

STANDINGS: Mapping[str, Told] = {
    Standing.PENDING: Told(_("Stripe has not finished it."), _("Nothing is corrected before it is final.")),
    Standing.SETTLED: Told(_("The money went back."), _("The remedy is worked out.")),
    Standing.UNDONE: Told(_("It failed or was taken back: the money stayed."), _("It counts no more.")),
}

CASES: Mapping[str, Told] = {
    CaseState.OPEN: Told(
        _("Somebody says that the document is wrong."), _("Choose one of the remedies shown, or decline with a reason.")
    ),
    CaseState.PROPOSED: Told(
        _("A remedy was chosen, and it takes a second person."), _("Another person confirms or declines it.")
    ),
    CaseState.UNDER_WAY: Told(
        _("The remedy is on its way, step by step."), _("The page shows which step waits for what since when.")
    ),
    CaseState.PERSON: Told(
        _("A step was refused or cannot be taken by a machine."), _("Read the reason, then try again or stop the case.")
    ),
    CaseState.DONE: Told(_("The document is corrected."), NOTHING),
    CaseState.DECLINED: Told(_("A person decided that nothing changes."), NOTHING),
    CaseState.STOPPED: Told(_("A person stopped it before the replacement was sent."), NOTHING),
}

TAX_REQUESTS: Mapping[str, Told] = {
    TaxRequest.State.OPEN: Told(
        _("The customer has a link to complete their tax data."), _("They are reminded by mail until the deadline.")
    ),
    TaxRequest.State.COMPLETED: Told(_("The customer answered."), _("Their sales are decided again by themselves.")),
    TaxRequest.State.SETTLED: Told(_("The data came another way, so that nobody has to answer."), NOTHING),
    TaxRequest.State.EXPIRED: Told(
        _("The deadline passed without an answer."),
        _("The issuer's choice counts: a person, or a consumer's document."),
    ),
    TaxRequest.State.WITHDRAWN: Told(_("A person took the link back. It opens nothing any more."), NOTHING),
}

IMPORTS: Mapping[str, Told] = {
    ProfileImport.State.FAULTY: Told(
        _("Something in the file is wrong. Nothing was changed."), _("Mend the cells that are named, give it again.")
    ),
    ProfileImport.State.CHECKED: Told(
        _("The file is right. Nothing was changed yet."), _("Look at what would change, then apply it.")
    ),
    ProfileImport.State.APPLIED: Told(_("The data were taken over."), NOTHING),
}

RULES: Mapping[str, Told] = {
    Rule.State.DRAFT: Told(_("It is being written and does nothing."), _("Try it on the last 90 days.")),
    Rule.State.SIMULATED: Told(
        _("It was tried as it stands, and does nothing."), _("Look at what it would have touched, then switch it on.")
    ),
    Rule.State.ON: Told(_("Every sale is compared with it."), _("To change it, copy it and exchange the two.")),
    Rule.State.OFF: Told(_("It was in force once and does nothing now."), _("Copy it to use it again.")),
}

SIMULATIONS: Mapping[str, Told] = {
    RuleSimulation.State.RUNNING: Told(_("The sales of the last 90 days are compared."), _("It ends by itself.")),
    RuleSimulation.State.DONE: Told(_("All were compared, and nothing was changed."), _("Look at the sales it found.")),
}

VERDICTS: Mapping[str, Told] = {
    Verdict.APPLIES: Told(_("All conditions were met."), _("The rule would have acted.")),
    Verdict.ASKED: Told(_("A condition could not be answered."), _("A person would have been asked.")),
    Verdict.SKIPPED: Told(_("A condition could not be answered."), _("The rule would have passed it over.")),
    Verdict.UNMET: Told(_("A condition was not met."), _("The rule would have done nothing.")),
}

MAILS: Mapping[str, Told] = {
    Mail.QUEUED: Told(_("It waits to be handed to the mail provider."), _("A worker sends it at the time shown.")),
    Mail.SENDING: Told(_("It is being handed over."), _("The answer is recorded, or it is in doubt.")),
    Mail.SENT: Told(
        _("The mail provider has accepted it. That is no proof that it was read."),
        _("Send it again if they ask for it."),
    ),
    Mail.FAILED: Told(
        _("The mail provider refused it, and the error says why."), _("Mend the cause, then try again or cancel it.")
    ),
    Mail.UNKNOWN: Told(
        _("The answer of the mail provider was lost: it may have been sent."),
        _("Look at the provider, then say that it arrived, or send it again."),
    ),
    Mail.CANCELLED: Told(_("A person gave it up before it was sent."), NOTHING),
}

POSTS: Mapping[str, Told] = {
    WebhookPost.Status.QUEUED: Told(_("It waits to be posted."), _("A worker posts it, several times if it must.")),
    WebhookPost.Status.SENT: Told(_("The address has accepted it."), NOTHING),
    WebhookPost.Status.FAILED: Told(
        _("The address took none of the tries."), _("Mend the address of the webhook and send a test.")
    ),
}

EVENTS: Mapping[str, Told] = {
    InboundEvent.State.NEW: Told(_("Received and not looked at yet."), _("A worker takes it at once.")),
    InboundEvent.State.PROCESSING: Told(
        _("A worker has it in hand."), _("It ends, or another worker takes it when its time is over.")
    ),
    InboundEvent.State.RETRY: Told(_("An error stopped it."), _("It is tried again at the time shown.")),
    InboundEvent.State.DONE: Told(_("What it means was done."), NOTHING),
    InboundEvent.State.IGNORED: Told(_("Events of this type lead to nothing here."), NOTHING),
    InboundEvent.State.DEAD: Told(
        _("All tries failed."), _("Read the error, mend the cause, then have it processed again.")
    ),
    InboundEvent.State.POISON: Told(
        _("Its content cannot be used."), _("Tell the operator: it is never tried again by itself.")
    ),
}

JOBS: Mapping[str, Told] = {
    Job.State.ASKED: Told(_("Its rows are chosen, and the question is not answered yet."), PERSON),
    Job.State.RUNNING: Told(
        _("It goes through its rows in the background."), _("The page shows how far it is. It can be cancelled.")
    ),
    Job.State.DONE: Told(_("Every row was looked at."), _("Look at what was refused or failed, and why.")),
    Job.State.CANCELLED: Told(_("A person stopped it. What was done stays done."), NOTHING),
}

ATTEMPTS: Mapping[str, Told] = {
    Outcome.ACCEPTED: Told(_("The provider had accepted it."), _("Its document has to be found again.")),
    Outcome.REJECTED: Told(_("The provider had refused it. Nothing was issued."), NOTHING),
    Outcome.NOT_SENT: Told(_("It never left. Nothing was issued."), NOTHING),
    Outcome.UNKNOWN: Told(_("Nobody knows whether it arrived."), _("A person looks at the provider.")),
}

CHARGES: Mapping[str, Told] = {
    "succeeded": Told(_("The money was taken."), NOTHING),
    "pending": Told(_("The bank has not answered."), _("Stripe tells when it has.")),
    "failed": Told(_("The money was not taken."), _("Nothing is issued for it.")),
}
