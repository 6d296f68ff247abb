"""Every draft goes through the rules of its issuer before a document may come of it, and again whenever it changes.

What the rules said is kept with their text and version. Where they ask for a person, one approval is open per sale, and
a granted one stands for exactly what it was given for: when total, kind or buyer change it does not cover the draft.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from typing import Any

from django.utils.translation import gettext as _

from billing.kinds import CCF_OR_FACTURA
from billing.models import Approval, ApprovalEvent, Rule, RuleDecision, Sale
from billing.profiles import Profile
from billing.rule_conditions import HISTORY
from billing.rule_evaluation import Action, Evaluation, Look, RuleText, asked_facts, evaluate
from billing.rule_facts import Past, facts_from
from billing.rule_texts import BLOCKED, HELD, REFUSED, names_of, spoken
from billing.services.announce_approval import ask_people, lapse_approval
from billing.services.customer_past import lock_past, past_of
from billing.services.redraft import draft_of
from billing.services.tell_of_rule import tell_of_rule
from smartbill.drafts import Draft
from smartbill.errors import APPROVAL, Problem
from smartbill.models import Issuer

State = Approval.State
Redraft = Callable[[str], Draft]
"""Makes the draft anew with the kind of document that a rule chose."""
MOST_APPROVALS = 100
"""Approvals of one sale that are looked at, the newest first."""


@dataclass(frozen=True, slots=True)
class Screened:
    """The draft as the rules leave it, and why no document may be made of it yet."""

    draft: Draft
    problems: Sequence[Problem] = ()

    @property
    def held_draft(self) -> Draft:
        """The draft with the problems among its own, for a document that exists already."""
        plain = [Problem(problem.field, problem.code, problem.message) for problem in self.problems]
        return replace(self.draft, held_because=(*self.draft.held_because, *plain))


def screen_sale(
    sale: Sale,
    content: Mapping[str, Any],
    draft: Draft,
    *,
    profile: Profile,
    redraft: Redraft,
    may_ask: bool = True,
    asker: Any = None,
) -> Screened:
    """Apply the rules in force; call inside a transaction that holds the sale.

    Without `may_ask` nothing is written: what would be asked of people is only told.
    `asker` is who wants this draft.
    """
    issuer = sale.endpoint.issuer
    rules = rules_in_force(issuer, draft.occurred_at)
    approvals = list(sale.approvals.order_by("-id")[:MOST_APPROVALS])
    if not rules and not approvals:
        return Screened(draft)
    past = _past(sale, draft, rules)
    draft, evaluation = _evaluated(rules, content, draft, profile, past, redraft)
    decision = _keep(sale, evaluation) if may_ask else None
    asked = _versions(evaluation.asking)
    uncovered = asked - _covered(approvals, draft.essence)
    if decision is not None:
        _tell(sale, draft, evaluation)
        _settle(sale, approvals, uncovered, draft, evaluation, decision, asker)
    if uncovered:
        return Screened(draft, _problems(sale, evaluation, uncovered, draft.essence))
    return Screened(replace(draft, approved=draft.essence) if asked else draft)


def foreseen(
    content: Mapping[str, Any], draft: Draft, *, issuer: Issuer, profile: Profile, redraft: Redraft
) -> Screened:
    """Return what the rules would say of a sale that is not stored yet; nothing is written and nobody is asked."""
    rules = rules_in_force(issuer, draft.occurred_at)
    asks = asked_facts(rules) & HISTORY
    at, customer = draft.occurred_at, draft.customer_reference
    past = past_of(customer, issuer=issuer, paid_at=at, besides=0) if asks else None
    draft, evaluation = _evaluated(rules, content, draft, profile, past, redraft)
    return Screened(draft, _waiting(evaluation.asking) if evaluation.asking else ())


def screened(sale: Sale, *, profile: Profile, is_consumer: bool = False, may_ask: bool = True) -> Screened:
    """Return the draft of a sale that has a document as it is known now, after the rules; lock the sale first."""
    draft = draft_of(sale, profile, is_consumer=is_consumer)

    def redraft(kind: str) -> Draft:
        return draft_of(sale, profile, is_consumer=is_consumer, chosen=kind)

    return screen_sale(sale, sale.snapshot.content, draft, profile=profile, redraft=redraft, may_ask=may_ask)


def corrected(sale: Sale, draft: Draft, *, profile: Profile, may_ask: bool = True, asker: Any = None) -> Screened:
    """Return what the rules say of a draft that a person corrected by hand; it stays as the person left it."""
    asked = tuple(problem for problem in draft.held_because if problem.field != APPROVAL)
    draft = replace(draft, held_because=asked, approved={}, notes="")
    # What is not known without a snapshot is asked of a person.
    content = sale.snapshot.content if hasattr(sale, "snapshot") else {}
    return screen_sale(sale, content, draft, profile=profile, redraft=lambda _kind: draft, may_ask=may_ask, asker=asker)


def redraft_by(decided: Callable[..., Any], draft: Draft) -> Redraft:
    """Return how a draft is made anew by deciding it again with the kind of document that a rule chose."""

    def redraft(kind: str) -> Draft:
        again = decided(chosen=kind)
        return again if isinstance(again, Draft) else draft

    return redraft


def rules_in_force(issuer: Issuer, at: datetime) -> list[RuleText]:
    """Return the rules of an issuer for a payment of this moment, in their order."""
    rows = Rule.objects.in_force(issuer, at.astimezone(issuer.zone).date())
    return [row.text for row in rows.order_by("position", "id")]


def _evaluated(
    rules: Sequence[RuleText],
    content: Mapping[str, Any],
    draft: Draft,
    profile: Profile,
    past: Past | None,
    redraft: Redraft,
) -> tuple[Draft, Evaluation]:
    evaluation = evaluate(rules, facts_from(content, draft, profile=profile, past=past))
    if evaluation.chosen_kind and _asks_for_kind(draft):
        # What rules say of the kind is said of the one that the document will have.
        draft = redraft(evaluation.chosen_kind)
        evaluation = evaluate(rules, facts_from(content, draft, profile=profile, past=past))
    return replace(draft, notes=evaluation.terms), evaluation


def _past(sale: Sale, draft: Draft, rules: Sequence[RuleText]) -> Past | None:
    """Return the customer's past where a rule asks for it; their other sales then wait for this transaction."""
    if not asked_facts(rules) & HISTORY:
        return None
    issuer, customer = sale.endpoint.issuer, draft.customer_reference
    lock_past(customer, issuer=issuer)
    return past_of(customer, issuer=issuer, paid_at=draft.occurred_at, besides=sale.pk)


