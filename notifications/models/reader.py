"""In which language a member of staff is written to."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Reader(models.Model):
    """Whoever has no row is written to in the language of the house."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="reader", verbose_name=_("person")
    )
    language = models.CharField(_("language of mails"), max_length=2, choices=settings.LANGUAGES)

    class Meta:
        verbose_name = _("language of a person")
        verbose_name_plural = _("languages of people")

    def __str__(self) -> str:
        return f"{self.user_id}: {self.language}"
