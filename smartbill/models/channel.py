"""The channel to an issuer's account: the hot row under which calls are counted, over all hosts and workers."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from smartbill.breaker import Breaker, State
from smartbill.models.issuer import Issuer


class ChannelQuerySet(models.QuerySet["Channel"]):
    def shut(self, at: datetime) -> "ChannelQuerySet":
        """Channels through which nothing may be sent at this moment, whatever waits."""
        stopped = models.Q(state=State.OPEN) & (models.Q(probe_at=None) | models.Q(probe_at__gt=at))
        return self.filter(stopped | models.Q(paused_until__gt=at))


class Channel(models.Model):
    """What the machine knows of the way to the provider. What people set (calls in flight, rate) is on the issuer.

    A channel that was never needed has no row, which means: sending.
    """

    issuer = models.OneToOneField(
        Issuer, models.PROTECT, primary_key=True, related_name="channel", verbose_name=_("issuer")
    )
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.CLOSED)
    limit = models.PositiveSmallIntegerField(_("calls in flight while recovering"), null=True, blank=True)
    unknowns = models.JSONField(_("lost answers of late"), default=list)
    refusals = models.PositiveSmallIntegerField(_("times unreachable in a row"), default=0)
    opened_at = models.DateTimeField(_("stopped"), null=True, blank=True)
    probe_at = models.DateTimeField(_("next trial"), null=True, blank=True)
    probe_wait = models.PositiveIntegerField(_("seconds between trials"), default=0)
    why = models.CharField(_("why it stopped"), max_length=300, blank=True)
    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True)
    pause_reason = models.CharField(_("reason of the pause"), max_length=300, blank=True)
    calls = models.JSONField(_("calls of the current period"), default=list)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ["issuer__slug"]
        permissions = [("control_channel", _("Can stop sending and let it go on"))]

    def __str__(self) -> str:
        return str(self.issuer)

    @property
    def breaker(self) -> Breaker:
        return Breaker(
            state=self.state,
            limit=self.limit,
            unknowns=tuple(datetime.fromisoformat(each) for each in self.unknowns),
            refusals=self.refusals,
            probe_at=self.probe_at,
            probe_wait=self.probe_wait,
        )

    def set_breaker(self, breaker: Breaker) -> None:
        """Take over what the pure functions decided; the caller saves under the row's lock."""
        self.state, self.limit, self.refusals = breaker.state, breaker.limit, breaker.refusals
        self.unknowns = [each.isoformat() for each in breaker.unknowns]
        self.probe_at, self.probe_wait = breaker.probe_at, breaker.probe_wait

    @property
    def is_at_rest(self) -> bool:
        """Whether an explicit answer would change nothing, so that the row need not be locked for it."""
        return self.state == State.CLOSED and self.limit is None and not self.refusals

    @property
    def is_paused(self) -> bool:
        return self.paused_until is not None and self.paused_until > now()


class ChannelEvent(models.Model):
    """One stop or start of a channel, by the machine or by a person. Append-only, by trigger as well."""

    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="channel_events", verbose_name=_("issuer"))
    created_at = models.DateTimeField(_("at"), default=now)
    before = models.CharField(_("before"), max_length=8, choices=State)
    after = models.CharField(_("after"), max_length=8, choices=State)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("channel event")
        verbose_name_plural = _("channel events")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"
