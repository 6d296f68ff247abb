"""What keeps a sale from its document, all of it at once, and which document it would be; reads the database only.

The same rules that decide are asked again, with what is known now: snapshot, tax profile, rates, legal limits.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from billing.advice import Advice, advice_of
from billing.drafts import draft_from_snapshot
from billing.models import Sale, profile_of
from billing.money import CurrencyOnHold, UnreadableAmount
from billing.profile_checks import DOUBT
from billing.profile_fields import FIELDS
from billing.profiles import Profile
from billing.rates import quote_for
from billing.rules import NotApplicable, NotYet, decide
from billing.services.screen_sale import corrected, redraft_by, screen_sale, screened
from billing.stripe_shapes import UnreadableShape
from smartbill.drafts import Draft, Provenance
from smartbill.errors import Problem
from smartbill.lifecycle import Kind, Status
from smartbill.services.create import findings_of
from smartbill.services.revise import is_corrected

ASKED_ALREADY = {"other_currency": {"currency"}, "rate_missing": {"currency"}}
"""What the provider says of a draft that the rules have said in better words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason or warning: the field, the words, and what to do about it."""

    field: str
    code: str
    message: str
    advice: Advice


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleCheck:
    """What would happen if the sale were issued now. `draft` is None where nothing can be read yet."""

    reasons: Sequence[Reason] = ()
    warnings: Sequence[Reason] = ()
    draft: Draft | None = None
    is_decided: bool = False

    @property
    def kind(self) -> str:
        return str(Kind(self.draft.kind).label) if self.draft and self.draft.kind in Kind.values else ""

    @property
    def kind_origin(self) -> Provenance | None:
        return self.draft.provenance.get("kind") if self.draft else None


@dataclass(slots=True)
class _Found:
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    draft: Draft | None = None


def check_sale(sale: Sale) -> SaleCheck:
    """Return every reason, warning and the kind; `sale` comes with document, endpoint, issuer, snapshot and entry."""
    profile = profile_of(sale.buyer_id, livemode=sale.livemode)
    if sale.document is not None and sale.document.status not in (Status.HELD, Status.REJECTED):
        revision = sale.document.revisions.get(number=sale.document.revision)
        warnings = [*_stored(revision.warnings), *_doubts(profile)]
        return SaleCheck(warnings=_reasons(warnings), draft=revision.draft, is_decided=True)
    found = _of_document(sale, profile) if sale.document is not None else _of_content(sale, profile)
    return SaleCheck(
        reasons=_reasons(found.problems),
        warnings=_reasons(found.warnings),
        draft=found.draft,
    )


def _of_document(sale: Sale, profile: Profile) -> _Found:
    document = sale.document
    assert document is not None  # noqa: S101 - the caller looked
    revision = document.revisions.get(number=document.revision)
    if is_corrected(revision.draft):
        draft = corrected(sale, revision.draft, profile=profile, may_ask=False).held_draft
    else:
        draft = screened(sale, profile=profile, may_ask=False).held_draft
    findings = findings_of(sale.endpoint.issuer, draft)
    problems = list(findings.problems)
    if document.status == Status.REJECTED:
        attempt = document.attempts.exclude(problems=[]).order_by("-id").first()
        problems += _stored(attempt.problems if attempt else [])
    return _Found(problems, [*findings.warnings, *_stored(sale.reasons)], draft)


def _of_content(sale: Sale, profile: Profile) -> _Found:
    content = _content(sale)
    if content is None:
        return _Found([*_stored(sale.reasons)] or [_not_read(sale)])
    issuer = sale.endpoint.issuer
    quote = quote_for(content, issuer=issuer)
    decided = partial(decide, content, issuer=issuer, source=sale.key, profile=profile, quote=quote)
    decision = decided()
    if isinstance(decision, NotYet):
        return _Found([Problem("sale", "not_paid", decision.reason)])
    if isinstance(decision, NotApplicable):
        return _Found(list(decision.reasons))
    draft: Draft | None
    if isinstance(decision, Draft):
        redraft = redraft_by(decided, decision)
        found = screen_sale(sale, content, decision, profile=profile, redraft=redraft, may_ask=False)
        draft, problems = found.draft, list(found.problems)
    else:
        draft, problems = _readable(content, sale, profile), list(decision.reasons)
    # Questions about the sale itself: who may let it go, whether it is the payment of another document.
    codes = {problem.code for problem in problems}
    problems = [*(each for each in _stored(sale.reasons) if each.field == "sale" and each.code not in codes), *problems]
    if draft is None:
        return _Found(problems)
    findings = findings_of(issuer, draft)
    said = codes.union(*(ASKED_ALREADY.get(code, set()) for code in codes))
    return _Found([*problems, *(row for row in findings.problems if row.code not in said)], [*findings.warnings], draft)


def _content(sale: Sale) -> Mapping[str, Any] | None:
    if sale.is_manual:
        return dict(sale.entry.content)
    return dict(sale.snapshot.content) if hasattr(sale, "snapshot") else None


def _readable(content: Mapping[str, Any], sale: Sale, profile: Profile) -> Draft | None:
    """Return the draft that there would be but for what holds the sale; None where it cannot be read."""
    try:
        return draft_from_snapshot(content, issuer=sale.endpoint.issuer, source=sale.key, profile=profile)
    except (UnreadableShape, UnreadableAmount, CurrencyOnHold):
        return None


def _not_read(sale: Sale) -> Problem:
    return Problem("sale", "not_paid", sale.last_error or _("Stripe has not been read yet."))


def _doubts(profile: Profile) -> list[Problem]:
    text = _("%(label)s: the check digit does not fit. Compare the number with the customer's card.")
    return [
        Problem(f"profile.{name}", "doubt", text % {"label": FIELDS[name].label})
        for name, entry in profile.entries.items()
        if entry.check == DOUBT and not entry.confirmed
    ]


def _stored(rows: Iterable[Mapping[str, str]]) -> list[Problem]:
    return [Problem(row["field"], row["code"], row["message"]) for row in rows]


def _reasons(problems: Iterable[Problem]) -> list[Reason]:
    """Return the reasons in their order, each once."""
    found = {
        (problem.field, problem.code, str(problem.message)): Reason(
            field=problem.field,
            code=problem.code,
            message=str(problem.message),
            advice=advice_of(problem.code, problem.field),
        )
        for problem in problems
    }
    return list(found.values())
