"""One sale, one outcome: count the attempt, read Stripe, decide, and write the outcome and its document together."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.errors import BillingError, Gone, Unavailable
from billing.models import Sale, Snapshot, profile_of
from billing.profiles import Profile
from billing.rates import quote_for
from billing.rules import Decision, Held, NotApplicable, NotYet, decide
from billing.services.announce_approval import lapse_approval
from billing.services.claim_events import lease_length
from billing.services.enter_manual import NOT_RELEASED
from billing.services.link_manual import question, record_payment
from billing.services.match_manual import manual_matches
from billing.services.register_sale import GAVE_UP, INVOICE, note, register_sale
from billing.services.screen_sale import Screened, redraft_by, screen_sale
from billing.services.snapshot_sale import Evidence, fetch_evidence
from billing.stripe_purchases import headline
from config.kill_points import reach
from smartbill.drafts import Draft
from smartbill.errors import Problem, SmartbillError
from smartbill.lifecycle import Status
from smartbill.models import Document
from smartbill.models.revision import content_hash
from smartbill.services.create import create_document
from smartbill.services.lock_issuer import share_issuer

ATTEMPTS = 8
GIVEN_BACK = {"refunded_before_issue", "credit_note_before_payment", "credit_note_after_payment"}
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(hours=1)


def decide_sale(*, sale_id: int) -> None:
    """Decide a sale that is due; nothing happens when another worker has it or it is decided already.

    Stripe is read outside every transaction. What fails is tried again with growing pauses, over some three hours, and
    then held with the last reason. An error that nobody expected is recorded and raised.
    """
    sale = claim_sale(sale_id)
    if sale is None:
        return
    try:
        evidence = _evidence(sale)
        reach("after_fetch")
        issuer = sale.endpoint.issuer
        buyer = headline(evidence.content)["customer_id"] or sale.key
        profile = profile_of(buyer, livemode=sale.livemode)
        quote = quote_for(evidence.content, issuer=issuer)
        decided = partial(decide, evidence.content, issuer=issuer, source=sale.key, profile=profile, quote=quote)
        screen = partial(_screened, sale, evidence, profile, decided)
        record_decision(sale, evidence, _waits(sale) or decided(), screen=screen)
    except Gone as error:
        hold(sale, Problem("sale", "gone", str(error)))
    except (BillingError, SmartbillError) as error:
        wish = error.retry_after if isinstance(error, Unavailable) else None
        postpone(sale, str(error), at_least=timedelta(seconds=wish or 0))
    except Exception as error:
        postpone(sale, type(error).__name__)
        raise


def _evidence(sale: Sale) -> Evidence:
    """Return what is known of the sale: what a person entered, else what Stripe says now."""
    ids = set(sale.aliases.values_list("kind", "stripe_id"))
    return Evidence(content=sale.entry.content, ids=ids) if sale.is_manual else fetch_evidence(ids)


def _waits(sale: Sale) -> Held | None:
    """What a person entered waits for the one who may let it go."""
    if not sale.is_manual or sale.entry.released_at is not None:
        return None
    text = _("Entered by %(who)s; it waits for a person who may let it be issued.") % {"who": sale.entry.entered_by}
    return Held(reasons=[Problem("sale", NOT_RELEASED, text)])


def claim_sale(sale_id: int) -> Sale | None:
    """Count the attempt and keep others away for the time of the lease, or return None."""
    at = now()
    taken = (
        Sale.objects.due(at)
        .filter(pk=sale_id)
        .update(attempts=F("attempts") + 1, next_at=at + lease_length(), updated_at=at)
    )
    if not taken:
        return None
    sale = Sale.objects.select_related("endpoint__issuer", "entry__entered_by").get(pk=sale_id)
    if sale.attempts > ATTEMPTS:
        # Every earlier attempt died without a word: the process was killed each time.
        hold(sale, _gave_up(sale.last_error or _("the work was cut off each time")))
        return None
    return sale


def record_decision(sale: Sale, evidence: Evidence, decision: Decision, *, screen: Callable[[Draft], Screened]) -> None:
    """Write snapshot, outcome and document in one transaction, unless the sale is not ours any more.

    `screen` asks the rules of the house about a draft.
    """
    if isinstance(decision, NotYet):
        postpone(sale, decision.reason)
        return
    with transaction.atomic():
        # What is entered by hand from now on sees this sale; what was entered until now is seen below.
        share_issuer(sale.endpoint.issuer_id)
        survivor = register_sale(endpoint=sale.endpoint, key=sale.key, ids=evidence.ids)
        if survivor.pk != sale.pk:
            if survivor.is_manual:
                record_payment(survivor, headline(evidence.content), stripe_id=sale.key.partition(":")[2])
            return
        if not _still_ours(sale):
            return
        if _knows_more(sale, evidence):
            Sale.objects.filter(pk=sale.pk).update(next_at=now())
            return
        _freeze(sale, evidence)
        columns = headline(evidence.content)
        # Of a sale entered by hand the buyer was typed beside the content.
        columns["customer_name"] = columns["customer_name"] or (sale.customer_name if sale.is_manual else "")
        sale.number = columns["number"]
        if isinstance(decision, Draft):
            columns["worth"] = decision.total
            screened = screen(decision)
            decision = Held(reasons=screened.problems) if screened.problems else screened.draft
        if isinstance(decision, NotApplicable):
            for approval in sale.approvals.open():
                lapse_approval(approval, _("No document is needed any more."))
        _conclude(sale, decision, columns)


def _screened(
    sale: Sale, evidence: Evidence, profile: Profile, decided: Callable[..., Decision], draft: Draft
) -> Screened:
    return screen_sale(sale, evidence.content, draft, profile=profile, redraft=redraft_by(decided, draft))


def _still_ours(sale: Sale) -> bool:
    current = Sale.objects.select_for_update(no_key=True).get(pk=sale.pk)
    return current.outcome == Sale.Outcome.PENDING and current.attempts == sale.attempts


def _knows_more(sale: Sale, evidence: Evidence) -> bool:
    """Whether an invoice was linked while we were reading: then what we read is not the whole sale."""
    linked = sale.aliases.filter(kind=INVOICE).values_list("kind", "stripe_id")
    return not set(linked) <= evidence.ids


def _freeze(sale: Sale, evidence: Evidence) -> None:
    """A sale without document may be read again; the snapshot of one with a document never changes."""
    values = {
        "content": evidence.content,
        "api_version": settings.STRIPE_API_VERSION,
        "sha256": content_hash(evidence.content),
        "taken_at": now(),
    }
    Snapshot.objects.update_or_create(sale=sale, defaults=values)


def _conclude(sale: Sale, decision: NotApplicable | Held | Draft, columns: dict[str, Any]) -> None:
    if isinstance(decision, Draft):
        document = _own_document(sale, decision, columns)
        if document is None:
            return
        columns["customer_name"] = decision.party.name[:250] or columns["customer_name"]
        if any(problem.code in GIVEN_BACK for problem in decision.held_because):
            # What went back before is corrected, too, should a person have the document issued all the same.
            columns["search_at"] = now()
        # Held: the buyer is looked at once more, with what was entered while Stripe was read.
        due = now() if document.status == Status.HELD else None
        _close(sale, Sale.Outcome.DOCUMENT, (), document=document, buyer_due_at=due, **columns)
    else:
        held = isinstance(decision, Held)
        outcome = Sale.Outcome.HELD if held else Sale.Outcome.NOT_APPLICABLE
        _close(sale, outcome, decision.reasons, **columns)


def _own_document(sale: Sale, draft: Draft, columns: dict[str, Any]) -> Document | None:
    """Return the document of the draft, or None when the sale was held with the question whether it needs one."""
    seen = Sale(key=sale.key, is_own=sale.is_own, **columns)
    if matches := manual_matches(seen, draft, issuer=sale.endpoint.issuer):
        _close(sale, Sale.Outcome.HELD, [question(list(matches))], **columns)
        return None
    return create_document(draft=draft)


def _close(sale: Sale, outcome: str, reasons: Any, **columns: Any) -> None:
    at = now()
    values = {"reasons": [reason.as_json() for reason in reasons], "next_at": None, "last_error": "", **columns}
    ours = Sale.objects.filter(pk=sale.pk, outcome=Sale.Outcome.PENDING, attempts=sale.attempts)
    with transaction.atomic():
        if ours.update(outcome=outcome, updated_at=at, **values):
            note(
                sale, Sale.Outcome.PENDING, outcome, reason="\n".join(reason["message"] for reason in values["reasons"])
            )


def hold(sale: Sale, *reasons: Problem) -> None:
    """End in HELD with the reasons, while the sale is still ours."""
    _close(sale, Sale.Outcome.HELD, reasons)


def postpone(sale: Sale, reason: str, *, at_least: timedelta = timedelta()) -> None:
    """Try again after a growing pause, or hold the sale with the reason when it was the last attempt."""
    if sale.attempts >= ATTEMPTS:
        hold(sale, _gave_up(reason))
        return
    pause = min(FIRST_PAUSE * 4 ** (sale.attempts - 1), LONGEST_PAUSE)
    at = now()
    ours = Sale.objects.filter(pk=sale.pk, outcome=Sale.Outcome.PENDING, attempts=sale.attempts)
    ours.update(last_error=reason, next_at=at + max(pause, at_least), updated_at=at)


def _gave_up(reason: str) -> Problem:
    text = _("Tried %(attempts)s times; the last time: %(reason)s")
    return Problem("sale", GAVE_UP, text % {"attempts": ATTEMPTS, "reason": reason})
