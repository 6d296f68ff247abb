"""Points of what lies outside: issuers and their accounts, Stripe, mail."""

from collections.abc import Iterator
from datetime import datetime
from email.utils import parseaddr
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _

from billing.models import InboundEvent, StripeEndpoint
from config.models import Record
from config.readiness.item import Item, State, from_checks, ready_if
from notifications.checks import FILES, check_mail
from notifications.encryption import Undecryptable
from notifications.lifecycle import Status
from notifications.models import Message
from smartbill.models import ApiKey, Document, Issuer

CONNECTION = "connection:"
NEEDED = (
    *("name", "tax_id", "nrc", "activity_code", "activity_text", "address", "department", "municipality"),
    *("district", "country", "email", "phone", "currency", "time_zone"),
)
"""What the page of a document and the report of an outage say of the issuer, and what invalidations look up."""
OFFSETS = {"SV": -6}
"""Hours of the countries whose clock never changes."""
LATEST = 50


def issuers() -> Iterator[Item]:
    """Yield the points of each active issuer."""
    rows = list(Issuer.objects.filter(active=True))
    if not rows:
        yield Item(
            key="issuers",
            title=_("Issuer"),
            state=State.MISSING,
            found=_("There is none."),
            why=_("Somebody has to issue the documents."),
            url="admin:smartbill_issuer_changelist",
            command="manage.py provision provision.toml",
        )
    for issuer in rows:
        yield _data(issuer)
        yield _time_zone(issuer)
        yield _mode(issuer)
        yield _keys(issuer)
        yield _account(issuer)
        yield _series(issuer)
        yield _second_person(issuer)
        yield from _endpoints(issuer)


def _named(title: str, issuer: Issuer) -> str:
    return f"{title} · {issuer.slug}"


def _page(issuer: Issuer) -> str:
    return f"admin:smartbill_issuer_change {issuer.pk}"


def _data(issuer: Issuer) -> Item:
    empty = [str(issuer._meta.get_field(name).verbose_name) for name in NEEDED if not getattr(issuer, name)]  # type: ignore[union-attr]
    return Item(
        key=f"data:{issuer.slug}",
        title=_named(_("Data of the issuer"), issuer),
        state=ready_if(not empty),
        found=_("Empty: %(fields)s.") % {"fields": ", ".join(empty)} if empty else _("Complete."),
        why=_("They stand on every page and PDF, and must be those that the tax authority knows."),
        url=_page(issuer),
    )


def _time_zone(issuer: Issuer) -> Item:
    try:
        hours = ZoneInfo(issuer.time_zone).utcoffset(datetime(2026, 1, 1))  # noqa: DTZ001 - the zone is asked itself
    except (ZoneInfoNotFoundError, ValueError):
        hours = None
    wanted = OFFSETS.get(issuer.country)
    is_right = hours is not None and (wanted is None or hours.total_seconds() == wanted * 3600)
    return Item(
        key=f"zone:{issuer.slug}",
        title=_named(_("Time zone of the issuer"), issuer),
        state=ready_if(is_right),
        found=issuer.time_zone or _("none"),
        why=_("The date of issue is the local day there: with another zone evenings would fall on the wrong day."),
        url=_page(issuer),
    )


def _mode(issuer: Issuer) -> Item:
    mode = _("live mode") if issuer.livemode else _("test mode")
    stripe = _("live mode") if settings.STRIPE_LIVE_MODE else _("test mode")
    return Item(
        key=f"mode:{issuer.slug}",
        title=_named(_("Live mode"), issuer),
        state=ready_if(issuer.livemode and settings.STRIPE_LIVE_MODE),
        found=_("Issuer: %(mode)s. Stripe's key: %(stripe)s.") % {"mode": mode, "stripe": stripe},
        why=_("Documents of test mode have no legal value. Test and live are two issuers."),
        url=_page(issuer),
    )


