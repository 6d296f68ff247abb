"""What the page of one document shows: state, provenance, lines, evidence, and one story from payment to mail."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.admin import amount
from smartbill.admin.deadlines import deadlines_of
from smartbill.admin.ledger import ledger_of
from smartbill.admin.states import TONES
from smartbill.admin.timeline import FINDINGS, Files, related_of, story_of
from smartbill.drafts import Address, Draft, Line, Party, Provenance
from smartbill.faces import method_name
from smartbill.lifecycle import Kind, Status
from smartbill.models import Attempt, Document, Issuer, Revision
from smartbill.services.link import link_for
from smartbill.services.propose import in_words, open_proposal

LABELS = {
    "name": _("Name"),
    "commercial_name": _("Commercial name"),
    "tax_id": _("Tax id"),
    "tax_id_type": _("Kind of tax id"),
    "nrc": _("NRC"),
    "activity_code": _("Activity code"),
    "activity_text": _("Activity"),
    "person_type": _("Natural or legal person"),
    "email": _("E-mail"),
    "phone": _("Phone"),
    "country": _("Country"),
    "line": _("Address"),
    "city": _("City"),
    "postal_code": _("Postal code"),
    "department": _("Department"),
    "municipality": _("Municipality"),
    "district": _("District"),
    "kind": _("Kind"),
    "language": _("Language"),
    "tax_profile": _("Version of the tax profile"),
    "lines": _("Lines"),
    "payments": _("Payments"),
    "total": _("Total"),
    "rate": _("Exchange rate"),
    "sale": _("Sale"),
}

TAX_CLASSES = {"exempt": _("exempt"), "not_subject": _("not subject to tax"), "unknown": _("tax class not known")}
"""What is worth a word beside a line; a taxed one is the rule."""


@dataclass(frozen=True, slots=True)
class Row:
    """One field of the draft and where its value came from."""

    label: str
    value: str
    origin: Provenance | None
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Bytes that went over the wire, as text, with their size."""

    size: int
    text: str


def document_page(document: Document, request: HttpRequest) -> dict[str, Any]:
    """Return everything the template shows; reads only, also where a link has not been made yet."""
    revisions = list(document.revisions.select_related("actor"))
    revision = next((row for row in revisions if row.number == document.revision), None)
    waiting = open_proposal(document) if document.status == Status.UNKNOWN else None
    attempts = list(document.attempts.select_related("api_key").prefetch_related("evidence").order_by("id"))
    readings = list(document.readings.select_related("actor"))
    renditions = list(document.renditions.all())
    return {
        "tone": TONES[document.status],
        "total": amount(document.total, document.currency),
        "problems": [(label_of(row["field"]), row["message"]) for row in open_problems(document, revision, attempts)],
        "attempts": [(attempt, sheet(attempt.request), sheet(attempt.answer), _late(attempt)) for attempt in attempts],
        "readings": [(row, FINDINGS.get(row.state, row.state), sheet(row.content)) for row in readings],
        "revisions": revisions,
        "renditions": renditions,
        "story": story_of(document, request, Files(attempts, readings, revisions, renditions)),
        "related": related_of(document, request),
        "deadlines": deadlines_of(document),
        "corrections": list(document.corrections.order_by("id")) if document.kind == Kind.CCF else [],
        "replacements": list(document.replacements.order_by("id")),
        "proposal": waiting,
        "proposal_words": in_words(waiting) if waiting else "",
        # The address comes from the provider's answer: only a web address becomes a link.
        "provider_url": url if (url := document.provider_url).startswith(("https://", "http://")) else "",
        "link": link_for(document) if document.has_link else "",
        **(_of_revision(revision, document.issuer) if revision else {}),
    }


def _of_revision(revision: Revision, issuer: Issuer) -> dict[str, Any]:
    draft = revision.draft
    warnings = [(label_of(row["field"]), row["message"]) for row in revision.warnings]
    return {
        **_draft_of(draft),
        "warnings": warnings,
        "ledger": ledger_of(draft, issuer, is_complete=not revision.problems),
    }


