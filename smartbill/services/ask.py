"""Asking the remote what it holds under a code we know. Asking never emits anything and may be repeated at will."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from smartbill.errors import PreconditionFailed, RateReached
from smartbill.models import ApiKey, Document, Issuer, ReadingRecord
from smartbill.providers import provider_for
from smartbill.providers.base import Credentials, Exchange, PreparedRequest, Provider, Reading
from smartbill.services.channel import take_reading

PERMISSION = 60
"""Seconds within which the first byte must leave."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a thread needs to ask about one code; putting it touches no database."""

    issuer: Issuer
    code: str
    provider: Provider
    request: PreparedRequest
    keys: Sequence[Credentials]

    def put(self, key: Credentials) -> tuple[Exchange, Reading]:
        """Ask with one key."""
        exchange = self.provider.send(self.request, key, not_after=time.monotonic() + PERMISSION)
        return exchange, self.provider.classify_reading(self.request, exchange)


def prepare(issuer: Issuer, *, code: str) -> Question:
    """Prepare a question; raises PreconditionFailed without a usable key."""
    keys = [key.credentials for key in ApiKey.objects.usable().filter(issuer=issuer).order_by("-role", "id")]
    if not keys:
        raise PreconditionFailed(_("The issuer has no usable API key."))
    provider = provider_for(issuer)
    return Question(issuer, code, provider, provider.reading(code), keys)


def take_turn(issuer: Issuer) -> None:
    """Count a question against the account's rate; raises RateReached."""
    if free_at := take_reading(issuer):
        raise RateReached(free_at)


def put_to_the_others(question: Question, first: tuple[Exchange, Reading]) -> tuple[Exchange, Reading]:
    """Ask with the further keys for as long as one is refused: a key is stopped when it is to send, not here."""
    exchange, reading = first
    for key in question.keys[1:]:
        if not reading.is_key_refused:
            break
        take_turn(question.issuer)
        exchange, reading = question.put(key)
    return exchange, reading


def ask(issuer: Issuer, *, code: str) -> Reading:
    """Ask the provider for a code without keeping the answer; raises PreconditionFailed without a usable key."""
    return _put(prepare(issuer, code=code))[1]


def read_remote(document: Document, *, code: str, actor: Any = None) -> Reading:
    """Ask the provider for a code and keep question and answer with the document; raises PreconditionFailed."""
    exchange, reading = _put(prepare(document.issuer, code=code))
    keep_reading(document, code, exchange, reading, actor=actor)
    return reading


def keep_reading(document: Document, code: str, exchange: Exchange, reading: Reading, *, actor: Any = None) -> None:
    """Keep question and answer with the document, as evidence."""
    ReadingRecord.objects.create(
        document=document,
        code=code,
        state=reading.state,
        http_status=exchange.status,
        failure=exchange.failure,
        content=reading.document or None,
        actor=actor,
    )


def _put(question: Question) -> tuple[Exchange, Reading]:
    take_turn(question.issuer)
    return put_to_the_others(question, question.put(question.keys[0]))
