"""The Django app of signing in: without models, it hears what Django and allauth say of sessions and factors."""

from django.apps import AppConfig


class SignInConfig(AppConfig):
    name = "config.sign_in"
    label = "sign_in"

    def ready(self) -> None:
        from allauth.mfa.signals import authenticator_added, authenticator_removed
        from django.contrib.auth.signals import user_logged_in

        from config.sign_in import receivers

        user_logged_in.connect(receivers.on_signed_in, dispatch_uid="sign_in.started")
        authenticator_added.connect(receivers.on_factor_added, dispatch_uid="sign_in.added")
        authenticator_removed.connect(receivers.on_factor_removed, dispatch_uid="sign_in.removed")
