"""The legal clocks of an outage in words: what each is, what happens when it runs out, and how sure the rule is."""

from django.utils.translation import gettext_lazy as _

CLOCK_NAMES = {
    "event": _("Contingency event filed"),
    "documents": _("All documents sent and stamped"),
    "report": _("Outage over without a technical report"),
    "month": _("Nothing unstamped past the month of issue"),
}

CLOCK_RULES = {
    "event": _("Within 24 hours of the end of the outage, 1 to 1,000 documents in each event."),
    "documents": _("Within 72 hours of the seal of the event that lists them."),
    "report": _("An outage of more than three days needs a technical report to the authority first."),
    "month": _("The provider sends by itself at the end of the month; a document left over belongs to another period."),
}

CLOCK_REMEDIES = {
    "event": _("Press “send” in SmartBill's own platform. When it is too late: a written request to the DGII."),
    "documents": _("Press “send” in SmartBill's own platform. When it is too late: a written request to the DGII."),
    "report": _("Have a technical report of the outage ready for the DGII, and ask SmartBill what it files."),
    "month": _("Press “send” in SmartBill's own platform before the month ends; tell your accountant what is left."),
}

WINDOW_NAMES = {
    "invalidation": _("Invalidate"),
    "credit_note": _("Credit note"),
}
"""What may be done within a window of a document."""

CERTAINTIES = {
    "published": _("published by the authority"),
    "second_hand": _("quoted by others from the authority's text"),
    "assumed": _("assumed, to be on the safe side"),
}
"""How sure a rule is."""
