"""Something that people were warned of: open until it is over, and kept for ever."""

from typing import Any, Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.urls import NoReverseMatch, reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from notifications.alerts import FACTS, KINDS


class AlertQuerySet(models.QuerySet["Alert"]):
    def open(self) -> Self:
        """Alerts whose cause goes on."""
        return self.filter(resolved_at=None)

    def untold(self) -> Self:
        """Open alerts of which nobody was told."""
        return self.open().filter(told=0)


class Alert(models.Model):
    """At most one is open per kind and key. `context` tells more in plain values and holds nothing personal.

    Of its values, `name` says in words what the alert is about, and `path` where in this house it lies; the others are
    shown as facts.
    """

    kind = models.CharField(gettext_lazy("kind"), max_length=30)
    key = models.CharField(gettext_lazy("key"), max_length=120)
    context = models.JSONField(gettext_lazy("values"), default=dict, encoder=DjangoJSONEncoder)
    raised_at = models.DateTimeField(gettext_lazy("raised"), default=now)
    last_at = models.DateTimeField(gettext_lazy("last raised"), default=now)
    times = models.PositiveIntegerField(gettext_lazy("times raised"), default=1)
    told = models.PositiveSmallIntegerField(gettext_lazy("people and webhooks told"), default=0)
    resolved_at = models.DateTimeField(gettext_lazy("over since"), null=True, blank=True)
    outcome = models.JSONField(gettext_lazy("values at the end"), default=dict, encoder=DjangoJSONEncoder)

    objects = AlertQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("alert")
        verbose_name_plural = gettext_lazy("alerts")
        ordering = ["-id"]
        permissions = [("send_test_alert", gettext_lazy("Can send a test alert"))]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"], condition=Q(resolved_at=None), name="one_open_alert_per_kind_and_key"
            ),
            models.CheckConstraint(condition=Q(kind__in=sorted(KINDS)), name="alert_kind_is_known"),
        ]
        indexes = [models.Index(fields=["kind", "-raised_at"], name="alert_by_kind")]

    def __str__(self) -> str:
        return f"{self.title}: {self.subject}" if self.subject else self.title

    @property
    def title(self) -> str:
        """What happened, in the language of the moment."""
        return str(KINDS[self.kind].title)

    @property
    def subject(self) -> str:
        """What it is about, in the words of whoever raised it."""
        return str(self.context.get("name", self.key))

    def facts(self, values: dict[str, Any]) -> list[tuple[str, str]]:
        """Return the values that are told, each with its name in words."""
        told = ((name, value) for name, value in values.items() if name not in {"name", "path"})
        return [(str(FACTS.get(name, name.replace("_", " "))), _in_words(value)) for name, value in told]

    def matter_path(self) -> str:
        """Return the path of the page where something can be done about it."""
        path = str(self.context.get("path", ""))
        if path.startswith("/") and not path.startswith("//"):
            return path
        kind = KINDS[self.kind]
        try:
            path = reverse(f"admin:{kind.page}_changelist")
        except NoReverseMatch:  # a house without that page
            return reverse("admin:index")
        return f"{path}?{kind.query}" if kind.query else path

    def page_url(self) -> str:
        """Return the whole address of the alert's own page in the admin."""
        return str(settings.PUBLIC_BASE_URL) + reverse("admin:notifications_alert_change", args=[self.pk])

    def lasted(self) -> str:
        """Return in words for how long it has been, or was, open."""
        minutes = int(((self.resolved_at or now()) - self.raised_at).total_seconds() // 60)
        if minutes < 1:
            return _("less than a minute")
        if minutes < 180:
            return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
        return ngettext("%(n)d hour", "%(n)d hours", minutes // 60) % {"n": minutes // 60}


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "–" if value is None else str(value)
