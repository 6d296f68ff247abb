"""Locks that outlive a transaction: one worker at a time per Stripe object and customer."""

from django.db import models


class ObjectLease(models.Model):
    """Held while an object is fetched and stored. A row instead of an advisory lock: the network is never reached
    inside a transaction, SQLite has no advisory locks, and a dead holder's lease ends by itself."""

    key = models.CharField(max_length=255, primary_key=True)
    holder = models.UUIDField()
    until = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.key
