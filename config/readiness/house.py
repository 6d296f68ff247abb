"""Points of the machine: its settings, its keys, its worker, its backups."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django_q.models import Schedule

from billing.models import StripeEndpoint
from config.alarms import BACKUP, BACKUP_PATIENCE
from config.checks import environment
from config.heartbeat import WORKER, has_beaten, late, silence
from config.models import Heartbeat, Record
from config.readiness.item import Item, State, from_checks, ready_if
from config.vitals import migrations_are_applied
from notifications.encryption import Undecryptable
from notifications.models import AlertWebhook
from smartbill.checks import check_encryption_keys
from smartbill.models import ApiKey


def settings_of_the_house() -> Iterator[Item]:
    """Yield the points of the environment."""
    yield from_checks(
        key="secrets",
        title=_("Secret keys"),
        why=_("Whoever guesses them signs in as anybody and reads the keys of the tax account."),
        good=_("Set, long enough, and no example."),
        messages=[*environment.check_secrets(), *check_encryption_keys(None)],
    )
    yield _sealed()
    yield from_checks(
        key="address",
        title=_("Public address and hosts"),
        why=_("Customers follow links to it; a forged host must not get into one."),
        good=settings.PUBLIC_BASE_URL,
        messages=environment.check_address(),
    )
    yield _https()
    yield from_checks(
        key="stores",
        title=_("Database settings and shared cache"),
        why=_("Limits are counted in the cache for all processes; two claims must not read the same row first."),
        good=_("In order."),
        messages=environment.check_stores(),
    )
    yield _database()
    yield _environment()
    yield Item(
        key="operations_token",
        title=_("Token for monitoring"),
        state=ready_if(bool(settings.OPERATIONS_TOKEN), State.ADVISED),
        found=_("Set.") if settings.OPERATIONS_TOKEN else _("Not set: only this machine itself may read the figures."),
        why=_("A monitor outside the house is the only one that notices when web and worker are both down."),
        command="OPERATIONS_TOKEN=…",
    )
    yield Item(
        key="time_zone",
        title=_("Time zone of the house"),
        state=ready_if(settings.TIME_ZONE != "UTC", State.ADVISED),
        found=settings.TIME_ZONE,
        why=_("Pages and alerts show it. Documents follow the time zone of their issuer."),
        command="TIME_ZONE=America/El_Salvador",
    )


def _https() -> Item:
    is_https = urlsplit(settings.PUBLIC_BASE_URL).scheme == "https"
    redirects = bool(settings.SECURE_SSL_REDIRECT)
    cookies = bool(settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE)
    words = [
        _("links begin with https") if is_https else _("links begin with http"),
        _("http is redirected") if redirects else _("http is not redirected"),
        _("cookies travel by https alone") if cookies else _("cookies travel by http as well"),
    ]
    return Item(
        key="https",
        title=_("HTTPS"),
        state=ready_if(is_https and redirects and cookies),
        found=", ".join(words),
        why=_("Passwords, tax data and the links of customers must not travel in the clear."),
        command="DJANGO_SETTINGS_MODULE=config.settings.production PUBLIC_BASE_URL=https://…",
    )


def _environment() -> Item:
    live = settings.SELLO_ENVIRONMENT == "production" and not settings.SELLO_SANDBOX and not settings.DEBUG
    found = _("Production.") if live else _("Settings of “%(name)s”.") % {"name": settings.SELLO_ENVIRONMENT}
    return Item(
        key="environment",
        title=_("Settings of production"),
        state=ready_if(live),
        found=found,
        why=_("Other settings let stand-ins in and hold the house to fewer rules."),
        command="DJANGO_SETTINGS_MODULE=config.settings.production",
    )


def _database() -> Item:
    applied = migrations_are_applied()
    is_file = connection.vendor == "sqlite"
    state = ready_if(not is_file, State.ADVISED) if applied else State.MISSING
    found = connection.display_name if applied else _("Migrations are missing.")
    return Item(
        key="database",
        title=_("Database"),
        state=state,
        found=f"{found}: {_('one file, for one machine and one small company')}" if applied and is_file else found,
        why=_("Several web servers and workers need a database server, and so does a backup without a stop."),
        command="manage.py migrate" if not applied else "DATABASE_URL=postgres://…",
    )


def _sealed() -> Item:
    """Open what is sealed and read at every start of work: keys of the provider, of Stripe's inbox, of webhooks."""
    lost = [name for name, opens in _openings() if not opens]
    several = len(settings.FIELD_ENCRYPTION_KEYS) > 1
    state = State.MISSING if lost else ready_if(not several, State.ADVISED)
    if lost:
        found = _("No key opens: %(names)s.") % {"names": ", ".join(lost)}
    elif several:
        found = _("All opens, with more than one key: the old one is still there.")
    else:
        found = _("All opens.")
    return Item(
        key="sealed",
        title=_("Sealed secrets open"),
        state=state,
        found=found,
        why=_("A key that was lost or forgotten after a move makes the accounts unusable."),
        command="FIELD_ENCRYPTION_KEYS=NEW,OLD; manage.py rotate_keys",
    )


