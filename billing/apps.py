"""What Stripe tells us, and what we owe for it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = _("Billing")

    def ready(self) -> None:
        from billing import checks, djstripe_compat  # noqa: F401 - registers the system checks
        from billing.services.review_buyer import queue_review
        from billing.services.screen_corrected import screen_corrected
        from smartbill.services.hold_by_law import when_held
        from smartbill.services.screen_corrected import register_screen

        djstripe_compat.install()
        if queue_review not in when_held:
            when_held.append(queue_review)
        register_screen(screen_corrected)
