"""The door of every page that is not public: signed in, in time, and with a second factor."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from config.sign_in.session import has_second_factor, is_over

OPEN_WITHOUT_FACTOR = "may_lack_second_factor"


def before_second_factor(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view as one that a signed-in person needs on the way to a second factor."""
    setattr(view, OPEN_WITHOUT_FACTOR, True)
    return view


class StaffDoorMiddleware(LoginRequiredMiddleware):
    """Closed by default, as Django's own: what is open to strangers says so with `login_not_required`.

    A person who is signed in but has shown no second factor in this session is led to set one up, whatever was asked.
    """

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        if not getattr(view_func, "login_required", True):
            return None
        if request.user.is_authenticated and is_over(request):
            logout(request)
            messages.info(request, _("Your session has ended. Please sign in again."))
        refused = super().process_view(request, view_func, view_args, view_kwargs)
        if refused is not None:
            return refused
        if has_second_factor(request) or getattr(view_func, OPEN_WITHOUT_FACTOR, False):
            return None
        return HttpResponseRedirect(
            f"{reverse('mfa_activate_totp')}?{urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})}"
        )
