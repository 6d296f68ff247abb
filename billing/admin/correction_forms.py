"""What the questions about a correction ask, each with what the remedy does."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.correction_preview import preview_of
from billing.corrections import Mending, Wrong, mending_for
from billing.models import Correction, profile_of
from billing.models.correction import ANSWER_LENGTH
from billing.reduction import reduced
from billing.services.correction_facts import facts_of_case
from billing.services.decide_correction import fingerprint
from billing.services.plan_blockers import plan_blockers, seen_of
from billing.services.redraft import with_present_buyer
from config.admin import ReasonForm, amount
from smartbill.admin.forms import ADDRESS, PARTY, CorrectForm
from smartbill.admin.page import label_of
from smartbill.drafts import Draft
from smartbill.services.credit import line_rests

MOST_LINES = 200


def answer_field(*, required: bool = False) -> forms.CharField:
    """Return the field of what the customer reads."""
    return forms.CharField(
        label=gettext_lazy("Answer to the customer"),
        required=required,
        max_length=ANSWER_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("It stands in the mail and on the customer's page, in their language: you write it."),
    )


class OpenForm(forms.ModelForm):  # type: ignore[type-arg]
    """What do you want to fix?"""

    class Meta:
        model = Correction
        fields = ["document", "wrong", "statement"]
        labels = {"wrong": gettext_lazy("What do you want to fix?"), "statement": gettext_lazy("In your words")}
        widgets = {"document": forms.HiddenInput, "wrong": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["wrong"] = forms.ChoiceField(
            label=self.fields["wrong"].label, choices=Wrong.choices, widget=forms.RadioSelect
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        document = cleaned.get("document")
        if document and (open_one := document.cases.open().first()):
            self.add_error(None, _("A correction of this document is open already: %(case)s") % {"case": open_one})
        return cleaned

    def validate_constraints(self) -> None:
        """Leave it to the service, which says what it refuses in words."""


class MendForm(ReasonForm):
    """A remedy with its preview."""

    mending = ""
    answer = answer_field()

    def __init__(self, *args: Any, rows: Any, **kwargs: Any) -> None:
        super().__init__(*args, rows=rows, **kwargs)
        self.preview = preview_of(rows[0], self.mending, facts_of_case(rows[0], at=now()))


class InvalidateCaseForm(MendForm):
    mending = Mending.INVALIDATE


class ConfirmCaseForm(ReasonForm):
    """The second person sees the plan of the first, and stands by that very one."""

    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, rows: Any, **kwargs: Any) -> None:
        super().__init__(*args, rows=rows, **kwargs)
        case: Correction = rows[0]
        told = preview_of(case, case.mending, facts_of_case(case, at=now()))
        self.preview = [(_("Proposed"), plan_in_words(case)), *told]
        self.fields["seen"].initial = fingerprint(case)


class DeclineForm(ReasonForm):
    """Nothing is changed, and whoever asked is told why."""

    answer = answer_field()

    def __init__(self, *args: Any, rows: Any, **kwargs: Any) -> None:
        super().__init__(*args, rows=rows, **kwargs)
        self.fields["answer"].required = any(row.asked_by == Correction.AskedBy.CUSTOMER for row in rows)


class LineAmounts(forms.Form):
    """An amount to take back for each line of the document, out of what is left of it."""

    def add_lines(self, draft: Draft, rests: list[Decimal]) -> None:
        for number, line in enumerate(draft.lines[:MOST_LINES]):
            label = _("Take back of line %(line)s: %(what)s") % {"line": number + 1, "what": line.description[:80]}
            self.fields[f"line_{number}"] = forms.DecimalField(
                label=label,
                required=False,
                min_value=Decimal(0),
                max_value=max(rests[number], Decimal(0)),
                max_digits=12,
                decimal_places=2,
                help_text=_("At most %(left)s, tax included.") % {"left": amount(rests[number], draft.currency)},
            )
        if len(draft.lines) > MOST_LINES:
            last = self.fields[f"line_{MOST_LINES - 1}"]
            text = _(
                "The document has %(count)s lines; those after this one cannot be chosen here and stay as they are."
            )
            last.help_text = f"{last.help_text} {text % {'count': len(draft.lines)}}"

    def taken(self) -> dict[int, Decimal]:
        """Return the amounts that were typed, by the line counted from 0."""
        typed = {name: value for name, value in self.cleaned_data.items() if name.startswith("line_") and value}
        return {int(name.removeprefix("line_")): value for name, value in typed.items()}


class CreditForm(LineAmounts, MendForm):
    mending = Mending.CREDIT_NOTE

    def __init__(self, *args: Any, rows: Any, **kwargs: Any) -> None:
        super().__init__(*args, rows=rows, **kwargs)
        document = rows[0].document
        draft = document.revisions.get(number=document.revision).draft
        # What should not exist is credited whole, and there is nothing to choose.
        self.is_whole = rows[0].wrong != Wrong.AMOUNT
        if not self.is_whole:
            self.add_lines(draft, line_rests(document))
        self.order_fields([*(name for name in self.fields if name.startswith("line_")), "answer", "reason"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not self.is_whole and not self.taken():
            self.add_error(None, _("Say of at least one line how much is taken back."))
        return cleaned

    def service_fields(self) -> dict[str, Any]:
        return {"lines": self.taken(), **{name: self.cleaned_data[name] for name in ("answer", "reason")}}


class ReplaceForm(LineAmounts, CorrectForm):
    """The document as it shall be. The buyer is shown as known today; the lines only where the amount is wrong."""

    answer = answer_field()

    def __init__(self, *args: Any, rows: Any, **kwargs: Any) -> None:
        self.case: Correction = rows[0]
        self.facts = facts_of_case(self.case, at=now())
        super().__init__(*args, rows=[self.case.document], **kwargs)
        if self.case.wrong == Wrong.AMOUNT:
            self.add_lines(self.before, [line.total for line in self.before.lines])
        lines = [name for name in self.fields if name.startswith("line_")]
        self.order_fields([*lines, "kind", *PARTY, *ADDRESS, "answer", "reason"])
        self.preview = preview_of(self.case, mending_for(self.facts).mending or Mending.REPLACE, self.facts)

    def starting_draft(self, issued: Draft) -> Draft:
        sale = self.case.sale
        return with_present_buyer(issued, sale, profile_of(sale.buyer_id, livemode=sale.livemode))

    def clean(self) -> dict[str, Any]:
        if self.case.wrong == Wrong.AMOUNT and not self.errors:
            taken = sum(self.taken().values(), Decimal(0))
            if taken != self.facts.refunded:
                text = _("%(refunded)s went back at Stripe, and %(taken)s is taken out of the lines: make them equal.")
                shown = {"refunded": self.facts.refunded, "taken": taken}
                money = {name: amount(value, self.before.currency) for name, value in shown.items()}
                raise forms.ValidationError(text % money)
        cleaned = super().clean()
        if not self.errors:
            plan = {"draft": self.draft().as_json(), "seen": seen_of(self.facts)}
            for blocker in plan_blockers(self.case, mending_for(self.facts).mending, plan, self.facts):
                self.add_error(None, blocker)
        return cleaned

    def draft(self) -> Draft:
        """Return the draft as typed, over what is left of the lines."""
        return reduced(super().draft(), self.taken())

    def service_fields(self) -> dict[str, Any]:
        return {"draft": self.draft(), **{name: self.cleaned_data[name] for name in ("answer", "reason")}}


def plan_in_words(case: Correction) -> list[str]:
    """Return what the proposed remedy is made of, line by line: what changes, from what to what."""
    who = _("%(who)s proposes: %(what)s") % {"who": case.proposed_by, "what": case.get_mending_display()}
    said = [who, *([_("Answer: %(answer)s") % {"answer": case.answer}] if case.answer else [])]
    issued = case.document.revisions.get(number=case.document.revision).draft
    for number, value in case.plan.get("lines", {}).items():
        what = issued.lines[int(number)].description
        text = _("Line %(line)s, %(what)s: %(amount)s back")
        shown = amount(Decimal(value), case.document.currency)
        said.append(text % {"line": int(number) + 1, "what": what, "amount": shown})
    if "draft" in case.plan:
        said += _changes(issued, Draft.from_json(case.plan["draft"]))
    return said


def _changes(before: Draft, after: Draft) -> list[str]:
    pairs = [("kind", before.kind, after.kind)]
    pairs += [("total", amount(before.total, before.currency), amount(after.total, after.currency))]
    pairs += [(name, getattr(before.party, name), getattr(after.party, name)) for name in PARTY]
    address = (before.party.address, after.party.address)
    pairs += [(name, getattr(address[0], name), getattr(address[1], name)) for name in ADDRESS]
    return [f"{label_of(name)}: {old or '–'} → {new or '–'}" for name, old, new in pairs if old != new]
