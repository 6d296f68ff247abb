"""A password or code given once more, before what cannot be undone."""

from typing import Any

from allauth.core import ratelimit
from allauth.mfa.base.forms import ReauthenticateForm
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.sign_in import session


class ProofField(forms.CharField):
    """Where the password or a code is typed; it is never sent back to the page."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=gettext_lazy("Your password, or a code of your app"),
            help_text=gettext_lazy("Asked again after a while, because this cannot be undone or opens doors."),
            strip=False,
            max_length=200,
            widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
            **kwargs,
        )


class ProofForm(forms.Form):
    """The question by itself, beside a form that is about something else."""

    proof = ProofField()

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        self.request = request
        super().__init__(*args, **kwargs)

    def clean_proof(self) -> str:
        take_proof(self.request, self.cleaned_data["proof"])
        return ""


def take_proof(request: HttpRequest, typed: str) -> None:
    """Note that the person proved who they are, or raise ValidationError. Wrong answers are counted and slowed down."""
    if not ratelimit.consume(request, action="reauthenticate", user=request.user):
        raise ValidationError(_("Too many tries. Please wait five minutes."))
    if request.user.check_password(typed):
        session.prove(request, request.user, "password", reauthenticated=True)
        return
    form = ReauthenticateForm(user=request.user, data={"code": typed.strip()})
    if not form.is_valid():
        raise ValidationError(_("That is neither your password nor a code that holds now."))
    form.save()
