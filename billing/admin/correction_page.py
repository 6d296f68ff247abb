"""How a correction is shown: what the law leaves, what that does, each step with its time, and what happened."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from billing.admin.correction_forms import plan_in_words
from billing.correction_preview import preview_of
from billing.correction_steps import CaseState
from billing.correction_texts import NEXT, WAITING
from billing.corrections import Mending
from billing.models import Correction
from billing.services.correction_facts import facts_of_case, offer_for
from billing.services.tell_customer import reference_of_case
from config.admin import ReadOnlyAdmin, amount, badge, mode_badge, moment, trail, two_lines
from notifications.models import Message
from smartbill.lifecycle import Status
from smartbill.models import Document

TONES: dict[str, str] = {
    CaseState.OPEN: "warn",
    CaseState.PROPOSED: "warn",
    CaseState.UNDER_WAY: "wait",
    CaseState.PERSON: "bad",
    CaseState.DONE: "good",
    CaseState.DECLINED: "off",
    CaseState.STOPPED: "off",
}
DETAILS = [
    "status", "next_step", "document_link", "amount", "what_is_wrong", "asker", "opened", "law", "what_happens",
    "plan_shown", "steps", "people", "replacement_link", "note_link", "sale_link", "mail", "history",
]  # fmt: skip
TOLD = {**WAITING, "asked": _("The case was opened.")}
"""What happened, where what is waited for says it as well."""
UNDECIDED = (CaseState.OPEN, CaseState.PROPOSED)


def shown_of(row: Correction) -> list[str]:
    """Return what there is to show of a case in its present state."""
    when = {
        "what_happens": row.state in UNDECIDED,
        "plan_shown": row.proposed_by_id is not None,
        "steps": row.begun_at is not None,
        "people": row.proposed_by_id is not None,
        "replacement_link": row.replacement_id is not None,
        "note_link": row.credit_note_id is not None,
        "mail": row.is_over,
    }
    return [name for name in DETAILS if when.get(name, True)]


class CorrectionPage(ReadOnlyAdmin):
    """What the list and the page of a case say."""

    @admin.display(description=_("State"))
    def status(self, row: Correction) -> SafeString:
        return two_lines(badge(row.get_state_display(), TONES[row.state]), mode_badge(row.document.livemode))

    @admin.display(description=_("Document"))
    def number(self, row: Correction) -> SafeString:
        return two_lines(str(row.document), row.document.customer_name)

    @admin.display(description=_("Total"))
    def amount(self, row: Correction) -> str:
        return amount(row.document.total, row.document.currency)

    @admin.display(description=_("Mode"))
    def mode(self, row: Correction) -> SafeString:
        return mode_badge(row.document.livemode)

    @admin.display(description=_("Opened"))
    def opened(self, row: Correction) -> SafeString:
        return moment(row.opened_at)

    @admin.display(description=_("Asked by"))
    def asker(self, row: Correction) -> str:
        return str(row.opened_by or row.get_asked_by_display())

    @admin.display(description=_("What is wrong"))
    def what_is_wrong(self, row: Correction) -> SafeString:
        said = format_html_join("", "<br>{}", ((line,) for line in row.statement.splitlines()))
        return format_html("<strong>{}</strong>{}", row.get_wrong_display(), said)

    @admin.display(description=_("It waits for"))
    def waits_for(self, row: Correction) -> SafeString:
        return two_lines(row.reason if row.code == "blocked" else str(WAITING[row.code]), self.since(row))

    def since(self, row: Correction) -> str:
        return str(_("since %(time)s") % {"time": f"{row.state_since:%Y-%m-%d %H:%M} UTC"})

    @admin.display(description=_("What the law leaves"))
    def law(self, row: Correction) -> SafeString | str:
        """The table's answer now, while nothing has begun; afterwards the remedy that was chosen."""
        if row.state not in UNDECIDED:
            return row.get_mending_display() or "–"
        found = offer_for(row)
        name = Mending(found.mending).label if found.mending else ""
        return format_html("<strong>{}</strong> {}", name, found.reason)

    @admin.display(description=_("What that does"))
    def what_happens(self, row: Correction) -> SafeString | str:
        mending = offer_for(row).mending if row.state in UNDECIDED else ""
        if not mending:
            return "–"
        told = preview_of(row, mending, facts_of_case(row, at=now()))
        return format_html_join("", "<p><strong>{}</strong><br>{}</p>", ((name, _lines(said)) for name, said in told))

    @admin.display(description=_("Proposed"))
    def plan_shown(self, row: Correction) -> SafeString | str:
        return _lines(plan_in_words(row)) if row.proposed_by else "–"

    @admin.display(description=_("Steps"))
    def steps(self, row: Correction) -> SafeString | str:
        shown = ((badge(name, tone), moment(at) if at else "") for name, tone, at in steps_of(row))
        return format_html_join("", "<p>{} {}</p>", shown) or "–"

    @admin.display(description=_("Next step"))
    def next_step(self, row: Correction) -> SafeString | str:
        if row.is_over:
            return str(NEXT[row.state])
        # What a service refused stands in its own words.
        waits = row.reason if row.code == "blocked" else WAITING[row.code]
        return format_html("{}<br>{} <small>{}</small>", waits, NEXT[row.state], self.since(row))

    @admin.display(description=_("Proposed and confirmed by"))
    def people(self, row: Correction) -> str:
        return ", ".join(str(person) for person in (row.proposed_by, row.confirmed_by) if person) or "–"

    @admin.display(description=_("Document"))
    def document_link(self, row: Correction) -> SafeString | str:
        return _link(row.document)

    @admin.display(description=_("Replacement"))
    def replacement_link(self, row: Correction) -> SafeString | str:
        return _link(row.replacement)

    @admin.display(description=_("Credit note"))
    def note_link(self, row: Correction) -> SafeString | str:
        return _link(row.credit_note)

    @admin.display(description=_("Sale"))
    def sale_link(self, row: Correction) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("admin:billing_sale_change", args=[row.sale_id]), row.sale)

    @admin.display(description=_("Mail to the customer"))
    def mail(self, row: Correction) -> SafeString | str:
        rows = Message.objects.filter(reference=reference_of_case(row))
        shown = ((message.recipient, message.get_status_display(), moment(message.created_at)) for message in rows)
        return format_html_join("", "<p>{} · {} {}</p>", shown) or "–"

    @admin.display(description=_("What happened"))
    def history(self, row: Correction) -> SafeString:
        rows = (
            (
                event.created_at,
                event.get_after_display(),
                TOLD.get(event.code, "") if event.before != event.after or event.code != "asked" else "",
                event.reason,
                event.actor,
            )
            for event in row.events.select_related("actor")
        )
        return trail(rows)


