import base64
from datetime import timedelta

import pytest
import time_machine
from django.utils.timezone import now
from rest_framework.test import APIClient
from rest_framework.throttling import UserRateThrottle

from config.api import read_cursor, write_cursor
from config.models import ApiToken
from config.tokens import make_token, revoke_token
from tests.factories.config import api_client
from tests.factories.notifications import MessageFactory

pytestmark = pytest.mark.django_db
PARTS = {name: f"/api/v1/{name}/" for name in ("approvals", "documents", "messages", "reversals", "sales")}
ALL = [*PARTS.values(), "/api/v1/schema/", "/api/v1/documents/1/", "/api/v1/sales/1/", "/api/v1/messages/1/"]
ALL += ["/api/v1/reversals/1/", "/api/v1/", "/api/v1/nothing/"]
MESSAGES = PARTS["messages"]


def bearer(secret):
    return {"HTTP_AUTHORIZATION": f"Bearer {secret}"}


@pytest.mark.parametrize("address", ALL)
@pytest.mark.parametrize("method", ["get", "head", "options", "post", "put", "patch", "delete"])
def test_everything_is_closed_without_a_token(address, method):
    answer = getattr(APIClient(), method)(address)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="sello"'
    assert answer["Content-Type"] == "application/json"
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    "words",
    [
        "",
        "Bearer",
        "Bearer  ",
        "Bearer a b",
        "Basic dTpw",
        "Token {secret}",
        "Bearer {secret}x",
        "bearer\x00",
        "Bearer ñ\x7f",
    ],
)
def test_what_is_not_a_token_opens_nothing(words):
    _token, secret = make_token(name="d", scopes=["read"])
    answer = APIClient().get(MESSAGES, HTTP_AUTHORIZATION=words.format(secret=secret))
    assert answer.status_code == 401
    assert secret not in answer.content.decode()


def test_the_word_bearer_may_be_written_in_any_case():
    _token, secret = make_token(name="d", scopes=["read"])
    assert APIClient().get(MESSAGES, HTTP_AUTHORIZATION=f"bearer {secret}").status_code == 200


def test_a_revoked_token_opens_nothing():
    token, secret = make_token(name="d", scopes=["read"])
    assert APIClient().get(MESSAGES, **bearer(secret)).status_code == 200
    revoke_token(token)
    assert APIClient().get(MESSAGES, **bearer(secret)).status_code == 401


def test_an_expired_token_opens_nothing():
    _token, secret = make_token(name="d", scopes=["read"], expires_at=now() + timedelta(days=1))
    assert APIClient().get(MESSAGES, **bearer(secret)).status_code == 200
    with time_machine.travel(now() + timedelta(days=1)):
        assert APIClient().get(MESSAGES, **bearer(secret)).status_code == 401


def test_a_session_of_the_admin_opens_nothing(admin_client):
    assert admin_client.get(MESSAGES).status_code == 401


@pytest.mark.parametrize("held", PARTS)
@pytest.mark.parametrize("wanted", PARTS)
def test_a_scope_opens_its_own_part_only(held, wanted):
    answer = api_client(f"{held}:read").get(PARTS[wanted])
    assert answer.status_code == (200 if held == wanted else 403)
    assert "no-store" in answer["Cache-Control"]


def test_every_token_may_read_the_schema():
    answer = api_client("messages:read").get("/api/v1/schema/")
    assert answer.status_code == 200
    assert set(answer.json()["paths"]) == {
        "/api/v1/approvals/",
        "/api/v1/approvals/{id}/",
        "/api/v1/documents/",
        "/api/v1/documents/{id}/",
        "/api/v1/messages/",
        "/api/v1/messages/{id}/",
        "/api/v1/reversals/",
        "/api/v1/reversals/{id}/",
        "/api/v1/sales/",
        "/api/v1/sales/{id}/",
    }


def test_the_last_use_is_written_at_most_once_a_minute():
    _token, secret = make_token(name="d", scopes=["read"])
    start = now()

    def use_after(seconds):
        with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            APIClient().get(MESSAGES, **bearer(secret))
        return ApiToken.objects.get().last_used_at

    first = use_after(1)
    assert first == start + timedelta(seconds=1)
    assert use_after(30) == first
    assert use_after(60) == first
    assert use_after(62) == start + timedelta(seconds=62)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_it_is_read_only(method):
    answer = getattr(api_client(), method)(MESSAGES)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_another_representation_is_answered_with_json():
    answer = api_client().get(MESSAGES, HTTP_ACCEPT="text/html")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize(
    "rest",
    [
        "",
        "nothing/",
        "messages/x/",
        "messages/-1/",
        "messages/0/",
        "messages/1/2/",
        "messages/%0A/",
        "%0A/x/",
        f"messages/{'9' * 30}/",
        f"sales/{'9' * 5000}/",
    ],
)
def test_what_does_not_exist_is_json_too(rest):
    answer = api_client().get(f"/api/v1/{rest}")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/json")
    assert "detail" in answer.json()