def _openings() -> Iterator[tuple[str, bool]]:
    for model, field in ((ApiKey, "private_key"), (StripeEndpoint, "secrets"), (AlertWebhook, "url")):
        for pk in model._default_manager.order_by("pk").values_list("pk", flat=True)[:100]:
            try:
                model._default_manager.filter(pk=pk).values_list(field, flat=True).first()
            except Undecryptable:
                yield f"{model._meta.verbose_name} {pk}", False
            else:
                yield f"{model._meta.verbose_name} {pk}", True


def background_work() -> Iterator[Item]:
    """Yield the points of the worker and of what runs by the clock."""
    at = now()
    quiet = silence(WORKER, at)
    yield Item(
        key="worker",
        title=_("Worker"),
        state=ready_if(has_beaten(quiet)),
        found=_("Never heard of.") if quiet is None else _("Last sign of life %(ago)s ago.") % {"ago": _span(quiet)},
        why=_("Without it nothing is sent, read or mailed."),
        command="manage.py qworker",
    )
    yield _schedules()
    names = sorted(name for name in late(dict(Heartbeat.objects.values_list("name", "beat_at")), at) if name != WORKER)
    yield Item(
        key="jobs",
        title=_("Periodic jobs"),
        state=ready_if(not names),
        found=_("Silent: %(names)s.") % {"names": ", ".join(names)} if names else _("None is late."),
        why=_("They find lost webhooks, give up dead calls and warn of deadlines."),
        url="admin:config_heartbeat_changelist",
    )
    yield _backup(at)


def _schedules() -> Item:
    there = set(Schedule.objects.filter(name__in=settings.SCHEDULES).values_list("name", flat=True))
    absent = sorted(set(settings.SCHEDULES) - there)
    found = _("Missing: %(names)s.") % {"names": ", ".join(absent)} if absent else _("All of them.")
    return Item(
        key="schedules",
        title=_("Schedules installed"),
        state=ready_if(not absent),
        found=found,
        why=_("What is not installed never runs, and nobody misses it."),
        command="manage.py provision provision.toml",
    )


def _backup(at: datetime) -> Item:
    record = Record.objects.filter(name=BACKUP).first()
    made = record.good_at if record else None
    if record is None or made is None:
        state, found = State.UNKNOWN, _("No backup was ever recorded here.")
        if record is not None:
            state, found = State.MISSING, _("The last one failed: %(why)s") % {"why": record.detail}
    else:
        state = ready_if(record.is_good and at - made <= BACKUP_PATIENCE)
        found = _("The last good one is %(ago)s old. %(detail)s") % {"ago": _span(at - made), "detail": record.detail}
    return Item(
        key="backup",
        title=_("Backup"),
        state=state,
        found=found,
        why=_("Stamped documents must be kept for years; the program cannot see by itself whether they are copied."),
        command="manage.py record_backup --detail …",
    )


def _span(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    if seconds < 120:
        return _("%(n)s s") % {"n": seconds}
    if seconds < 7200:
        return _("%(n)s min") % {"n": seconds // 60}
    return _("%(n)s h") % {"n": seconds // 3600}
