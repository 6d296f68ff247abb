"""Fiscal documents at SmartBill and the tax authority."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class SmartbillConfig(AppConfig):
    name = "smartbill"
    verbose_name = _("Fiscal documents")

    def ready(self) -> None:
        from smartbill import checks  # noqa: F401 - registers the system checks
        from smartbill.services.record_limit import install_limits
        from smartbill.triggers import install_triggers

        post_migrate.connect(install_triggers, sender=self, dispatch_uid="smartbill.install_triggers")
        post_migrate.connect(install_limits, sender=self, dispatch_uid="smartbill.install_limits")