def sheet(content: Any) -> Sheet | None:
    """Return bytes as the text they are, without re-indenting: 10.00 must not be shown as 10.0."""
    if content is None:
        return None
    raw = bytes(content)
    return Sheet(len(raw), raw.decode("utf-8", "replace"))


def _late(attempt: Any) -> list[tuple[Any, Sheet | None]]:
    return [(row, sheet(row.answer)) for row in attempt.evidence.all()]


def open_problems(
    document: Document, revision: Revision | None, attempts: Iterable[Attempt]
) -> Sequence[Mapping[str, str]]:
    """Return what keeps the document in the state it is in: the field to mend and a sentence for each."""
    if document.status == Status.HELD and revision is not None:
        return list(revision.problems)
    if document.status == Status.REJECTED:
        return next((list(row.problems) for row in reversed(list(attempts)) if row.problems), [])
    return []


def label_of(path: str) -> str:
    """Name a field of the draft for a person; an unknown one keeps its own name."""
    name = path.rsplit(".", 1)[-1]
    return str(LABELS.get(name, path))


def _draft_of(draft: Draft) -> dict[str, Any]:
    party = [(f"party.{field.name}", getattr(draft.party, field.name)) for field in fields(Party)]
    address = [(f"party.address.{field.name}", getattr(draft.party.address, field.name)) for field in fields(Address)]
    known = [(path, value) for path, value in [*party, *address] if path != "party.address"]
    shown = {path for path, _value in known}
    others = sorted(set(draft.provenance) - shown)
    return {
        "party": [_row(path, value, draft) for path, value in known if value or path in draft.provenance],
        "others": [_row(path, _value_at(draft, path), draft) for path in others],
        "lines": [
            (
                line,
                TAX_CLASSES.get(line.tax_class, ""),
                *(amount(part, draft.currency) for part in (line.subtotal, line.discount, line.tax, line.total)),
                _price(line, draft),
                amount(line.charged, draft.conversion.currency) if draft.conversion else "",
            )
            for line in draft.lines
        ],
        "conversion": _conversion(draft),
        "discounts": any(line.discount for line in draft.lines),
        "lines_total": amount(sum((line.total for line in draft.lines), Decimal(0)), draft.currency),
        "payments": [
            (method_name(row.method), row.reference, amount(row.amount, draft.currency)) for row in draft.payments
        ],
        "occurred_at": draft.occurred_at,
    }


def _price(line: Line, draft: Draft) -> str:
    """Return the price of one as it was charged, with every decimal that it had, in the currency that was paid."""
    if line.unit_price is None:
        return ""
    return amount(line.unit_price, draft.conversion.currency if draft.conversion else draft.currency)


def _conversion(draft: Draft) -> dict[str, str] | None:
    """Return what was charged in another currency and how it became the document's own."""
    found = draft.conversion
    if found is None:
        return None
    return {
        "charged": amount(found.total, found.currency),
        "issued": amount(draft.total, draft.currency),
        "rate": f"1 {found.currency} = {found.rate.normalize():f} {draft.currency}",
        "on": found.on.isoformat(),
        "source": found.source,
    }


def _value_at(draft: Draft, path: str) -> Any:
    """Return what stands at a path such as lines.0.tax; nothing where the draft has no such place."""
    found: Any = draft
    for step in path.split("."):
        if not step.isdigit():
            found = getattr(found, step, "")
        elif int(step) < len(found):
            found = found[int(step)]
        else:
            return ""
    return found


def _row(path: str, value: Any, draft: Draft) -> Row:
    origin = draft.provenance.get(path)
    rule = ", ".join(gettext(part) for part in origin.rule.split(", ") if part) if origin else ""
    return Row(label_of(path), str(value) if isinstance(value, str | Decimal) else "", origin, rule)
