"""Two days at the desk, as short lists of steps with the lists on which they are done."""

from django.utils.translation import gettext_lazy as _

from config.guide.entry import Step

CLERK = (
    Step(_("Look at the desk: what is red comes first.")),
    Step(
        _("In doubt: read the evidence, look at the provider, and tell a manager what you saw."),
        "smartbill.Document",
        "problem=in_doubt",
    ),
    Step(_("Rejected: mend the field that is named, and send again."), "smartbill.Document", "problem=rejected"),
    Step(_("Held sales: mend what the reasons name, or ask the customer."), "billing.Sale", "problem=held"),
    Step(_("Mails that failed: mend the address and try again."), "notifications.Message", "problem=failed"),
    Step(
        _("Nobody was told: mail the link to another address, or send it by hand."),
        "smartbill.Document",
        "problem=untold",
    ),
    Step(_("Corrections that were asked for: propose a remedy."), "billing.Correction", "problem=open"),
    Step(_("Money without Stripe: enter it by hand."), "billing.ManualEntry"),
)

MANAGER = (
    Step(_("Look at the desk: connections, figures, and what waits for you.")),
    Step(_("Approvals: read what the rule found, then approve or refuse."), "billing.Approval", "problem=waiting"),
    Step(
        _("In doubt: say whether it was issued, or confirm what another person said."),
        "smartbill.Document",
        "problem=in_doubt",
    ),
    Step(
        _("Refunds: let the proposed remedies happen, and decide what is with a person."),
        "billing.Reversal",
        "problem=proposed",
    ),
    Step(_("Corrections: confirm or decline what was proposed."), "billing.Correction", "problem=proposed"),
    Step(_("Documents made by hand: let them go."), "billing.ManualEntry", "problem=waiting"),
    Step(
        _("Without a seal: look at the legal times, and record the event that was filed."),
        "smartbill.Outage",
        "problem=open",
    ),
    Step(_("Dead letters: mend the cause, then have them processed again."), "billing.InboundEvent", "problem=dead"),
    Step(_("At the end of the month: export the documents for your books."), "smartbill.Document"),
)
