"""What the confirmations of a document's actions ask."""

import re
from dataclasses import fields, replace
from typing import Any, cast

from django import forms
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from config.admin import ConfirmForm, ReasonForm
from config.admin.ticked import ask_once
from smartbill.admin.catalogue_fields import PLACES, CatalogueField, PlaceField, fields_of_catalogues, within
from smartbill.admin.deadlines import window_text
from smartbill.admin.page import open_problems
from smartbill.drafts import CORRECTED, Address, Draft, Party, Provenance
from smartbill.legal_rules import INVALIDATION
from smartbill.lifecycle import Kind
from smartbill.models import Document
from smartbill.providers import provider_for
from smartbill.providers.el_salvador.catalogues import ACTIVITIES, catalogue
from smartbill.services.create import findings_of
from smartbill.services.propose import in_words, open_proposal
from smartbill.services.windows import windows_of_documents

CODE = re.compile(r"(?i)\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b")
ADDRESS = [field.name for field in fields(Address)]
MOST_TOLD = 20
"""Documents whose windows a question names one by one."""
PARTY = [field.name for field in fields(Party) if field.name != "address"]


class FoundForm(ConfirmForm):
    """A person found the document at the provider and says under which code."""

    code = forms.CharField(
        label=_("Generation code or link"),
        max_length=500,
        help_text=_("As the provider shows it. The document is read there and compared before it is taken as ours."),
    )

    reason = forms.CharField(
        label=_("Note"), required=False, max_length=500, help_text=_("Where you found it, for whoever reads it later.")
    )

    def clean_code(self) -> str:
        """Return the one code in what was typed: a code, or a link that carries one."""
        codes: set[str] = {code.upper() for code in CODE.findall(self.cleaned_data["code"])}
        if len(codes) != 1:
            raise forms.ValidationError(_("A generation code has 36 characters, such as 4E1F…-…."))
        return codes.pop()


class ConfirmAnswerForm(ConfirmForm):
    """A second person stands by the answer of the first: the very one that is shown here."""

    seen = forms.BooleanField(label=_("I have looked at the provider myself and confirm this answer"))
    proposal_id = forms.IntegerField(widget=forms.HiddenInput)
    field_order = ["seen", "proposal_id"]

    def __init__(self, *args: Any, rows: Any, **kwargs: Any) -> None:
        super().__init__(*args, rows=rows, **kwargs)
        if waiting := open_proposal(rows[0]):
            text = _("%(who)s says: %(what)s") % {"who": waiting.proposed_by, "what": in_words(waiting)}
            self.fields["seen"].help_text = text
            self.fields["proposal_id"].initial = waiting.pk

    def service_fields(self) -> dict[str, Any]:
        return {"proposal_id": self.cleaned_data["proposal_id"]}


class ResendForm(ReasonForm):
    """A mail is sent again, to the same or another address."""

    recipient = forms.EmailField(
        label=_("To another address"), required=False, help_text=_("Empty: to the customer's address on the document.")
    )
    field_order = ["recipient", "reason"]


class InvalidateForm(ReasonForm):
    """Says of each chosen document until when it can be invalidated, and by which text; it blocks nothing."""

    def __init__(self, *args: Any, rows: Any, **kwargs: Any) -> None:
        super().__init__(*args, rows=rows, **kwargs)
        windows = windows_of_documents(rows)
        told = [f"{row}: {window_text(found)}" for row in rows if (found := windows[row.pk].get(INVALIDATION))]
        self.fields["reason"].help_text = format_html_join("", "{}<br>", ((line,) for line in told[:MOST_TOLD]))


