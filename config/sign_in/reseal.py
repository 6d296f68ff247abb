"""Sealing the secrets of second factors anew, when the key that seals them is replaced."""

from allauth.mfa.models import Authenticator
from django.db import transaction

from config.sign_in.adapters import SEALED
from notifications.encryption import decrypt, encrypt

SECRETS = ("secret", "seed")
"""Of an authenticator app, and of the recovery codes; a passkey leaves nothing secret with us."""


def reseal_factors() -> int:
    """Write each secret again, one row a transaction; return how many. Raises Undecryptable."""
    count = 0
    for pk in Authenticator.objects.values_list("pk", flat=True).iterator():
        with transaction.atomic():
            factor = Authenticator.objects.select_for_update().filter(pk=pk).first()
            names = [name for name in SECRETS if factor is not None and name in factor.data]
            if factor is not None and names:
                sealed = {name: encrypt(decrypt(factor.data[name], SEALED), SEALED) for name in names}
                Authenticator.objects.filter(pk=pk).update(data={**factor.data, **sealed})
                count += len(names)
    return count
