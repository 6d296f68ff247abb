"""How often documents in contingency are asked about: one of them often, the rest seldom, all at once on a seal.

A thousand documents must not become a thousand questions a quarter of an hour, and nobody must wait for the rest once
one has its seal.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from smartbill.errors import PreconditionFailed
from smartbill.lifecycle import Status
from smartbill.models import Document, DocumentEvent, Outage, OutageDocument
from smartbill.permissions import require

PROBE_POLLS = [60, 120, 300, 600]
"""Seconds between the first look-ups of the probe; then every 15 minutes for a day, then hourly."""
QUARTER, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(hours=24)
PER_DOCUMENT = timedelta(seconds=15)
"""The rest of an outage is asked about at most this often in all, and each document at most once an hour."""
WAVE_REST = timedelta(minutes=5)
"""Between two times that all are asked, while seals arrive one by one."""


def next_question(document: Document) -> datetime:
    """Return when a document that is still in contingency is to be asked about again."""
    at = now()
    entry = OutageDocument.objects.filter(document=document).select_related("outage").first()
    if entry is None:
        return _often(document.tries, document.status_since, at)
    outage = entry.outage
    if outage.probe_id == document.pk:
        return _often(document.tries, outage.seal_seen_at or outage.opened_at, at)
    return at + max(HOUR, outage.entries.unsealed().count() * PER_DOCUMENT)


def _often(tries: int, since: datetime, at: datetime) -> datetime:
    if tries < len(PROBE_POLLS):
        return at + timedelta(seconds=PROBE_POLLS[tries])
    return at + (QUARTER if at - since < DAY else HOUR)


def choose_probe(outage: Outage) -> None:
    """Have a document that waits for its seal asked about often: the oldest, one that is found at the provider."""
    waiting = Document.objects.filter(outage_entry__outage=outage, status=Status.CONTINGENCY)
    fit = waiting.filter(difference="").order_by("outage_entry__id")
    if outage.probe_id is not None and fit.filter(pk=outage.probe_id).exists():
        return
    chosen = fit.first() or waiting.order_by("outage_entry__id").first()
    if chosen is None or chosen.pk == outage.probe_id:
        return
    Outage.objects.filter(pk=outage.pk).update(probe=chosen)
    outage.probe = chosen
    soon = now() + timedelta(seconds=PROBE_POLLS[0])
    Document.objects.filter(pk=chosen.pk, status=Status.CONTINGENCY, next_at__gt=soon).update(next_at=soon, tries=0)


def is_wave_due(outage: Outage, at: datetime) -> bool:
    """Whether all are to be asked about: after a seal that was seen since the last time, and as a month begins.

    The provider sends by itself at the end of a month, so on its first three days every document is read again.
    """
    last = outage.drained_at
    if outage.seal_seen_at and (last is None or (outage.seal_seen_at > last and at - last >= WAVE_REST)):
        return True
    today = at.astimezone(outage.issuer.zone).date()
    day_before = (last or outage.opened_at).astimezone(outage.issuer.zone).date()
    return today.day <= 3 and day_before < today


def ask_about_all(outage: Outage) -> list[int]:
    """Bring the look-ups of all documents without a seal forward to now; return their ids.

    The reading drain works them off within the channel's measure. Rows that somebody works on are left to them.
    """
    at = now()
    with transaction.atomic():
        waiting = Document.objects.filter(outage_entry__outage=outage, status=Status.CONTINGENCY)
        ids = list(waiting.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
        Document.objects.filter(pk__in=ids).exclude(next_at__lte=at).update(next_at=at)
        Outage.objects.filter(pk=outage.pk).update(drained_at=at)
    outage.drained_at = at
    return ids


def queue_outage_readings(outage: Outage, *, actor: Any) -> None:
    """Have every document of the outage that lacks its seal asked about now; nothing is issued anew."""
    require(actor, "smartbill.submit_document")
    if not outage.entries.unsealed().exists():
        raise PreconditionFailed(_("Every document of this outage has its seal."))
    note = _("Look-up asked for.")
    with transaction.atomic():
        ids = ask_about_all(outage)
        DocumentEvent.objects.bulk_create(
            DocumentEvent(document_id=pk, before=Status.CONTINGENCY, after=Status.CONTINGENCY, actor=actor, reason=note)
            for pk in ids
        )
