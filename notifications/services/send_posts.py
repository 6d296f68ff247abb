"""Sending what webhooks are to be told: claimed by a lease, sent outside every transaction, tried again for hours.

A lost answer is tried again, too: a chat that says the same twice is better than one that says nothing.
"""

import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.utils.timezone import now
from django.utils.translation import gettext as _

from notifications.client import WHOLE_SECONDS, AddressRefused, Answer, Unanswered, post_text
from notifications.encryption import Undecryptable
from notifications.models import WebhookPost
from notifications.webhook_texts import text_of

LEASE = timedelta(seconds=WHOLE_SECONDS + 30)
PAUSES = [timedelta(seconds=seconds) for seconds in (10, 60, 300, 900, 1800, 3600, 7200, 14400, 28800)]
"""After each try that failed; after the last one the post is given up."""
LATER = {408, 425, 429}
Status, Moment = WebhookPost.Status, WebhookPost.Moment


def send_due_posts() -> int:
    """Send the posts that are due, within a drain's budget; return how many arrived."""
    sent = 0
    stop_at = time.monotonic() + settings.DRAIN["budget"]
    while time.monotonic() < stop_at and (post := _claim(now())) is not None:
        sent += send_claimed_post(post)
    return sent


def _claim(at: datetime) -> WebhookPost | None:
    """Take the post that has been due the longest; the try is counted before it can leave."""
    for post in WebhookPost.objects.due(at).order_by("next_at", "id")[:20]:
        mine = WebhookPost.objects.due(at).filter(pk=post.pk, attempts=post.attempts)
        if _is_early(post):
            mine.update(next_at=at + PAUSES[0])
        elif mine.update(next_at=at + LEASE, attempts=F("attempts") + 1):
            return WebhookPost.objects.select_related("alert").get(pk=post.pk)
    return None


def _is_early(post: WebhookPost) -> bool:
    """Whether it would tell of an end before the beginning was told."""
    beginning = WebhookPost.objects.filter(alert=post.alert_id, webhook=post.webhook_id, moment=Moment.RAISED)
    return post.moment == Moment.RESOLVED and beginning.filter(status=Status.QUEUED).exists()


def send_claimed_post(post: WebhookPost) -> bool:
    """Send a post that this process has claimed and record what came of it; whether it arrived."""
    try:
        webhook = post.webhook
        if not webhook.enabled:
            return _give_up(post, _("The webhook is switched off."))
        answer = post_text(webhook.url, text_of(post.alert, post.moment, language=webhook.language))
    except (AddressRefused, Undecryptable) as error:
        return _give_up(post, str(error))
    except Unanswered as error:
        return _try_later(post, str(error))
    return _note(post, answer)


def _note(post: WebhookPost, answer: Answer) -> bool:
    said = f"HTTP {answer.status}"
    if 200 <= answer.status < 300:
        return bool(_record(post, status=Status.SENT, sent_at=now(), next_at=None, last_error=""))
    if answer.status in LATER or answer.status >= 500:
        return _try_later(post, said, at_least=timedelta(seconds=min(answer.retry_after or 0, 3600)))
    if 300 <= answer.status < 400:
        return _give_up(post, _("%(said)s: redirects are not followed.") % {"said": said})
    return _give_up(post, said)


def _try_later(post: WebhookPost, why: str, *, at_least: timedelta = timedelta()) -> bool:
    if post.attempts > len(PAUSES):
        return _give_up(post, why)
    pause = max(PAUSES[post.attempts - 1], at_least)
    _record(post, next_at=now() + pause, last_error=why[:300])
    return False


def _give_up(post: WebhookPost, why: str) -> bool:
    _record(post, status=Status.FAILED, next_at=None, last_error=why[:300])
    return False


def _record(post: WebhookPost, **changes: object) -> int:
    """Write what came of a try, unless a later one has the post in hand."""
    mine = WebhookPost.objects.filter(pk=post.pk, status=Status.QUEUED, attempts=post.attempts)
    return mine.update(**changes)