def _keys(issuer: Issuer) -> Item:
    rows = list(issuer.api_keys.filter(revoked_at=None).defer("private_key"))
    usable = [key for key in rows if key.stopped_at is None]
    roles = ", ".join(f"{key.label} ({key.get_role_display()})" for key in usable)
    state, found = State.READY, roles
    if not usable:
        state, found = State.MISSING, _("No usable API key.")
    elif not any(key.role == ApiKey.Role.MANAGER for key in usable):
        state, found = (
            State.MISSING,
            _("%(keys)s; none has the role manager, so nothing can be invalidated.") % {"keys": roles},
        )
    elif any(key.replace_on and key.replace_on <= localdate() for key in usable):
        state, found = State.ADVISED, _("%(keys)s; one is to be replaced by now.") % {"keys": roles}
    return Item(
        key=f"keys:{issuer.slug}",
        title=_named(_("API keys and their roles"), issuer),
        state=state,
        found=found,
        why=_("Documents are sent with a transmitter's or a manager's key; only a manager's may invalidate."),
        url="admin:smartbill_apikey_changelist",
    )


def _account(issuer: Issuer) -> Item:
    """Whether the provider took a key is known from calls that were made, or from the last check."""
    records = Record.objects.filter(name__startswith=f"{CONNECTION}SmartBill {issuer.slug}/")
    newest = records.order_by("-at").first()
    used = issuer.api_keys.filter(last_used_at__isnull=False, last_error="", stopped_at=None, revoked_at=None)
    last_used = used.order_by("-last_used_at").values_list("last_used_at", flat=True).first()
    if newest is not None and (last_used is None or newest.at >= last_used):
        state, found = ready_if(newest.is_good), f"{newest.at:%Y-%m-%d %H:%M} UTC: {newest.detail}"
    elif last_used is not None:
        state, found = State.READY, _("A call was answered at %(at)s.") % {"at": f"{last_used:%Y-%m-%d %H:%M} UTC"}
    else:
        state, found = State.UNKNOWN, _("Never tried.")
    return Item(
        key=f"account:{issuer.slug}",
        title=_named(_("The provider accepts the keys"), issuer),
        state=state,
        found=found,
        why=_("A key that was typed wrong is found out at the first sale otherwise."),
        command="manage.py check_connections smartbill",
    )


def _series(issuer: Issuer) -> Item:
    """The provider keeps the series of numbers: only a stamped document shows that it has one."""
    newest = Document.objects.filter(issuer=issuer, control_number__gt="").order_by("-id").first()
    return Item(
        key=f"series:{issuer.slug}",
        title=_named(_("Series of numbers"), issuer),
        state=State.READY if newest else State.UNKNOWN,
        found=newest.control_number if newest else _("Nothing was issued yet; the provider assigns the numbers."),
        why=_("Establishment and point of sale are set up at the provider, and must be those that you registered."),
        url="admin:smartbill_document_changelist",
    )


def _second_person(issuer: Issuer) -> Item:
    above = issuer.second_person_above
    return Item(
        key=f"second_person:{issuer.slug}",
        title=_named(_("Second person above an amount"), issuer),
        state=ready_if(above is not None, State.ADVISED),
        found=_("Never asked for.") if above is None else f"{above.normalize():f} {issuer.currency}",
        why=_("One person alone could otherwise have a large document sent again or taken back."),
        url=_page(issuer),
    )


def _endpoints(issuer: Issuer) -> Iterator[Item]:
    rows = list(StripeEndpoint.objects.filter(issuer=issuer, enabled=True).defer("secrets"))
    if not rows:
        yield Item(
            key=f"endpoint:{issuer.slug}",
            title=_named(_("Stripe's webhook"), issuer),
            state=State.MISSING,
            found=_("No endpoint leads to this issuer."),
            why=_("Payments are announced there."),
            url="admin:billing_stripeendpoint_changelist",
        )
    for endpoint in rows:
        yield _endpoint(issuer, endpoint)


def _endpoint(issuer: Issuer, endpoint: StripeEndpoint) -> Item:
    newest = (
        InboundEvent.objects.filter(endpoint=endpoint).order_by("-id").values_list("received_at", flat=True).first()
    )
    if not _has_secret(endpoint):
        state, found = State.MISSING, _("It has no signing secret, or none that opens.")
    elif endpoint.livemode != issuer.livemode:
        state, found = State.MISSING, _("Its mode is not that of the issuer.")
    elif newest is None:
        state, found = State.UNKNOWN, _("Stripe has delivered nothing yet: send a test event.")
    else:
        state, found = State.READY, _("Last event at %(at)s.") % {"at": f"{newest:%Y-%m-%d %H:%M} UTC"}
    return Item(
        key=f"endpoint:{endpoint.pk}",
        title=_named(_("Stripe's webhook %(label)s") % {"label": endpoint.label}, issuer),
        state=state,
        found=f"{found} {settings.PUBLIC_BASE_URL}/stripe/webhook/{endpoint.uuid}/",
        why=_("Payments are announced there. Lost ones are found later, in Stripe's event list."),
        url=f"admin:billing_stripeendpoint_change {endpoint.pk}",
    )


