"""The pages of one's own account: only those of allauth that staff need, by the names that allauth knows them by."""

import functools
from collections.abc import Callable
from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.usersessions import views as sessions
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from config.sign_in.middleware import before_second_factor
from config.trail import acting

View = Callable[..., HttpResponseBase]


def own(view: View) -> View:
    """Have what a person changes about themselves stand in the trail as theirs."""

    @never_cache
    @functools.wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        with acting(request.user, reason=_("Changed by the person themselves.")):
            return view(request, *args, **kwargs)

    return page


def first(view: View) -> View:
    """Mark a page that leads to a second factor, and can be reached without one."""
    return before_second_factor(own(view))


class PasswordChange(account.PasswordChangeView):  # type: ignore[misc]
    """Nobody sets a first password here: whoever may edit people does that."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not request.user.has_usable_password():
            return HttpResponseRedirect(reverse("mfa_index"))
        return super().dispatch(request, *args, **kwargs)  # type: ignore[no-any-return]


urlpatterns = [
    path("login/", account.login, name="account_login"),
    path("login/code/", factors.authenticate, name="mfa_authenticate"),
    path("logout/", account.logout, name="account_logout"),
    path("confirm/", first(account.reauthenticate), name="account_reauthenticate"),
    path("confirm/code/", own(factors.reauthenticate), name="mfa_reauthenticate"),
    path("password/", own(PasswordChange.as_view()), name="account_change_password"),
    path("sessions/", own(sessions.list_usersessions), name="usersessions_list"),
    path("", own(factors.index), name="mfa_index"),
    path("app/add/", first(totp.activate_totp), name="mfa_activate_totp"),
    path("app/remove/", own(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("codes/", own(recovery.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("codes/new/", own(recovery.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("codes/download/", own(recovery.download_recovery_codes), name="mfa_download_recovery_codes"),
    path("passkeys/", own(passkeys.list_webauthn), name="mfa_list_webauthn"),
    path("passkeys/add/", first(passkeys.add_webauthn), name="mfa_add_webauthn"),
    path("passkeys/<int:pk>/remove/", own(passkeys.remove_webauthn), name="mfa_remove_webauthn"),
    path("passkeys/<int:pk>/edit/", own(passkeys.edit_webauthn), name="mfa_edit_webauthn"),
]
