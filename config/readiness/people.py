"""Points of the people: groups, second factors, and whether alerts reach anybody."""

from collections.abc import Iterator

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils.translation import gettext as _

from config.provisioning.groups import groups
from config.readiness.item import Item, State, ready_if
from notifications.alerts import KINDS, MANAGERS
from notifications.models import AlertRoute, AlertWebhook, WebhookPost
from notifications.services.mail_alert import readers
from notifications.services.route_alert import groups_for, webhooks_for
from smartbill.models import Issuer


def people() -> Iterator[Item]:
    """Yield the points of staff."""
    yield _groups()
    yield _deciders()
    yield _second_factor()
    yield _alerts()
    yield from _webhooks()


def _groups() -> Item:
    wanted = {name: set(permissions) for name, permissions in groups().items()}
    held = {
        group.name: {f"{each.content_type.app_label}.{each.codename}" for each in group.permissions.all()}
        for group in Group.objects.filter(name__in=wanted).prefetch_related("permissions__content_type")
    }
    wrong = sorted(name for name in wanted if held.get(name) != wanted[name])
    return Item(
        key="groups",
        title=_("Groups and their rights"),
        state=ready_if(not wrong),
        found=_("Missing or changed: %(names)s.") % {"names": ", ".join(wrong)} if wrong else _("As provisioned."),
        why=_("Money and the administration of keys are kept apart by these groups."),
        command="manage.py provision provision.toml",
    )


def _deciders() -> Item:
    """Two people are needed where an issuer asks for a second one, else one."""
    needed = 2 if Issuer.objects.filter(active=True, second_person_above__isnull=False).exists() else 1
    people = get_user_model()._default_manager.filter(is_active=True, groups__name__in=[MANAGERS, "Finance director"])
    count = people.distinct().count()
    return Item(
        key="deciders",
        title=_("People who decide"),
        state=ready_if(count >= needed),
        found=_("%(n)s with the rights of a finance manager; %(needed)s needed.") % {"n": count, "needed": needed},
        why=_("Doubts, refunds and approvals wait for them, and the law's time runs."),
        url="admin:auth_user_changelist",
    )


def _second_factor() -> Item:
    why = _("Whoever steals a password could otherwise invalidate documents.")
    staff = get_user_model()._default_manager.filter(is_active=True, is_staff=True)
    if not apps.is_installed("allauth.mfa"):
        return Item(
            key="mfa",
            title=_("Second factor of staff"),
            state=State.MISSING,
            found=_("This installation asks for none."),
            why=why,
        )
    holders = (
        apps.get_app_config("mfa")
        .get_model("Authenticator")
        ._default_manager.exclude(type="recovery_codes")
        .values("user")
    )
    without = staff.exclude(pk__in=holders).count()
    return Item(
        key="mfa",
        title=_("Second factor of staff"),
        state=ready_if(not without),
        found=_("%(n)s people without one.") % {"n": without} if without else _("Everybody has one."),
        why=why,
        url="admin:auth_user_changelist",
    )


def _alerts() -> Item:
    reached: dict[tuple[str, ...], bool] = {}
    silent = []
    for name, kind in KINDS.items():
        audience = tuple(groups_for(name))
        if audience not in reached:
            reached[audience] = bool(readers(audience))
        if not reached[audience] and not webhooks_for(name):
            silent.append(str(kind.title))
    routes = "admin:notifications_alertroute_changelist"
    return Item(
        key="alerts",
        title=_("Alerts reach somebody"),
        state=ready_if(not silent),
        found=_("Nobody has an address for: %(kinds)s.") % {"kinds": "; ".join(silent)} if silent else _("Each kind."),
        why=_("A stop of sending or a missed deadline must not be found out by a customer."),
        url=routes if AlertRoute.objects.exists() else "admin:auth_user_changelist",
    )


def _webhooks() -> Iterator[Item]:
    for webhook in AlertWebhook.objects.filter(enabled=True):
        newest = webhook.posts.exclude(status=WebhookPost.Status.QUEUED).order_by("-id").first()
        if newest is None:
            state, found = State.UNKNOWN, _("Nothing was posted yet: send a test alert.")
        else:
            state = ready_if(newest.status == WebhookPost.Status.SENT)
            found = _("The last post arrived.") if state == State.READY else newest.last_error
        yield Item(
            key=f"webhook:{webhook.pk}",
            title=_("Webhook %(name)s") % {"name": webhook.name},
            state=state,
            found=found,
            why=_("It tells when mails do not leave."),
            url="admin:notifications_alertwebhook_changelist",
        )
