"""The sign-in form in the words of the house."""

from typing import Any

from allauth.account.forms import LoginForm
from django import forms
from django.utils.translation import gettext_lazy as _


class SignInForm(LoginForm):  # type: ignore[misc]
    """Name and password. A forgotten password is set anew by whoever may edit people: no link goes out by mail."""

    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = self.fields["login"].widget
        name.attrs = {"autocomplete": "username", "autofocus": True, "autocapitalize": "none", "spellcheck": "false"}
