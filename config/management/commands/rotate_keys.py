"""`manage.py rotate_keys`: seal everything anew with the first of FIELD_ENCRYPTION_KEYS, so that the others can go."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction

from config.sign_in.reseal import reseal_factors
from notifications.encryption import EncryptedTextField, Undecryptable


class Command(BaseCommand):
    help = "Seal every encrypted value with the first key of FIELD_ENCRYPTION_KEYS. May be run again at any time."

    def handle(self, **options: Any) -> None:
        for model, field in encrypted_fields():
            label = f"{model._meta.label}.{field.name}"
            try:
                count = reseal(model, field.name)
            except Undecryptable as error:
                raise CommandError(f"{label}: {error}. Put the lost key back and run this again.") from error
            self.stdout.write(f"{label}: {count} sealed anew")
        try:
            self.stdout.write(f"second factors: {reseal_factors()} sealed anew")
        except Undecryptable as error:
            raise CommandError(f"second factors: {error}. Put the lost key back and run this again.") from error


def encrypted_fields() -> list[tuple[type[models.Model], EncryptedTextField]]:
    """Return every encrypted column of the house."""
    return [
        (model, field)
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, EncryptedTextField)
    ]


def reseal(model: type[models.Model], name: str) -> int:
    """Write each value again, one row a transaction: whoever changes the row meanwhile wins."""
    count = 0
    for pk in model._default_manager.values_list("pk", flat=True).iterator():
        with transaction.atomic():
            rows = model._default_manager.select_for_update().filter(pk=pk)
            for value in rows.values_list(name, flat=True):
                count += rows.update(**{name: value})
    return count
