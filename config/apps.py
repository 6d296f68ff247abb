"""The two Django apps of the glue: the admin site, and the models that belong to no domain."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class SelloAdminConfig(AdminConfig):
    default_site = "config.admin.SelloAdminSite"

    def ready(self) -> None:
        super().ready()
        # After the admin modules of all apps were found: the pages of the glue itself.
        import config.pages  # noqa: F401 - registers its pages
        from config.admin.checks import check_actions, check_filters

        register(check_actions, Tags.admin)
        register(check_filters, Tags.admin)


class GlueConfig(AppConfig):
    name = "config"
    verbose_name = _("Operations")

    def ready(self) -> None:
        from django.db.backends.signals import connection_created
        from django_q.signals import post_execute

        from config import checks, heartbeat, trail  # noqa: F401 - registers the system checks
        from config.fragments import install_fragments
        from config.trail_triggers import install_trail

        connection_created.connect(trail.on_connected, dispatch_uid="config.trail")
        post_migrate.connect(install_trail, sender=self, dispatch_uid="config.install_trail")
        post_migrate.connect(install_fragments, sender=self, dispatch_uid="config.install_fragments")
        post_execute.connect(heartbeat.on_result_recorded, dispatch_uid="config.heartbeat")
