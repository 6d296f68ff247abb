"""What a person types for a document without Stripe: the buyer, the lines, how it was paid and why it is by hand."""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID, uuid4

from django import forms
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.errors import InvalidProfile
from billing.manual import METHODS, ManualLine, ManualSale
from billing.models import ManualEntry, StripeEndpoint, TaxProfile
from billing.profile_checks import check_values
from billing.profile_fields import KINDS
from billing.services.enter_manual import Entered, stripe_id_of
from billing.services.snapshot_sale import plain
from billing.tax_form import CONFIRM, TaxForm
from billing.taxes import FIRST_DAY
from smartbill.faces import method_name

LINES, MORE, MOST = 3, 5, 100
"""Empty lines at first, those that a press adds, and the most: beyond it a file is the better way."""
LARGEST = Decimal(10) ** 9
TAXES = {
    "standard:in": gettext_lazy("Taxed, the price contains the tax"),
    "standard:out": gettext_lazy("Taxed, the tax is added"),
    "exempt:in": gettext_lazy("Exempt"),
    "not_subject:in": gettext_lazy("Not subject to tax"),
}
KIND_CHOICES = {
    "": gettext_lazy("As the rules decide"),
    "factura": gettext_lazy("Factura"),
    "ccf": gettext_lazy("Comprobante de crédito fiscal"),
    "export": gettext_lazy("Factura de exportación"),
}


STAFF_HELP = {
    "legal_name": gettext_lazy("As the buyer is registered, or as in their document."),
    "nrc": gettext_lazy("The number of the buyer's IVA registration card; needed for a comprobante de crédito fiscal."),
    "district": gettext_lazy("Of the same department as the municipality."),
}
"""The customer's form speaks to the buyer; this one speaks of them."""


