"""The rules of the house are asked about what a person corrected by hand, and people approve exactly that."""

from typing import Any

from billing.models import Sale, profile_of
from billing.services.screen_sale import Screened, corrected
from smartbill.drafts import Draft
from smartbill.models import Document


def screen_corrected(document: Document, draft: Draft, actor: Any) -> Draft:
    """Return the draft with what rules still ask of people; who corrects is who asks. Call inside a transaction."""
    return screened_correction(document, draft, actor=actor).held_draft


def screened_correction(document: Document, draft: Draft, *, actor: Any = None, may_ask: bool = True) -> Screened:
    """Lock the sale of a document and ask its rules about another draft of it.

    A credit note gives back what was approved, and a document without a sale is none of ours: both pass.
    """
    sale = Sale.objects.select_for_update(no_key=True).filter(key=document.source).first()
    if sale is None or draft.corrects is not None:
        return Screened(draft)
    profile = profile_of(sale.buyer_id, livemode=sale.livemode)
    return corrected(sale, draft, profile=profile, may_ask=may_ask, asker=actor)
