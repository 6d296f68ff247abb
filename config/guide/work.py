"""The lists of the daily work."""

from django.utils.translation import gettext_lazy as _

from config.guide import states
from config.guide.entry import Entry
from smartbill.lifecycle import STAGES

ENTRIES: dict[str, Entry] = {
    "smartbill.Document": Entry(
        what=_(
            "One fiscal document each: what is sent to the tax authority, and what came of it. A sale has one "
            "document, a refund of it may have another."
        ),
        todo=(
            _("Begin with those in doubt: open one, read its evidence, and say whether it was issued."),
            _("Then the rejected and held ones: the page names the field to mend. Correct it and send again."),
            _("Wrong after it was issued: “What do you want to fix?” on its page says what the law leaves."),
        ),
        states={"status": STAGES},
    ),
    "smartbill.Outage": Entry(
        what=_(
            "A time in which documents were issued without the tax authority's seal, one row for each issuer and "
            "outage. It opens and closes by itself."
        ),
        todo=(
            _("Look at the legal times on its page, the nearest first."),
            _("Look at the provider's platform for the contingency event, and record its time and number here."),
            _("When all documents have their seal, print the report for your files."),
        ),
    ),
    "billing.Sale": Entry(
        what=_("Every purchase that was paid, with its one outcome: a document, a hold, or “no document needed”."),
        todo=(
            _("Open what is held: “Before it is issued” lists all reasons with a link to where each is mended."),
            _("Tax data are missing: enter them, or ask the customer by mail."),
            _("Answer open questions: is this payment that of a document made by hand?"),
        ),
        states={"outcome": states.SALES},
    ),
    "billing.ManualEntry": Entry(
        what=_("Sales that a person entered because Stripe was down or the money came another way."),
        todo=(
            _("“Add” shows what would be issued before anything is entered."),
            _("A manager lets it go on the page of its sale; above the issuer's amount another person does."),
            _("When the payment appears at Stripe later, link the two, so that it is not issued twice."),
        ),
    ),
    "billing.Approval": Entry(
        what=_("Sales for which a rule wants a person's yes before a document is issued, or which a rule blocks."),
        todo=(
            _("Open one: it shows the rule, what was found, and what would be issued."),
            _("Approve or refuse with a reason. Where two people are needed, yours is the first or the second."),
        ),
        states={"state": states.APPROVALS},
    ),
    "billing.Reversal": Entry(
        what=_("Money of a sale that went back: refunds, credit notes, lost disputes, and what each leads to."),
        todo=(
            _("Let the proposed remedy happen, or settle it with a note where you have seen to it yourself."),
            _("With a person: the reason says why no machine may decide it."),
        ),
        states={"state": states.REVERSALS, "standing": states.STANDINGS},
    ),
    "billing.Correction": Entry(
        what=_("Cases of documents that are wrong, asked for by a customer or by staff."),
        todo=(
            _("Open the case: it says what the law leaves and what each remedy changes, before anything is confirmed."),
            _("A clerk proposes a remedy, a manager decides it."),
            _("Answer the customer: they get one mail with what became of it."),
        ),
        states={"state": states.CASES},
    ),
    "billing.TaxProfile": Entry(
        what=_("What is known of each buyer for tax: name, ids, address. Each change makes a new version."),
        todo=(
            _("Open what is doubtful and mend it; sales that wait for it are decided again by themselves."),
            _("Documents that were issued keep the version with which they were issued."),
        ),
    ),
    "billing.TaxRequest": Entry(
        what=_("Links by which customers were asked to complete their tax data."),
        todo=(
            _("Call customers whose deadline is near, or enter what they tell you on the page of the sale."),
            _("Withdraw a link that went to the wrong person."),
        ),
        states={"state": states.TAX_REQUESTS},
    ),
    "billing.ProfileImport": Entry(
        what=_("Files with the tax data of many customers, checked before anything is changed."),
        todo=(
            _("“Add” takes a CSV or XLSX file and shows what is new, changed, or wrong."),
            _("Apply it when the figures are what you expect."),
        ),
        states={"state": states.IMPORTS},
    ),
    "notifications.Message": Entry(
        what=_("Every mail to customers and staff, with what the mail provider said about it."),
        todo=(
            _("Failed: mend the address on the document, then send it again, or try again after a fault."),
            _("In doubt: look at the mail provider, then say that it arrived, or send it once more."),
        ),
        states={"status": states.MAILS},
    ),
    "notifications.Alert": Entry(
        what=_("What the house told people about itself: who was told, when, and when it was over."),
        todo=(
            _("Open alerts name what is wrong now; each is over by itself when its cause is."),
            _("Nobody was told: give somebody of the group an e-mail address, or set an alert route."),
        ),
    ),
    "billing.InboundEvent": Entry(
        what=_("Everything that Stripe has told, as it arrived. The inbox from which all else follows."),
        todo=(
            _("Dead letters: read the error, mend its cause, then have the event processed again."),
            _("An event that is processed twice does nothing twice."),
        ),
        states={"state": states.EVENTS},
    ),
    "config.Job": Entry(
        what=_("Actions on many rows at once, which run in the background."),
        todo=(
            _("Open one to see each row with its outcome and the reason where it was skipped."),
            _("Cancel it when it was a mistake: what was done stays done, the rest is left alone."),
        ),
        states={"state": states.JOBS},
    ),
}
