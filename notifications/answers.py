"""What the ways of sending answer, and what it means for the message: a closed table.

Only what is proved counts: a mail is "not sent" if the refusal came before the mail was handed over, and "refused" if
the other side says so in words. Everything else is doubt.
"""

from collections.abc import Iterator
from datetime import timedelta
from enum import Enum
from smtplib import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPDataError,
    SMTPHeloError,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
)

from anymail.exceptions import AnymailAPIError, AnymailError
from django.core.mail import BadHeaderError
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

SENDING_ERRORS = (OSError, AnymailError, BadHeaderError, UnicodeError)
"""Everything a backend raises about one message. SMTPException is an OSError."""

BUSY_FOR = timedelta(seconds=5)


class Meaning(Enum):
    NOT_SENT = "nothing was handed over; try later"
    BUSY = "nothing was handed over; the provider wants us to slow down"
    REFUSED = "refused for good; another try would end the same"
    DOUBTFUL = "perhaps sent"


STATUSES = {
    401: Meaning.NOT_SENT,  # Our key is wrong: mend it, the message is fine.
    403: Meaning.NOT_SENT,  # Our key or our domain is not permitted.
    408: Meaning.DOUBTFUL,
    409: Meaning.DOUBTFUL,  # The same key is in use, or was used for other bytes: the first request may have won.
    429: Meaning.BUSY,
}


def meaning_of(error: Exception) -> Meaning:
    """Return what an error of the sending call means."""
    match error:
        case SMTPRecipientsRefused(recipients=refusals):
            codes = [code for code, _text in refusals.values()]
            return Meaning.NOT_SENT if all(400 <= code < 500 for code in codes) else Meaning.REFUSED
        case SMTPDataError(smtp_code=code):
            return _meaning_of_reply(int(code))
        case (
            SMTPAuthenticationError()
            | SMTPConnectError()
            | SMTPHeloError()
            | SMTPNotSupportedError()
            | SMTPSenderRefused()
        ):
            return Meaning.NOT_SENT
        case AnymailAPIError():
            return _meaning_of_answer(error)
        case AnymailError() | BadHeaderError() | UnicodeError():
            return Meaning.REFUSED
        case _:
            return Meaning.DOUBTFUL


def _meaning_of_reply(code: int) -> Meaning:
    if 400 <= code < 500:
        return Meaning.NOT_SENT
    return Meaning.REFUSED if 500 <= code < 600 else Meaning.DOUBTFUL


def _meaning_of_answer(error: AnymailAPIError) -> Meaning:
    status = error.status_code
    if status is None:
        unconnected = any(isinstance(cause, NewConnectionError | ConnectTimeoutError) for cause in _causes(error))
        return Meaning.NOT_SENT if unconnected else Meaning.DOUBTFUL
    if status in STATUSES:
        return STATUSES[status]
    return Meaning.REFUSED if 400 <= status < 500 else Meaning.DOUBTFUL


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Walk down to the error of the socket: requests wraps urllib3, which keeps its own in `reason`."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        reason = getattr(seen, "reason", None)
        seen = reason if isinstance(reason, BaseException) else seen.__cause__ or seen.__context__


def busy_for(error: Exception) -> timedelta:
    """Return how long the provider asks us to wait, between one second and an hour."""
    response = getattr(error, "response", None)
    asked = response.headers.get("retry-after", "") if response is not None else ""
    return timedelta(seconds=min(max(int(asked), 1), 3600)) if asked.isdecimal() else BUSY_FOR


def text_of(error: Exception) -> str:
    """Return the error for a person, on one line and without what the provider quotes of the mail."""
    response = getattr(error, "response", None)
    words = f"HTTP {response.status_code} {response.text}" if response is not None else f"{error}"
    return f"{type(error).__name__}: {' '.join(words.replace(chr(0), ' ').split())}"[:500]
