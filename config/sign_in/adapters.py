"""What the house wants of allauth: nobody signs up, secrets are sealed, nobody is left without a second factor."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from config.sign_in.session import is_fresh
from notifications.encryption import decrypt, encrypt

SEALED = "mfa.authenticator.secret"


class SignInAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """People are made by people: in the admin or by `provision`."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("Name or password is wrong."),
        "too_many_login_attempts": _("Too many tries. Please wait five minutes."),
        "incorrect_password": _("The password is wrong."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """A sign-in of a moment ago counts: whoever sets up the first factor is not asked twice."""
        return not is_fresh(self.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Offer what needs no script: the password, or a code."""
        ways = [("reauthenticate", _("Use your password"), "account_reauthenticate")]
        if is_mfa_enabled(user, [Authenticator.Type.TOTP]):
            ways.append(("mfa_reauthenticate", _("Use a code"), "mfa_reauthenticate"))
        return [{"id": key, "description": text, "url": reverse(name)} for key, text, name in ways]

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        """Tell a disabled person no more than a stranger."""
        return HttpResponseRedirect(reverse("account_login"))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("mfa_index")


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of authenticators are sealed like every other secret of the house."""

    error_messages = {**DefaultMFAAdapter.error_messages, "incorrect_code": _("The code is wrong, or was used before.")}

    def encrypt(self, text: str) -> str:
        return encrypt(text, SEALED)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text, SEALED)

    def get_totp_label(self, user: Any) -> str:
        return str(user.get_username())

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """The last factor is exchanged by adding another one first."""
        others = Authenticator.objects.filter(user_id=authenticator.user_id).exclude(pk=authenticator.pk)
        return bool(others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists())

    def _get_site_name(self) -> str:
        return "Sello"
