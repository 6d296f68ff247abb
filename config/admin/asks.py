"""What a form of the set-up asks besides its own fields: why, and who is sitting there."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.sign_in.proof import ProofField, take_proof
from config.sign_in.session import is_fresh
from config.trail import LONGEST_REASON, acting
from config.trail_triggers import is_watched

PREFIX = "ask"


class AskForm(forms.Form):
    """A reason where the trail wants one, a proof where the session's last one is too old."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("It stands in the trail, beside what was before and what is now."),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    proof = ProofField()

    def __init__(self, data: Any, *, request: HttpRequest, reason: bool, must: bool, proof: bool) -> None:
        self.request = request
        super().__init__(data, prefix=PREFIX)
        self.fields["reason"].required = must
        for name, is_asked in (("reason", reason), ("proof", proof)):
            if not is_asked:
                del self.fields[name]

    def clean_proof(self) -> str:
        take_proof(self.request, self.cleaned_data["proof"])
        return ""


class AskingAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Forms and actions on what the trail watches: who acts and why is told to the database, in one place.

    `asks_reason` is False where the form has a field `reason` of its own.
    """

    needs_proof: ClassVar[bool] = False
    asks_reason: ClassVar[bool] = True

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Have the form refused as long as what is asked beside it is not answered."""
        form = super().get_form(request, obj, change=change, **kwargs)
        ask = self.ask(request, obj)
        return form if ask is None or request.method != "POST" else _asking(form, ask)

    def ask(self, request: HttpRequest, obj: Any) -> AskForm | None:
        """Return what has to be asked, the same form for the whole of a request, or None."""
        if not hasattr(request, "_ask"):
            reason = self.asks_reason and is_watched(self.model)
            proof = self.needs_proof and not is_fresh(request)
            data = request.POST if request.method == "POST" else None
            found = AskForm(data, request=request, reason=reason, must=obj is not None, proof=proof)
            request._ask = found if found.fields else None  # type: ignore[attr-defined]
        return request._ask  # type: ignore[attr-defined,no-any-return]

    def acting(self, request: HttpRequest, reason: str) -> AbstractContextManager[None]:
        """Return a transaction whose changes are this person's, or nothing where nothing is watched."""
        return acting(request.user, reason=reason) if is_watched(self.model) else nullcontext()

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        reason = request.POST.get(f"{PREFIX}-reason" if self.asks_reason else "reason", "")
        with self.acting(request, reason):
            return super().changeform_view(request, object_id, form_url, extra_context)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        edits = self.has_add_permission(request) if add else self.has_change_permission(request, obj)
        context["ask"] = self.ask(request, obj) if edits else None
        return super().render_change_form(request, context, add, change, form_url, obj)


def _asking(form: Any, ask: AskForm) -> Any:
    """Return the form, which is valid only when what is asked beside it is answered as well."""

    class Asking(form):  # type: ignore[misc]
        def clean(self) -> Any:
            cleaned = super().clean()
            if not ask.is_valid():
                raise ValidationError(_("Please answer what is asked at the end of the form."))
            return cleaned

    return Asking
