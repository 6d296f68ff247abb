"""Stripe's answers from a book, and what a sale needs to be decided."""

import pytest
import responses

from tests.billing.stripe_book import StripeBook


@pytest.fixture
def book():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield StripeBook(mock)
