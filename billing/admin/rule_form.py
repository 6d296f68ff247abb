"""The form of a rule: up to six conditions, each a fact, a comparison and a value, and never free code."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.errors import InvalidRule
from billing.models import Rule
from billing.rule_conditions import FACTS, Condition, Operator, condition_from
from billing.services.save_rule import FIELDS, MOST_CONDITIONS, checked_rule

ROWS = range(1, MOST_CONDITIONS + 1)
CONDITIONS = [(f"fact_{n}", f"operator_{n}", f"value_{n}") for n in ROWS]
"""The names of the form's fields, one line per condition."""
SAID = [name for name in FIELDS if name != "conditions"]


class _RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """`seen` is the version that the page showed: who changes another one is told so."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(
        label=_("Reason for the change"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It is kept with what was before and after."),
    )

    class Meta:
        model = Rule
        fields = ["issuer", *SAID]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("people", "terms", "chosen_kind", "position"):
            self.fields[name].required = name == "position"
        if self.instance.pk:
            self.fields["issuer"].disabled = True
            self.initial = {**self.initial, "seen": self.instance.version, **_filled(self.instance)}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        cleaned["people"] = cleaned.get("people") or 1
        try:
            cleaned["conditions"] = self._conditions(cleaned)
            checked_rule(cleaned)
        except InvalidRule as error:
            raise forms.ValidationError(str(error)) from error
        self.instance.conditions = [each.as_json() for each in cleaned["conditions"]]
        if self.instance.pk and not cleaned["reason"].strip():
            self.add_error("reason", _("Say why the rule changes."))
        return cleaned

    def validate_constraints(self) -> None:
        """Leave it to the service, which says what the columns come to."""

    def values(self) -> Mapping[str, Any]:
        """Return what the service stores."""
        return {name: self.cleaned_data[name] for name in FIELDS}

    def _conditions(self, cleaned: Mapping[str, Any]) -> list[Condition]:
        found = []
        for fact, operator, value in CONDITIONS:
            if cleaned[fact]:
                try:
                    found.append(condition_from(cleaned[fact], cleaned[operator], cleaned[value]))
                except InvalidRule as error:
                    self.add_error(value, str(error))
            elif cleaned[value].strip():
                self.add_error(fact, _("Choose what the condition is about."))
        if not found and not self.errors:
            raise InvalidRule(str(_("Give at least one condition.")))
        return found


def _filled(rule: Rule) -> dict[str, str]:
    """Return the form's fields for the conditions of a rule."""
    rows = [Condition.from_json(row) for row in rule.conditions]
    return {
        name: text
        for names, row in zip(CONDITIONS, rows, strict=False)
        for name, text in zip(names, (row.fact, row.operator, ", ".join(row.value)), strict=True)
    }


def _condition_fields() -> dict[str, forms.Field]:
    facts = [("", "–"), *((name, fact.label) for name, fact in FACTS.items())]
    fields: dict[str, forms.Field] = {}
    for number, (fact, operator, value) in zip(ROWS, CONDITIONS, strict=True):
        fields[fact] = forms.ChoiceField(
            label=_("Condition") if number == 1 else _("and"), choices=facts, required=False
        )
        fields[operator] = forms.ChoiceField(label=_("compared"), choices=Operator.choices, required=False)
        fields[value] = forms.CharField(label=_("with"), required=False, max_length=2000)
    return fields


RuleForm: type[_RuleForm] = type("RuleForm", (_RuleForm,), _condition_fields())
