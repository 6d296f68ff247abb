import smtplib
from datetime import timedelta

import pytest
import requests
import responses
from anymail.exceptions import AnymailInvalidAddress, AnymailRequestsAPIError, AnymailSerializationError
from django.core.mail import BadHeaderError

from notifications.answers import BUSY_FOR, Meaning, busy_for, meaning_of, text_of
from notifications.backends.resend import ResendBackend
from notifications.services.send_message import build_email
from tests.factories.notifications import MessageFactory

ADDRESS = "https://api.resend.com/emails"


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (smtplib.SMTPConnectError(421, b"busy"), Meaning.NOT_SENT),
        (smtplib.SMTPHeloError(550, b"who"), Meaning.NOT_SENT),
        (smtplib.SMTPAuthenticationError(535, b"password"), Meaning.NOT_SENT),
        (smtplib.SMTPNotSupportedError("SMTPUTF8"), Meaning.NOT_SENT),
        (smtplib.SMTPSenderRefused(550, b"not yours", "a@b.example"), Meaning.NOT_SENT),
        (smtplib.SMTPRecipientsRefused({"a@b.example": (450, b"greylisted")}), Meaning.NOT_SENT),
        (smtplib.SMTPRecipientsRefused({"a@b.example": (550, b"nobody")}), Meaning.REFUSED),
        (smtplib.SMTPDataError(451, b"later"), Meaning.NOT_SENT),
        (smtplib.SMTPDataError(554, b"spam"), Meaning.REFUSED),
        (smtplib.SMTPDataError(-1, b"garbage"), Meaning.DOUBTFUL),
        (smtplib.SMTPServerDisconnected("gone"), Meaning.DOUBTFUL),
        (smtplib.SMTPResponseException(299, b"strange"), Meaning.DOUBTFUL),
        (TimeoutError("read"), Meaning.DOUBTFUL),
        (ConnectionResetError(), Meaning.DOUBTFUL),
        (OSError("disk full"), Meaning.DOUBTFUL),
        (BadHeaderError("newline"), Meaning.REFUSED),
        (UnicodeEncodeError("ascii", "ñ", 0, 1, "no"), Meaning.REFUSED),
        (AnymailInvalidAddress("a"), Meaning.REFUSED),
        (AnymailSerializationError("a"), Meaning.REFUSED),
    ],
)
def test_each_error_has_one_meaning(error, meaning):
    assert meaning_of(error) is meaning


@responses.activate
@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (400, Meaning.REFUSED),
        (401, Meaning.NOT_SENT),
        (403, Meaning.NOT_SENT),
        (404, Meaning.REFUSED),
        (408, Meaning.DOUBTFUL),
        (409, Meaning.DOUBTFUL),
        (422, Meaning.REFUSED),
        (429, Meaning.BUSY),
        (302, Meaning.DOUBTFUL),
        (500, Meaning.DOUBTFUL),
        (503, Meaning.DOUBTFUL),
        (200, Meaning.DOUBTFUL),
    ],
)
def test_each_status_of_the_provider_has_one_meaning(status, meaning):
    responses.post(ADDRESS, status=status, json={"name": "some_error", "message": "no"})
    assert meaning_of(sending_error()) is meaning


@responses.activate
def test_an_answer_cut_off_is_doubt():
    responses.post(ADDRESS, body=requests.exceptions.ChunkedEncodingError("cut"))
    assert meaning_of(sending_error()) is Meaning.DOUBTFUL
    responses.replace(responses.POST, ADDRESS, body=requests.exceptions.ReadTimeout("slow"))
    assert meaning_of(sending_error()) is Meaning.DOUBTFUL


def test_a_connection_that_was_never_made_sent_nothing():
    assert meaning_of(sending_error(api_url="http://127.0.0.1:1/")) is Meaning.NOT_SENT


@responses.activate
@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ({}, BUSY_FOR),
        ({"Retry-After": "7"}, timedelta(seconds=7)),
        ({"Retry-After": "0"}, timedelta(seconds=1)),
        ({"Retry-After": "999999"}, timedelta(hours=1)),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, BUSY_FOR),
    ],
)
def test_we_wait_as_long_as_the_provider_asks(header, wait):
    responses.post(ADDRESS, status=429, json={}, headers=header)
    assert busy_for(sending_error()) == wait


@responses.activate
def test_the_text_for_people_has_the_answer_and_not_the_mail():
    responses.post(ADDRESS, status=422, json={"message": "Invalid `to` field\x00"})
    text = text_of(sending_error())
    assert text.startswith("AnymailRequestsAPIError: HTTP 422")
    assert "Invalid `to` field" in text
    assert "Hernández" not in text
    assert "\x00" not in text


def test_a_long_text_is_cut():
    assert len(text_of(OSError("x" * 9000))) == 500


def sending_error(**settings) -> AnymailRequestsAPIError:
    message = MessageFactory.build(subject="s", body_text="María Hernández", body_html="<p>h</p>")
    with pytest.raises(AnymailRequestsAPIError) as caught:
        ResendBackend(api_key="re_test", **settings).send_messages([build_email(message)])
    return caught.value
