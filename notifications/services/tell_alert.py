"""Telling people and webhooks that an alert began or is over: the notices are rows, written with the alert itself."""

from collections.abc import Collection, Iterable
from datetime import timedelta

from django.utils.timezone import now

from notifications.models import Alert, AlertWebhook, WebhookPost
from notifications.services.mail_alert import mail_raised, mail_resolved
from notifications.services.route_alert import groups_for, webhooks_for

BURST, BURST_WITHIN = 10, timedelta(hours=1)
Moment = WebhookPost.Moment


def tell_raised(alert: Alert, *, besides: Collection[int] = ()) -> int:
    """Queue the warning for everybody whom this kind concerns; return how many people and webhooks they are.

    After `BURST` alerts of one kind within an hour the desk alone tells of the next ones, and the last mail says so: a
    storm of mails would hide what else goes wrong.
    """
    lately = Alert.objects.filter(kind=alert.kind, raised_at__gt=now() - BURST_WITHIN, told__gt=0).count()
    if lately >= BURST:
        return 0
    people = mail_raised(alert, groups_for(alert.kind), is_last=lately == BURST - 1, besides=besides)
    return people + queue_posts(alert, webhooks_for(alert.kind), Moment.RAISED)


def tell_resolved(alert: Alert, *, besides: Collection[int] = ()) -> None:
    """Queue the notice that it is over, for whom it was told that it began."""
    if not alert.told:
        return
    mail_resolved(alert, groups_for(alert.kind), besides=besides)
    warned = AlertWebhook.objects.filter(enabled=True, posts__alert=alert, posts__moment=Moment.RAISED)
    queue_posts(alert, warned, Moment.RESOLVED)


def queue_posts(alert: Alert, webhooks: Iterable[AlertWebhook], moment: str) -> int:
    """Queue one post for each webhook, once per alert and moment; return how many webhooks there are."""
    posts = [WebhookPost(alert=alert, webhook=webhook, moment=moment) for webhook in webhooks]
    WebhookPost.objects.bulk_create(posts, ignore_conflicts=True)
    return len(posts)