def _asks_for_kind(draft: Draft) -> bool:
    """Whether the question for the kind of document is open: only then a rule answers it."""
    return any(problem.code == CCF_OR_FACTURA for problem in draft.held_because)


def _keep(sale: Sale, evaluation: Evaluation) -> RuleDecision:
    """Write down what was said, unless it was the last thing said as well."""
    looks = [look.as_json() for look in evaluation.looks]
    last = sale.rule_decisions.order_by("-id").first()
    if last is not None and last.looks == looks:
        return last
    return RuleDecision.objects.create(sale=sale, looks=looks)


def _tell(sale: Sale, draft: Draft, evaluation: Evaluation) -> None:
    for look in evaluation.applying(Action.NOTIFY):
        tell_of_rule(sale, look.rule, draft)


Version = tuple[int, int]


def _versions(looks: Sequence[Look]) -> set[Version]:
    return {(look.rule.id, look.rule.version) for look in looks}


def _rules_of(approval: Approval) -> set[Version]:
    return {(row["id"], row["version"]) for row in approval.rules}


def _covered(approvals: Sequence[Approval], essence: Mapping[str, str]) -> set[Version]:
    """Return the rules that people said yes to for just this; a refusal ends whatever was granted before it."""
    since = takewhile(lambda row: row.state != State.REFUSED, approvals)
    granted = [row for row in since if row.state == State.GRANTED and row.subject == essence]
    return set().union(*(_rules_of(row) for row in granted))