class LineForm(forms.Form):
    """One line; one that is left empty is none."""

    description = forms.CharField(label=gettext_lazy("Description"), max_length=1000, required=False)
    quantity = forms.DecimalField(
        label=gettext_lazy("Quantity"), max_digits=15, decimal_places=6, required=False, localize=False
    )
    unit_price = forms.DecimalField(label=gettext_lazy("Price of one"), max_digits=17, decimal_places=8, required=False)
    discount = forms.DecimalField(
        label=gettext_lazy("Discount on the line"), max_digits=13, decimal_places=2, min_value=0, required=False
    )
    tax = forms.ChoiceField(label=gettext_lazy("Tax"), choices=list(TAXES.items()))
    goods = forms.BooleanField(label=gettext_lazy("Goods"), required=False)

    @property
    def is_empty(self) -> bool:
        return not any(self.cleaned_data.get(name) for name in ("description", "quantity", "unit_price", "discount"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors or self.is_empty:
            return cleaned
        if not cleaned["description"].strip():
            self.add_error("description", _("Say what was sold."))
        if cleaned["unit_price"] is None or not 0 <= cleaned["unit_price"] < LARGEST:
            self.add_error("unit_price", _("Give a price that is not negative."))
        if cleaned["quantity"] is not None and not 0 < cleaned["quantity"] < LARGEST:
            self.add_error("quantity", _("The quantity must be above zero."))
        return cleaned

    def line(self) -> ManualLine:
        typed = self.cleaned_data
        tax_class, _colon, place = typed["tax"].partition(":")
        return ManualLine(
            description=typed["description"].strip(),
            quantity=Decimal(1) if typed["quantity"] is None else typed["quantity"],
            unit_price=typed["unit_price"],
            discount=typed["discount"] or Decimal(0),
            tax_class=tax_class,
            inclusive=place == "in",
            goods=typed["goods"],
        )


class _LineSet(forms.BaseFormSet):  # type: ignore[type-arg]
    needed = ("description", "unit_price", "tax")
    """What a line that is not left empty has to say."""

    def clean(self) -> None:
        if any(self.errors):
            return
        if not self.lines():
            raise forms.ValidationError(_("Give at least one line."))
        if sum(line.quantity * line.unit_price for line in self.lines()) >= LARGEST:
            raise forms.ValidationError(_("The lines come to more than a document can carry."))

    def lines(self) -> list[ManualLine]:
        return [form.line() for form in self.forms if not form.is_empty]


LineSet = forms.formset_factory(
    LineForm, formset=_LineSet, extra=LINES, max_num=MOST, absolute_max=MOST, validate_max=True
)


class ManualForm(TaxForm):
    """The rest of it. `token` is that of this form for ever; `shown` names what the last preview showed."""

    endpoint = forms.ModelChoiceField(
        label=gettext_lazy("Issuer and Stripe account"),
        queryset=StripeEndpoint.objects.filter(enabled=True, issuer__active=True).select_related("issuer"),
    )
    customer_id = forms.CharField(
        label=gettext_lazy("Known customer"),
        max_length=255,
        required=False,
        widget=forms.TextInput({"list": "known-customers", "autocomplete": "off"}),
        help_text=gettext_lazy("Type a part of the name and choose. Leave it empty to type the buyer below."),
    )
    document_kind = forms.ChoiceField(
        label=gettext_lazy("Kind of document"), choices=list(KIND_CHOICES.items()), required=False
    )
    method = forms.ChoiceField(label=gettext_lazy("How it was paid"))
    payment_reference = forms.CharField(label=gettext_lazy("Reference of the payment"), max_length=50, required=False)
    paid_at = forms.DateTimeField(label=gettext_lazy("Paid at"), widget=forms.DateTimeInput({"type": "datetime-local"}))
    why = forms.ChoiceField(label=gettext_lazy("Why without Stripe"), choices=ManualEntry.Reason.choices)
    note = forms.CharField(label=gettext_lazy("Note"), max_length=500, required=False)
    expects_payment = forms.ChoiceField(
        label=gettext_lazy("Will this payment appear at Stripe?"),
        choices=[
            ("", gettext_lazy("Choose")),
            ("yes", gettext_lazy("Yes, later: it must not get a second document")),
            ("no", gettext_lazy("No, it was paid otherwise")),
        ],
    )
    stripe_id = forms.CharField(
        label=gettext_lazy("Its Stripe id, if it is known"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("in_…, pi_…, cs_… or ch_…: then it is linked by itself when it arrives."),
    )
    extras = forms.CharField(
        label=gettext_lazy("Extra properties"),
        required=False,
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=gettext_lazy("For rare cases, as JSON: notes, appendix, customs. Empty: none."),
    )
    is_another = forms.BooleanField(label=gettext_lazy("I have looked: it is another sale than these"), required=False)
    token = forms.UUIDField(widget=forms.HiddenInput)
    shown = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    sections = {
        gettext_lazy("The sale"): [
            "endpoint", "why", "note", "paid_at", "method", "payment_reference", "expects_payment", "stripe_id",
        ],
        gettext_lazy("The buyer"): [
            "customer_id", "document_kind", "kind", "legal_name", "id_type", "id_number", CONFIRM, "nrc",
            "activity_code", "country", "municipality", "district", "line", "city", "postal_code", "email", "phone",
        ],
        gettext_lazy("Rare cases"): ["extras"],
    }  # fmt: skip

    def __init__(self, data: Any = None) -> None:
        at = localtime(now()).replace(tzinfo=None, second=0, microsecond=0)
        super().__init__(data, initial={"token": uuid4(), "paid_at": at.isoformat(timespec="minutes")})
        kind = cast(forms.ChoiceField, self.fields["kind"])
        kind.required, kind.label, kind.widget = False, gettext_lazy("Kind of buyer"), forms.Select()
        kind.choices = [("", gettext_lazy("Decided by the other data")), *KINDS.items()]
        endpoint = cast(forms.ModelChoiceField, self.fields["endpoint"])  # type: ignore[type-arg]
        endpoint.label_from_instance = _account  # type: ignore[assignment,method-assign]
        if len(accounts := list(StripeEndpoint.objects.filter(enabled=True, issuer__active=True)[:2])) == 1:
            self.initial["endpoint"] = accounts[0].pk
        for name, text in STAFF_HELP.items():
            self.fields[name].help_text = text
        cast(forms.ChoiceField, self.fields["method"]).choices = [(name, method_name(name)) for name in METHODS]
        cast(forms.DateTimeField, self.fields["paid_at"]).input_formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]

    def parts(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """Return the fields under their headings."""
        return [
            (heading, [self[name] for name in names if name in self.fields]) for heading, names in self.sections.items()
        ]

    def clean_paid_at(self) -> datetime:
        at: datetime = self.cleaned_data["paid_at"]
        # The date alone is compared: the first and the last days of the calendar have no other time zone.
        if at.date() <= FIRST_DAY:
            raise forms.ValidationError(_("The tax of that day is not known: give the day of the payment."))
        if at > now():
            raise forms.ValidationError(_("The time of the payment lies in the future."))
        return at

    def clean_stripe_id(self) -> str:
        typed: str = self.cleaned_data["stripe_id"].strip()
        if typed:
            try:
                stripe_id_of(typed)
            except InvalidProfile as error:
                raise forms.ValidationError(str(error)) from error
        return typed

    def clean_extras(self) -> Mapping[str, Any]:
        """Read the properties; what each must look like is asked of the provider's rules with all the rest."""
        typed = self.cleaned_data["extras"].strip()
        try:
            found = json.loads(typed, parse_float=str) if typed else {}
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(_("This is not JSON: %(why)s") % {"why": error}) from error
        if plain(found) != found:
            raise forms.ValidationError(_("There is a character or a name in it that cannot be kept: remove it."))
        if not isinstance(found, dict):
            raise forms.ValidationError(_("Give an object in braces, such as {“notes”: “…”}."))
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.errors:
            return cleaned
        if cleaned["customer_id"]:
            self._clean_customer(cleaned)
        else:
            _checked, problems = check_values(self.values(), known={})
            self.show(problems)
        if cleaned["stripe_id"] and cleaned["expects_payment"] == "no":
            self.add_error("expects_payment", _("A Stripe id was given: then the payment appears at Stripe."))
        return cleaned

    def _clean_customer(self, cleaned: dict[str, Any]) -> None:
        typed = [name for name, value in self.values().items() if value]
        if typed:
            self.add_error("customer_id", _("Choose a known customer or type the buyer, not both."))
            return
        rows = TaxProfile.objects.filter(customer_id=cleaned["customer_id"], livemode=cleaned["endpoint"].livemode)
        if not rows.exists():
            self.add_error("customer_id", _("Nothing is known of this customer: type the buyer below."))

    def entered(self, lines: list[ManualLine]) -> Entered:
        typed = self.cleaned_data
        sale = ManualSale(
            lines=lines,
            paid_at=typed["paid_at"],
            method=typed["method"],
            payment_reference=typed["payment_reference"].strip(),
            kind=typed["document_kind"],
            customer_id=typed["customer_id"],
            extras=typed["extras"],
        )
        return Entered(
            endpoint=typed["endpoint"],
            sale=sale,
            why=typed["why"],
            note=typed["note"].strip(),
            buyer=None if typed["customer_id"] else self.values(),
            stripe_id=typed["stripe_id"],
            expects_payment=typed["expects_payment"] == "yes",
            is_another=typed["is_another"],
            is_confirmed=self.is_confirmed,
        )

    @property
    def form_token(self) -> UUID:
        return cast(UUID, self.cleaned_data["token"])


def _account(endpoint: StripeEndpoint) -> str:
    mode = _("LIVE") if endpoint.livemode else _("TEST")
    return f"{endpoint.issuer} · {endpoint.label} · {endpoint.issuer.currency} · {mode}"
