"""Whether each connection works, read from what the house did last: no page waits for another's server.

`manage.py check_connections` asks them; here stands what the last calls came to, and when one last succeeded.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max, Min, Q
from django.utils.translation import gettext_lazy as _

from billing.models import StripeEndpoint
from config.admin.texts import Text
from config.heartbeat import WORKER, patience
from config.models import Heartbeat
from notifications.lifecycle import Status as MessageStatus
from notifications.models import Message
from smartbill.breaker import State
from smartbill.lifecycle import Outcome
from smartbill.models import Attempt, Issuer

LOOKED_BACK = 1000
"""Attempts among which the last answer of the provider is looked for."""
MAIL_LATE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Light:
    """One connection. `tone` is that of a badge and `word` says the same; `page` is the admin's name of a list."""

    name: Text
    tone: str
    word: Text
    last: datetime | None
    page: str


def lights(at: datetime) -> Iterator[Light]:
    """Look at the worker, Stripe, the provider and the mail; the number of queries is always the same."""
    yield _worker(at)
    yield _stripe(at)
    yield _smartbill(at)
    yield _mail(at)


def _worker(at: datetime) -> Light:
    last = Heartbeat.objects.filter(name=WORKER).aggregate(at=Max("beat_at"))["at"]
    is_alive = last is not None and at - last <= patience(WORKER)
    tone, word = ("good", _("works")) if is_alive else ("bad", _("silent") if last else _("never ran"))
    return Light(_("Background work"), tone, word, last, "config_heartbeat")


def _stripe(at: datetime) -> Light:
    """Stripe answered when its list of events was last walked through to the end."""
    rows = StripeEndpoint.objects.filter(enabled=True, livemode=settings.STRIPE_LIVE_MODE)
    found = rows.aggregate(newest=Max("caught_up_to"), oldest=Min("caught_up_to"), since=Min("created_at"))
    page, name = "billing_stripeendpoint", "Stripe"
    if found["since"] is None:
        return Light(name, "off", _("not set up"), None, page)
    limit = patience("sello.catch_up_events")
    if at - (found["oldest"] or found["since"]) > limit:
        return Light(name, "bad", _("does not answer"), found["newest"], page)
    tone, word = ("good", _("works")) if found["newest"] else ("wait", _("not asked yet"))
    return Light(name, tone, word, found["newest"], page)


def _smartbill(at: datetime) -> Light:
    answered = Q(outcome__in=[Outcome.ACCEPTED, Outcome.REJECTED])
    newest = Attempt.objects.order_by("-id").values("outcome", "finished_at")[:LOOKED_BACK]
    last = newest.aggregate(at=Max("finished_at", filter=answered))["at"]
    issuers = list(
        Issuer.objects.filter(active=True).values_list("channel__state", "channel__paused_until").order_by("pk")
    )
    tone, word = ("good", _("works")) if last else ("wait", _("nothing sent yet"))
    if not issuers:
        tone, word = "off", _("not set up")
    elif any(until is not None and until > at for _state, until in issuers):
        tone, word = "warn", _("paused")
    if any(state in (State.OPEN, State.PROBING) for state, _until in issuers):
        tone, word = "bad", _("sending is stopped")
    return Light("SmartBill", tone, word, last, "smartbill_issuer")


def _mail(at: datetime) -> Light:
    newest = Message.objects.order_by("-created_at", "-id").values_list("created_at", "sent_at")
    sent = newest.filter(status=MessageStatus.SENT).first()
    failed = newest.filter(status=MessageStatus.FAILED).first()
    waiting = Message.objects.due(at).aggregate(since=Min("next_at"))["since"]
    tone, word = ("good", _("works")) if sent else ("wait", _("nothing sent yet"))
    if failed is not None and (sent is None or failed[0] > sent[0]):
        tone, word = "warn", _("the last mail failed")
    if waiting is not None and at - waiting > MAIL_LATE:
        tone, word = "bad", _("mails wait")
    return Light(_("Mail"), tone, word, sent[1] if sent else None, "notifications_message")