def _settle(
    sale: Sale,
    approvals: Sequence[Approval],
    uncovered: set[Version],
    draft: Draft,
    evaluation: Evaluation,
    decision: RuleDecision,
    asker: Any,
) -> None:
    """Leave exactly one approval open where something is to be asked, and none where nothing is."""
    waiting = next((row for row in approvals if row.state == State.OPEN), None)
    if waiting is not None:
        if uncovered and _fits(waiting, uncovered, draft.essence):
            return
        lapse_approval(waiting, _why_lapsed(waiting, uncovered, draft.essence))
    if uncovered and _refusal(approvals, uncovered, draft.essence) is None:
        looks = [look for look in evaluation.asking if (look.rule.id, look.rule.version) in uncovered]
        _ask(sale, looks, draft, decision, asker.pk if asker is not None else _requester(sale, approvals))


def _fits(approval: Approval, uncovered: set[Version], essence: Mapping[str, str]) -> bool:
    return approval.subject == essence and uncovered <= _rules_of(approval)


def _refusal(approvals: Sequence[Approval], uncovered: set[Version], essence: Mapping[str, str]) -> Approval | None:
    """Return the refusal that still stands: nobody has asked again since, and it was about the same."""
    last = next((row for row in approvals if row.state != State.LAPSED), None)
    return last if last is not None and last.state == State.REFUSED and _fits(last, uncovered, essence) else None


def _why_lapsed(approval: Approval, uncovered: set[Version], essence: Mapping[str, str]) -> str:
    if not uncovered:
        return _("No rule asks for it any more.")
    if approval.subject == essence:
        return _("Other rules ask by now.")
    changed = [name for name in essence if approval.subject.get(name) != essence[name]]
    pairs = "; ".join(f"{approval.subject.get(name) or '–'} → {essence[name] or '–'}" for name in changed)
    return _("What was to be approved has changed: %(changes)s") % {"changes": pairs}


def _requester(sale: Sale, approvals: Sequence[Approval]) -> int | None:
    """Return who wants the sale issued: who asked for what nobody has answered yet, else who entered it by hand."""
    for approval in approvals:
        if approval.state in (State.GRANTED, State.REFUSED):
            break
        if approval.requested_by_id is not None:
            return approval.requested_by_id
    return sale.entry.entered_by_id if sale.is_manual else None


def _ask(sale: Sale, looks: Sequence[Look], draft: Draft, decision: RuleDecision, requested_by_id: int | None) -> None:
    ask_people(
        Approval(
            sale=sale,
            decision=decision,
            rules=[{"id": each.rule.id, "version": each.rule.version, "name": each.rule.name} for each in looks],
            subject=draft.essence,
            requested_by_id=requested_by_id,
            amount=draft.total,
            currency=draft.currency,
            is_block=any(look.is_blocking for look in looks),
            people=max(look.rule.people for look in looks),
        )
    )


def _problems(
    sale: Sale, evaluation: Evaluation, uncovered: set[Version], essence: Mapping[str, str]
) -> Sequence[Problem]:
    looks = [look for look in evaluation.asking if (look.rule.id, look.rule.version) in uncovered]
    refusal = _refusal(list(sale.approvals.order_by("-id")[:MOST_APPROVALS]), uncovered, essence)
    if refusal is not None:
        said = refusal.events.filter(what=ApprovalEvent.What.REFUSED).select_related("actor").get()
        return [spoken("approval_refused", REFUSED, who=str(said.actor), why=said.reason, rules=names_of(looks))]
    return _waiting(looks)


def _waiting(looks: Sequence[Look]) -> Sequence[Problem]:
    if blocking := [look for look in looks if look.is_blocking]:
        return [spoken("blocked_by_rule", BLOCKED, rules=names_of(blocking))]
    return [spoken("held_by_rule", HELD, rules=names_of(looks))]