def _has_secret(endpoint: StripeEndpoint) -> bool:
    try:
        return bool(endpoint.active_secrets)
    except Undecryptable:
        return False


def stripe() -> Iterator[Item]:
    """Yield the points of Stripe's account."""
    key = str(settings.STRIPE_API_KEY)
    state = State.MISSING if not key else ready_if(key.startswith("rk_"), State.ADVISED)
    found = _("None.") if not key else _("A restricted one.") if key.startswith("rk_") else _("One that may do all.")
    yield Item(
        key="stripe_key",
        title=_("Stripe's key"),
        state=state,
        found=found,
        why=_("A restricted key that is stolen can read, and cannot pay out."),
        command="STRIPE_API_KEY=rk_live_…",
    )
    yield recorded(
        "Stripe",
        key="stripe_account",
        title=_("Stripe accepts the key"),
        why=_("Each sale is read from there before its document is made."),
        command="manage.py check_connections stripe",
    )


def mail() -> Iterator[Item]:
    """Yield the points of mail."""
    backend = settings.EMAIL_BACKEND.rpartition(".")[2]
    is_file = settings.EMAIL_BACKEND == FILES
    item = from_checks(
        key="mail_settings",
        title=_("Mail provider and sender"),
        why=_("Customers get their documents by mail, and people their alerts."),
        good=f"{backend}, {settings.DEFAULT_FROM_EMAIL}",
        messages=[] if is_file else check_mail(),
    )
    if is_file:
        command = "RESEND_API_KEY=… / EMAIL_URL=smtp+tls://…"
        item = Item(
            key=item.key,
            title=item.title,
            why=item.why,
            state=State.MISSING,
            found=_("Mails are written to files: nobody gets any."),
            command=command,
        )
    yield item
    yield _mail_arrives()
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    yield Item(
        key="mail_domain",
        title=_("SPF, DKIM and DMARC of %(domain)s") % {"domain": domain or "–"},
        state=State.UNKNOWN,
        found=_("Not looked up from here. Your mail provider shows on its page of domains whether it may send for it."),
        why=_("Without them the mails of customers end among the unwanted ones."),
        command=f"dig +short TXT {domain} _dmarc.{domain}" if domain else "DEFAULT_FROM_EMAIL=…",
    )


def _mail_arrives() -> Item:
    rows = Message.objects.filter(status=Status.SENT).order_by("-id").values_list("sent_at", flat=True)[:LATEST]
    sent = max((at for at in rows if at is not None), default=None)
    title, why = (
        _("The mail provider takes mails"),
        _("A wrong key or a sender that it does not know stops all of them."),
    )
    waiting = Message.objects.filter(status=Status.QUEUED, attempts__gte=2, next_at__gt=now()).first()
    command = "manage.py check_connections mail"
    if waiting is not None:
        found, state = _("Tries fail: %(error)s") % {"error": waiting.last_error[:150]}, State.MISSING
    elif sent is not None:
        found, state = _("The last one was taken at %(at)s.") % {"at": f"{sent:%Y-%m-%d %H:%M} UTC"}, State.READY
    else:
        return recorded("mail", key="mail_works", title=title, why=why, command=command)
    return Item(key="mail_works", title=title, why=why, state=state, found=found, command=command)


def recorded(name: str, *, key: str, title: str, why: str, command: str) -> Item:
    """Return the point of a system whose last check was written down by `check_connections`."""
    record = Record.objects.filter(name=f"{CONNECTION}{name}").first()
    state = State.UNKNOWN if record is None else ready_if(record.is_good)
    found = f"{record.at:%Y-%m-%d %H:%M} UTC: {record.detail}" if record else _("Never checked.")
    return Item(key=key, title=title, why=why, state=state, found=found, command=command)
