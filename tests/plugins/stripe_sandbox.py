"""The fixtures `stripe_sandbox` (a stand-in for Stripe on a free port, which the SDK and the settings point at),
`stripe_sdk` (the SDK's client of it) and `shop` (a seller that uses it).
"""

import pytest
import stripe

from billing.sandbox import StripeSandbox
from billing.sandbox.shop import Shop

KEY = "sk_test_" + "0" * 24


@pytest.fixture
def stripe_sandbox(settings):
    kept = stripe.api_base, stripe.default_http_client
    with StripeSandbox(retry_seconds=0.02) as sandbox:
        stripe.api_base = settings.STRIPE_API_BASE = sandbox.url
        # The mirror's client, as the app installed it, with connections of its own.
        stripe.default_http_client = type(kept[1])(timeout=10)
        yield sandbox
        stripe.default_http_client.close()
        stripe.api_base, stripe.default_http_client = kept


@pytest.fixture
def stripe_sdk(stripe_sandbox):
    http_client = stripe.RequestsClient(timeout=10)
    yield stripe.StripeClient(
        KEY,
        stripe_version="2026-08-26.dahlia",
        base_addresses={"api": stripe_sandbox.url},
        http_client=http_client,
        max_network_retries=0,
    )
    http_client.close()


@pytest.fixture
def shop(stripe_sandbox):
    with Shop(stripe_sandbox.url) as shop:
        yield shop
