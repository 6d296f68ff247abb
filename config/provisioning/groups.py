"""The groups of staff and exactly what each may do. Money and the administration of keys are never in one group."""

from collections.abc import Collection

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from config.provisioning.report import Line
from config.provisioning.source import ProvisioningError

JOBS = [
    "billing.view_inboundevent",
    "config.view_heartbeat",
    "notifications.view_alert",
    "config.view_job",
    "config.view_record",
    "config.view_readiness",
    "django_q.view_failure",
    "django_q.view_ormq",
    "django_q.view_schedule",
    "django_q.view_success",
]
CONNECTIONS = [
    "billing.view_stripeendpoint",
    "config.view_apitoken",
    "config.view_change",
    "smartbill.view_apikey",
    "smartbill.view_issuer",
]

KEYS = {"stripeendpoint", "apikey", "alertwebhook", "alertroute", "webhookpost"}
ALERTS = ["notifications.view_alertroute", "notifications.view_alertwebhook", "notifications.view_webhookpost"]

CLERK = [
    "billing.retry_sale",
    "billing.edit_taxprofile",
    "billing.ask_tax_data",
    "billing.open_correction",
    "billing.add_manualentry",
    "billing.answer_manualentry",
    "smartbill.submit_document",
    "smartbill.correct_document",
    "smartbill.record_outage_filing",
    "notifications.resend_message",
    "config.view_job",
]
"""What a clerk may do beside seeing the business."""

EXPORTS = [
    "billing.export_reversal",
    "billing.export_sale",
    "notifications.export_message",
    "smartbill.export_document",
    "config.view_export",
]
"""Taking rows out of the house, and seeing who did."""

MANAGER = [
    *EXPORTS,
    "billing.add_exchangerate",
    "billing.add_rule",
    "billing.change_rule",
    "billing.switch_rule",
    "billing.answer_approval",
    "billing.retry_inboundevent",
    "smartbill.add_holiday",
    "smartbill.add_legallimit",
    "smartbill.change_holiday",
    "billing.import_taxprofile",
    "billing.approve_reversal",
    "billing.decide_correction",
    "billing.release_manualentry",
    "smartbill.credit_document",
    "smartbill.invalidate_document",
    "smartbill.resolve_unknown",
    "smartbill.control_channel",
    "config.view_change",
    "config.view_heartbeat",
    "config.view_readiness",
    "config.cancel_job",
]
"""What a manager may do beside that."""


def views(app: str, *, without: Collection[str] = ()) -> list[str]:
    """Return the permission to look at each table of an app."""
    models = [model._meta for model in apps.get_app_config(app).get_models()]
    return [
        f"{app}.view_{model.model_name}"
        for model in models
        if "view" in model.default_permissions and model.model_name not in without
    ]


def groups() -> dict[str, list[str]]:
    """Return each group's permissions."""
    business = [name for app in ("billing", "smartbill", "notifications") for name in views(app, without=KEYS)]
    clerk = [*business, *CLERK]
    manager = [*clerk, *MANAGER]
    return {
        "Finance clerk": clerk,
        "Finance manager": manager,
        "Finance director": [*manager, "billing.lift_block"],
        "Collections": [
            "billing.view_sale",
            "billing.view_salealias",
            "smartbill.view_document",
            "smartbill.view_documentevent",
            "smartbill.view_documentlink",
            *views("notifications", without=KEYS),
            "notifications.resend_message",
            "config.view_job",
        ],
        "Auditor": [*business, *JOBS, *CONNECTIONS, *ALERTS, *EXPORTS, "auth.view_group", "auth.view_user"],
        "Operator": [
            *JOBS,
            *CONNECTIONS,
            *ALERTS,
            "billing.add_stripeendpoint",
            "billing.change_stripeendpoint",
            "billing.retry_inboundevent",
            "config.add_apitoken",
            "config.change_apitoken",
            "config.cancel_job",
            "notifications.add_alertroute",
            "notifications.change_alertroute",
            "notifications.add_alertwebhook",
            "notifications.change_alertwebhook",
            "notifications.send_test_alert",
            "smartbill.add_apikey",
            "smartbill.change_apikey",
            "smartbill.add_issuer",
            "smartbill.change_issuer",
            "smartbill.control_channel",
        ],
    }


def set_groups() -> list[Line]:
    """Make each group hold exactly its permissions."""
    return [_set(name, permissions) for name, permissions in groups().items()]


def _set(name: str, permissions: list[str]) -> Line:
    group, created = Group.objects.get_or_create(name=name)
    wanted = {_permission(each) for each in permissions}
    if created:
        group.permissions.set(wanted)
        return Line("group", name, "created")
    held = set(group.permissions.all())
    group.permissions.set(wanted)
    added, taken = wanted - held, held - wanted
    return Line.of("group", name, sorted([f"+{p.codename}" for p in added] + [f"-{p.codename}" for p in taken]))


def _permission(name: str) -> Permission:
    app, _dot, codename = name.partition(".")
    try:
        return Permission.objects.get(Q(content_type__app_label=app), codename=codename)
    except Permission.DoesNotExist as error:
        raise ProvisioningError(f"The permission {name} does not exist. Has `manage.py migrate` run?") from error
