"""A person's wish to send many documents at once: written in the request, carried out by a worker in batches."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _


class SendOrderQuerySet(models.QuerySet["SendOrder"]):
    def open(self) -> Self:
        """Orders of which documents are left."""
        return self.filter(done_at=None)


class SendOrder(models.Model):
    """The keys of the documents as they were confirmed. `position` tells how many of them were looked at.

    Moving ten thousand wide rows takes seconds; writing down that it was asked for takes one row.
    """

    keys = models.JSONField(_("documents"))
    position = models.PositiveIntegerField(_("carried out"), default=0)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    asked_at = models.DateTimeField(_("asked"), default=now)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    objects = SendOrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order to send")
        verbose_name_plural = _("orders to send")
        ordering = ["id"]
        indexes = [models.Index(fields=["id"], condition=Q(done_at=None), name="send_order_open")]

    def __str__(self) -> str:
        return f"{self.asked_at:%Y-%m-%d %H:%M:%S} · {self.position} / {len(self.keys)}"
