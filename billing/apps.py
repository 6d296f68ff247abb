"""What Stripe tells us, and what we owe for it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = _("Billing")

    def ready(self) -> None:
        from billing import checks, djstripe_compat  # noqa: F401 - registers the system checks

        djstripe_compat.install()
