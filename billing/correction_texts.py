"""What a correction says of itself: why the table answers so, what a case waits for, and what comes next."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REASONS: Mapping[str, Promise] = {
    "never_issued": _("Nothing was ever issued, so there is nothing to correct."),
    "not_issued": _("Nothing was issued yet. Correct the data on the page of the document; no case is needed."),
    "being_sent": _("The document is being sent. What is not stamped cannot be corrected."),
    "in_doubt": _("It is in doubt whether the document was issued. Answer that first, on its page."),
    "seal_pending": _("The document has no seal yet. What is not stamped cannot be corrected."),
    "invalidated_already": _("The document is invalidated already."),
    "invalidation_waits": _("The document is being invalidated."),
    "replaced_already": _("Another document already stands in its place. Correct that one."),
    "case_first": _("Another correction of the same sale is under way. It comes first; see the sale."),
    "note_of_replaced": _(
        "This note takes back a document that another one took the place of: without it both would be in force. "
        "Invalidate the other document first, on its own page, or ask your accountant."
    ),
    "reversal_first": _("Money went back at Stripe. What follows from that comes first; see its reversals."),
    "invalidate_note": _("The law knows no replacement of a credit note: it is invalidated, and another one issued."),
    "too_late_note": _("The time to invalidate this credit note is over. Ask your accountant."),
    "credited_already": _("Credit notes have taken back the whole document already."),
    "refund_first": _(
        "Money for it is still here. Refund the rest at Stripe: the remedy then follows from the refund, once. If "
        "nothing was paid for this document, it is a second one: say so."
    ),
    "no_twin": _(
        "No other document in force is over the same amount for the same buyer. If there is one all the same, compare "
        "the two and invalidate one on its own page."
    ),
    "invalidate_it": _("There is time: the document is invalidated, and nothing is issued in its place."),
    "credit_it": _("The time to invalidate is over. The law leaves a credit note over what is left of the CCF."),
    "untaxed_lines": _("The CCF has lines without tax, so it can only be credited whole. Decide by hand."),
    "credit_lines": _("A credit note takes back what is too much, line by line. The CCF stays valid."),
    "refund_part_first": _(
        "This kind of document has no credit note. Refund at Stripe what was too much; then a document over the rest "
        "can take the place of this one."
    ),
    "replace_rest": _(
        "This kind of document has no credit note: a document over the rest is issued first, then this one is "
        "invalidated."
    ),
    "notes_first": _("A live credit note stands against it. Invalidate the note first."),
    "replace_it": _("The corrected document is issued first; when it is stamped, this one is invalidated."),
    "reissue_it": _(
        "The time to invalidate is over. The law leaves another way: the corrected document is issued first, then a "
        "credit note takes back all of this one."
    ),
    "too_late": _("The time is over, and the law leaves no other way for this kind of document. Ask your accountant."),
}

WAITING: Mapping[str, Promise] = {
    "asked": _("Somebody has to decide what becomes of it."),
    "proposed": _("One person has proposed the remedy."),
    "replacement_waits": _("The replacement is drafted and waits to be sent."),
    "replacement_sent": _("The replacement is on its way to the tax authority."),
    "replacement_in_doubt": _("The answer about the replacement was lost. It is never sent again by itself."),
    "replacement_without_seal": _("The replacement has no seal yet. Until then the old document stays valid."),
    "replacement_refused": _("The replacement was refused or is incomplete."),
    "replacement_being_invalidated": _("The replacement is being invalidated."),
    "replacement_given_up": _("The replacement was given up. The old document stays valid."),
    "nothing_left": _("Both documents are invalidated: the sale has none in force."),
    "original_to_invalidate": _("The replacement is stamped; the old document is to be invalidated."),
    "original_invalidating": _("The old document is being invalidated at the tax authority."),
    "original_invalidation_unknown": _("The answer about the invalidation was lost. It is looked up."),
    "invalidation_refused": _("The invalidation did not take place."),
    "note_to_issue": _("The credit note is to be issued."),
    "note_waits": _("The credit note is drafted and waits to be sent."),
    "note_sent": _("The credit note is on its way to the tax authority."),
    "note_in_doubt": _("The answer about the credit note was lost. It is never sent again by itself."),
    "note_without_seal": _("The credit note has no seal yet."),
    "note_refused": _("The credit note was refused or is incomplete."),
    "note_being_invalidated": _("The credit note is being invalidated."),
    "note_given_up": _("The credit note was given up. The document stays as it was."),
    "two_in_force": _("The credit note was given up, and both documents are in force."),
    "blocked": _("The next step was refused."),
    "replaced": _("The replacement is stamped and the old document is invalidated."),
    "reissued": _("The new document is stamped and the old one is credited whole."),
    "invalidated": _("The document is invalidated."),
    "credited": _("The credit note is stamped."),
    "declined": _("A person decided that nothing is changed."),
    "stopped": _("A person stopped it before anything was issued."),
}
"""What the case is at, by the code of its position."""

NEXT: Mapping[str, Promise] = {
    "open": _("Choose the remedy that is offered, or answer that nothing is changed."),
    "proposed": _("Another person with the right to decide confirms or declines it."),
    "under_way": _("It goes on by itself."),
    "person": _("Read the reason. Correct what was refused on its own page, try again, or stop it."),
    "done": _("Nothing is left to do."),
    "declined": _("Nothing is left to do."),
    "stopped": _("Nothing is left to do. A new case can be opened."),
}
