"""What Stripe is answered when an event cannot be stored, and what a lost connection may not do."""

import pytest
from django.db import OperationalError, connection

from billing.models import InboundEvent
from tests.billing.test_webhook import deliver
from tests.factories.billing import StripeEndpointFactory, event_content


@pytest.fixture
def endpoint(db):
    return StripeEndpointFactory()


@pytest.mark.django_db(transaction=True)
def test_without_the_database_stripe_is_asked_to_come_back(endpoint):
    def away(execute, sql, params, many, context):
        raise OperationalError("the database is away")

    with connection.execute_wrapper(away):
        assert deliver(endpoint, event_content()).status_code == 503


@pytest.mark.django_db(transaction=True)
def test_when_only_the_insert_fails_stripe_is_asked_to_come_back(endpoint):
    def read_only(execute, sql, params, many, context):
        if sql.startswith("INSERT"):
            raise OperationalError("the disk is full")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(read_only):
        assert deliver(endpoint, event_content()).status_code == 503
    assert not InboundEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_died_meanwhile_loses_no_event_and_makes_no_second():
    endpoint = StripeEndpointFactory()
    tries = []

    def lost(execute, sql, params, many, context):
        if not sql.startswith("INSERT"):
            return execute(sql, params, many, context)
        tries.append(sql)
        if len(tries) == 1:
            execute(sql, params, many, context)
            # The row came through, its answer did not.
            context["connection"].errors_occurred = True
            raise OperationalError("server closed the connection unexpectedly")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(lost):
        assert deliver(endpoint, event_content()).status_code == 200
    assert len(tries) == 2
    assert InboundEvent.objects.count() == 1


def test_secrets_that_cannot_be_opened_ask_stripe_to_come_back(endpoint, settings):
    settings.FIELD_ENCRYPTION_KEYS = ["another key, by mistake"]
    assert deliver(endpoint, event_content()).status_code == 503
    assert not InboundEvent.objects.exists()