class CorrectForm(ReasonForm):
    """The buyer and the kind of the document as they shall be; the rest of the draft stays as it was charged."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Kind.choices)
    name = forms.CharField(label=_("Name"), max_length=250, required=False)
    commercial_name = forms.CharField(label=_("Commercial name"), max_length=150, required=False)
    tax_id_type = forms.ChoiceField(
        label=_("Kind of tax id"),
        required=False,
        choices=[
            ("", _("None")),
            ("nit", "NIT"),
            ("dui", "DUI"),
            ("passport", _("Passport")),
            ("resident_card", _("Resident card")),
            ("other", _("Other")),
        ],
    )
    tax_id = forms.CharField(label=_("Tax id"), max_length=25, required=False)
    nrc = forms.CharField(label="NRC", max_length=8, required=False)
    activity_text = forms.CharField(label=_("Activity"), max_length=150, required=False)
    person_type = forms.ChoiceField(
        label=_("Natural or legal person"),
        required=False,
        choices=[("", _("Not stated")), ("natural", _("Natural person")), ("legal", _("Legal person"))],
    )
    email = forms.CharField(label=_("E-mail"), max_length=254, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=30, required=False)
    line = forms.CharField(label=_("Address"), max_length=200, required=False)
    city = forms.CharField(label=_("City"), max_length=100, required=False)
    postal_code = forms.CharField(label=_("Postal code"), max_length=20, required=False)
    field_order = ["kind", *PARTY, *ADDRESS, "reason"]

    def __init__(self, *args: Any, rows: Any, **kwargs: Any) -> None:
        self.document: Document = rows[0]
        revision = self.document.revisions.get(number=self.document.revision)
        self.before = self.starting_draft(revision.draft)
        party = self.before.party
        initial = {
            "kind": self.before.kind,
            **{name: getattr(party, name) for name in PARTY},
            **{name: getattr(party.address, name) for name in ADDRESS},
        }
        super().__init__(*args, rows=rows, initial=initial, **kwargs)
        self._offer_catalogues(party.address.department)
        kinds = cast(forms.ChoiceField, self.fields["kind"])
        is_note = self.before.corrects is not None
        kinds.choices = [row for row in Kind.choices if (row[0] == Kind.CREDIT_NOTE) is is_note]
        for problem in open_problems(self.document, revision, self.document.attempts.order_by("id")):
            if (name := problem["field"].rsplit(".", 1)[-1]) in self.fields:
                self.fields[name].help_text = problem["message"]
                self.todo |= {name}

    def starting_draft(self, issued: Draft) -> Draft:
        """Return the draft whose values the form shows first."""
        return issued

    def _offer_catalogues(self, department: str) -> None:
        self.fields.update(fields_of_catalogues())
        for name in ("activity_code", "country", "department"):
            cast(CatalogueField, self.fields[name]).keep(self.initial[name])
        for name in PLACES:
            cast(PlaceField, self.fields[name]).keep(self.initial[name], department)
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        """Ask the provider's rules at once, so that what is still wrong stands beside its field."""
        cleaned = super().clean() or self.cleaned_data
        for name in PLACES:
            try:
                cleaned[name] = within(cleaned.get(name, ""), cleaned.get("department", ""))
            except forms.ValidationError as error:
                self.add_error(name, error)
        if not self.errors and cleaned["activity_code"] != self.initial["activity_code"]:
            self._follow_activity(cleaned)
        if not self.errors:
            for problem in findings_of(self.document.issuer, self.draft()).problems:
                name = problem.field.rsplit(".", 1)[-1]
                self.add_error(name if name in self.fields else None, str(problem.message))
        if not self.errors:
            self._ask_about_number()
        return cleaned

    def _ask_about_number(self) -> None:
        """Ask once whether a number that looks like a typing error is right, unless it was issued as it is."""
        draft = self.draft()
        is_open = any(problem.code == "doubt" for problem in self.before.held_because)
        if draft.party.tax_id == self.before.party.tax_id and not is_open:
            return
        for doubt in provider_for(self.document.issuer).doubts(draft):
            label = _("The number is right: I have compared it with the card")
            number = draft.party.tax_id
            ask_once(self, "is_right", value=number, label=label, error=str(doubt.message), after="tax_id")

    def _follow_activity(self, cleaned: dict[str, Any]) -> None:
        """Have the text say what the chosen code says, unless a person typed another one."""
        if cleaned["activity_text"] == self.initial["activity_text"]:
            cleaned["activity_text"] = catalogue(ACTIVITIES).get(cleaned["activity_code"], "")[:150]

    def draft(self) -> Draft:
        """Return the draft with the buyer as typed; each changed field says that a person changed it."""
        typed = {name: self.cleaned_data[name].strip() for name in ("kind", *PARTY, *ADDRESS)}
        address = replace(self.before.party.address, **{name: typed[name] for name in ADDRESS})
        party = replace(self.before.party, address=address, **{name: typed[name] for name in PARTY})
        return replace(
            self.before,
            kind=typed["kind"],
            party=party,
            provenance={**self.before.provenance, **self._corrections(typed)},
            held_because=(),
        )

    def _corrections(self, typed: dict[str, str]) -> dict[str, Provenance]:
        return {
            _path(name): Provenance(source=CORRECTED, raw=str(self.initial[name]), rule=self.cleaned_data["reason"])
            for name, value in typed.items()
            if value != self.initial[name]
        }

    def service_fields(self) -> dict[str, Any]:
        return {
            "draft": replace(self.draft(), held_because=self.before.held_because),
            "reason": self.cleaned_data["reason"],
        }


def _path(name: str) -> str:
    if name == "kind":
        return "kind"
    return f"party.address.{name}" if name in ADDRESS else f"party.{name}"
