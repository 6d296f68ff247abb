"""Why a reversal is where it is, and what comes next, in words: one sentence for each row of the decision table."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

BLOCKED, SETTLED, UNREADABLE = "blocked", "settled", "unreadable"
"""Codes of reasons that stand in the row itself: a service refused in its own words, or a person wrote it."""
JOINED = "joined"

REASONS: Mapping[str, Promise] = {
    "undone_after_note": _(
        "Stripe took the refund back after the credit note was stamped. Pay the customer in another way, or invalidate "
        "the credit note."
    ),
    "credited": _("The credit note is stamped."),
    "note_invalidated": _("The credit note was invalidated. Decide again, or say that it is settled."),
    "note_abandoned": _("The credit note was abandoned. Say that it is settled, or correct the document by hand."),
    "note_held": _("The credit note was refused or is incomplete. Correct it on its own page, or abandon it there."),
    "note_under_way": _("The credit note is on its way to the tax authority."),
    "undone_after_invalidation": _(
        "Stripe took the refund back after the document was invalidated. Pay the customer in another way, or issue a "
        "document for the sale by hand."
    ),
    "invalidated": _("The document is invalidated at the tax authority."),
    "invalidation_under_way": _("The invalidation is on its way to the tax authority."),
    "undone_after_abandoning": _(
        "Stripe took the refund back after the document was given up. The customer has paid again: issue it by hand."
    ),
    "undone_after_correction": _(
        "The money stayed after all, and a correction has taken it out of the documents. Refund it again, or have what "
        "is missing issued by hand; then say that it is settled."
    ),
    "undone": _("It failed or was cancelled at Stripe: the money stayed, so the document stays."),
    JOINED: _("It is a part of a credit note at Stripe, and is dealt with there."),
    "sale_pending": _("The sale is still being decided."),
    "sale_held": _("The sale is held. When it is decided, this goes on by itself."),
    "no_document": _("The sale needs no document, so there is nothing to correct."),
    "never_issued": _("Nothing was ever issued for this sale."),
    "invalidated_already": _("The document is invalidated already."),
    "beyond_sale": _("Earlier reversals have taken back the whole sale already."),
    "credited_already": _("Credit notes have taken back the whole document already."),
    "stripe_pending": _("Stripe is still sending the money back; it can fail."),
    "corrected_already": _("A correction has taken this amount out of the documents of the sale already."),
    "correction_first": _("A correction of the same document is under way and comes first."),
    "written_off": _(
        "The invoice was written off at Stripe. A debt that is lost is no sale undone: ask your accountant."
    ),
    "earlier_first": _("An earlier reversal of the same sale comes first."),
    "nothing_to_issue": _("Everything went back before a document was issued, so none is."),
    "part_before_issue": _("The document is not issued yet. When it is, its part is corrected."),
    "being_sent": _("The document is being sent. What is not stamped cannot be corrected."),
    "in_doubt": _("It is in doubt whether the document was issued. When that is answered, this goes on by itself."),
    "seal_pending": _("The document has no seal yet. What is not stamped cannot be corrected."),
    "invalidation_waits": _("The document is being invalidated."),
    "other_currency": _(
        "The document is in another currency than the refund: a part of it is for a person to work out."
    ),
    "part_of_final": _(
        "Only a part went back, and this kind of document has no credit note: invalidate it and issue another for the "
        "rest, or leave it."
    ),
    "refused_final": _("The invalidation did not take place. The document's page says why."),
    "invalidate_final": _("The whole sale went back in time: the document is to be invalidated."),
    "too_late_final": _(
        "The time to invalidate this document is over, and it has no credit note. Ask your accountant."
    ),
    "other_kind": _("This kind of document is corrected by hand."),
    "invalidate_ccf": _("The whole sale went back in time: the CCF is to be invalidated."),
    "above_rest": _("More went back than credit notes leave of the document."),
    "untaxed_lines": _("The CCF has lines without tax, so it can only be credited whole, and only a part went back."),
    "too_late_ccf": _("The time for a credit note is over. Ask your accountant."),
    "credit_whole": _("The whole sale went back: a credit note over all of the CCF."),
    "credit_part": _("A part of the sale went back: a credit note over that amount."),
}

NEXT_STEPS: Mapping[str, Promise] = {
    "waiting": _("It is looked at again by itself."),
    "proposed": _("Approve or decline it."),
    "under_way": _("The answer of the tax authority is recorded by itself."),
    "done": _("Nothing is left to do."),
    "nothing": _("Nothing is left to do."),
    "person": _("A person decides: read the reason, then say that it is settled or have it decided again."),
}