def steps_of(row: Correction) -> Sequence[tuple[str, str, Any]]:
    """Return the steps of a remedy that was begun: each with its colour, and the time where it was reached."""
    if row.begun_at is None:
        return []
    found: list[tuple[str, str, Any]] = [(str(_("Decided")), "good", row.begun_at)]
    if row.mending in (Mending.REPLACE, Mending.REISSUE):
        found += _issue(row.replacement, str(_("Replacement drafted")), str(_("Replacement stamped")))
    if row.mending in (Mending.REPLACE, Mending.INVALIDATE):
        gone = row.document.invalidated_at
        found += [
            (str(_("Invalidation asked for")), "good" if row.invalidation_at else "off", row.invalidation_at),
            (str(_("Old document invalidated")), "good" if gone else "off", gone),
        ]
    else:
        found += _issue(row.credit_note, str(_("Credit note drafted")), str(_("Credit note stamped")))
    is_done = row.state == CaseState.DONE
    return [*found, (str(_("Sale and customer told")), "good" if is_done else "off", row.ended_at if is_done else None)]


def _issue(document: Document | None, drafted: str, stamped: str) -> list[tuple[str, str, Any]]:
    made = document.created_at if document else None
    sealed = document.stamped_at if document else None
    is_stuck = document is not None and document.status in (Status.HELD, Status.REJECTED, Status.UNKNOWN)
    waiting = "bad" if is_stuck else "off"
    return [(drafted, "good" if made else "off", made), (stamped, "good" if sealed else waiting, sealed)]


def _lines(said: Sequence[Any]) -> SafeString:
    return format_html_join("", "{}<br>", ((line,) for line in said))


def _link(document: Document | None) -> SafeString | str:
    if document is None:
        return "–"
    name, state = str(document), document.get_status_display()
    return format_html('<a href="{}">{}</a> · {}', document.get_absolute_url(), name, state)
