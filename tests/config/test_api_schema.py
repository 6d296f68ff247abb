"""A machine asks the API whatever its schema allows and forbids; no answer may be one that the schema does not know.

`API_FUZZ_EXAMPLES` asks more per operation and kind of question than the suite has time for.
"""

import os
from datetime import UTC, datetime, timedelta, timezone

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from rest_framework.throttling import UserRateThrottle
from schemathesis import GenerationMode

from billing.models import Sale
from config.api import write_cursor
from config.tokens import make_token
from config.wsgi import application
from tests.factories.billing import SaleAliasFactory, SaleFactory
from tests.factories.notifications import MessageFactory
from tests.smartbill.api.test_views import STAMPED, make_document

SCHEMA = "/api/v1/schema/"
PARTS = ("approvals", "documents", "messages", "reversals", "sales")
PATHS = [path for part in PARTS for path in (f"/api/v1/{part}/", f"/api/v1/{part}/{{id}}/")]
EXAMPLES = settings(
    max_examples=int(os.environ.get("API_FUZZ_EXAMPLES", "25")),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)

# Moments that lie outside the calendar once they are in UTC are refused; tests/config/test_api.py asks for them.
schemathesis.openapi.format(
    "date-time",
    st.builds(
        lambda at, hours: at.replace(tzinfo=timezone(timedelta(hours=hours))).isoformat(),
        st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)),  # noqa: DTZ001 - the zone is added above
        st.integers(-23, 23),
    ),
)
schemathesis.openapi.format(
    "cursor",
    st.builds(
        lambda at, pk: write_cursor(Sale(created_at=at, pk=pk)),
        st.datetimes(timezones=st.just(UTC)),
        st.integers(0, 10**18 - 1),
    ),
)


@pytest.fixture
def one_transaction(db):
    """Let requests run inside the test's transaction: the server would close such a connection between requests."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def token(one_transaction, monkeypatch):
    """The secret of a token that reads everything, and a row of each kind to be found."""
    monkeypatch.setattr(UserRateThrottle, "THROTTLE_RATES", {"user": "1000000/min"})
    make_document(**STAMPED)
    SaleAliasFactory(sale=SaleFactory(currency="usd", amount_minor=500))
    MessageFactory()
    return make_token(name="schema", scopes=["read"])[1]


@pytest.fixture
def api_schema(token):
    return schemathesis.openapi.from_wsgi(SCHEMA, application, headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_one_the_schema_knows(api_schema, token, path, mode):
    asked = []
    headers = {"Authorization": f"Bearer {token}"}

    @seed(20261121)
    @EXAMPLES
    @given(case=api_schema[path]["GET"].as_strategy(mode, headers=headers))
    def ask(case):
        asked.append(case.call_and_validate(headers=headers).status_code)

    ask()
    if "{id}" in path:
        assert set(asked) <= {200, 404}
    else:
        # A forbidden question may lose on the wire what was forbidden in it: the checks know when 200 is right.
        assert (400 in asked) is (mode is GenerationMode.NEGATIVE)
        assert set(asked) <= {200, 400}


@pytest.mark.parametrize("path", PATHS)
def test_without_a_token_nothing_is_answered(api_schema, path):
    asked = []

    @seed(20261121)
    @EXAMPLES
    @given(case=api_schema[path]["GET"].as_strategy())
    def ask(case):
        asked.append(case.call(headers={"Authorization": "Bearer sello_wrong"}).status_code)

    ask()
    assert set(asked) == {401}


def test_the_schema_is_valid_and_complete():
    with GENERATOR_STATS.silence():
        schema = SchemaGenerator().get_schema(request=None, public=True)
    validate_schema(schema)
    assert GENERATOR_STATS._warn_cache == {}
    assert GENERATOR_STATS._error_cache == {}
    assert sorted(schema["paths"]) == sorted(PATHS)
    for operations in schema["paths"].values():
        assert list(operations) == ["get"]
        assert set(operations["get"]["responses"]) == {"200", "400", "401", "403", "404", "405", "429"}
        assert operations["get"]["security"] == [{"token": []}]