def test_too_many_requests_are_told_to_wait(monkeypatch):
    monkeypatch.setattr(UserRateThrottle, "THROTTLE_RATES", {"user": "3/min"})
    busy, other = api_client(), api_client()
    assert [busy.get(MESSAGES).status_code for _i in range(4)] == [200, 200, 200, 429]
    answer = busy.get(MESSAGES)
    assert 0 < int(answer["Retry-After"]) <= 60
    assert "no-store" in answer["Cache-Control"]
    assert other.get(MESSAGES).status_code == 200


def test_pages_follow_each_other_without_gap_or_double_even_at_one_moment():
    moment = now()
    MessageFactory.create_batch(5, created_at=moment)
    MessageFactory.create_batch(4, created_at=moment - timedelta(days=1))
    client, seen, address = api_client(), [], f"{MESSAGES}?page_size=2&status=queued"
    pages = 0
    while address:
        page = client.get(address).json()
        seen += [row["id"] for row in page["results"]]
        address, pages = page["next"], pages + 1
        MessageFactory(created_at=moment + timedelta(seconds=pages))
    assert pages == 5
    assert len(seen) == len(set(seen)) == 9
    assert seen == sorted(seen[:5], reverse=True) + sorted(seen[5:], reverse=True)


def test_the_last_page_has_no_next():
    MessageFactory.create_batch(2)
    assert api_client().get(f"{MESSAGES}?page_size=2").json()["next"] is None
    assert api_client().get(f"{MESSAGES}?page_size=1").json()["next"] is not None


def test_a_page_holds_fifty_rows_unless_asked_otherwise():
    MessageFactory.create_batch(51)
    assert len(api_client().get(MESSAGES).json()["results"]) == 50
    assert len(api_client().get(f"{MESSAGES}?page_size=200").json()["results"]) == 51


@pytest.mark.parametrize("size", ["0", "201", "-1", "x", "", "1.5", "٣", "9" * 400, "\x00", " 5"])
def test_a_page_size_out_of_bounds_is_refused(size):
    answer = api_client().get(MESSAGES, {"page_size": size})
    assert (answer.status_code, list(answer.json())) == (400, ["page_size"])


def encoded(words):
    return base64.urlsafe_b64encode(words.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "%%%",
        "ñ",
        "\x00",
        encoded("2026-01-01T00:00:00+00:00"),
        encoded("2026-01-01T00:00:00 5"),
        encoded("2026-01-01T00:00:00+02:00 5"),
        encoded("0001-01-01T00:00:00+23:59 5"),
        encoded("2026-01-01T00:00:00+00:00 -5"),
        encoded("2026-01-01T00:00:00+00:00 " + "9" * 19),
        encoded("2026-13-01T00:00:00+00:00 5"),
        encoded("x" * 10_000),
    ],
)
def test_a_cursor_that_is_not_ours_is_refused(cursor):
    answer = api_client().get(MESSAGES, {"cursor": cursor})
    assert (answer.status_code, answer.json()) == (400, {"cursor": ["This is not a cursor of ours."]})


def test_a_cursor_says_the_place_of_its_row():
    message = MessageFactory()
    assert read_cursor(write_cursor(message)) == (message.created_at, message.pk)


def test_the_ends_of_time_are_cursors_like_others():
    client = api_client()
    for words in ("0001-01-01T00:00:00+00:00 1", "9999-12-31T23:59:59.999999+00:00 999999999999999999"):
        assert client.get(MESSAGES, {"cursor": encoded(words)}).status_code == 200


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ("colour=red", "colour"),
        ("status=queued&status=sent", "status"),
        ("status=lost", "status"),
        ("status=", "status"),
        ("reference=%00", "reference"),
        ("reference=a%20b", "reference"),
        ("reference=" + "a" * 121, "reference"),
        ("created_after=yesterday", "created_after"),
        ("created_after=2026-02-30T00:00:00Z", "created_after"),
        ("created_before=0001-01-01T00:00:00%2B14:00", "created_before"),
        ("created_before=99999-01-01T00:00:00Z", "created_before"),
        ("format=xml", "format"),
    ],
)
def test_a_bad_question_is_refused_by_name(question, field):
    MessageFactory()
    answer = api_client().get(f"{MESSAGES}?{question}")
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert all(isinstance(words, str) for words in answer.json()[field])


def test_a_single_row_takes_no_parameter():
    message = MessageFactory()
    answer = api_client().get(f"{MESSAGES}{message.pk}/?status=queued")
    assert (answer.status_code, list(answer.json())) == (400, ["status"])
