"""A tick box that stands for one value: what was ticked for another one counts for nothing."""

from typing import Any

from django import forms

from config.admin.texts import Text


class TickFor(forms.CheckboxInput):
    """Sends its value when it is ticked, and shows itself ticked for that value only."""

    def __init__(self, value: str) -> None:
        super().__init__(check_test=lambda given: given == value)
        self.value = value

    def format_value(self, value: Any) -> str:
        return self.value

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.get(name, "")


def ask_once(form: forms.Form, name: str, *, value: str, label: Text, error: Text, after: str) -> None:
    """Put the box behind a field of a form that is being cleaned; until it is ticked for this value, that is an error.

    What was ticked stands in the cleaned data.
    """
    is_ticked = form.data.get(form.add_prefix(name)) == value
    fields = dict(form.fields)
    form.fields.clear()
    for each, field in fields.items():
        form.fields[each] = field
        if each == after:
            form.fields[name] = forms.CharField(label=label, required=False, widget=TickFor(value))
    if is_ticked:
        form.cleaned_data[name] = value
    else:
        form.add_error(name, str(error))
