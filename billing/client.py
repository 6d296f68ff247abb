"""The one door to Stripe's API: read objects at the pinned version, as plain dictionaries.

Each answer is parsed here from the raw bytes: integers stay integers, and a number with a fraction arrives as text
(`"13.0"`), so that no float can reach an amount or a rate. Every function raises only `billing.errors`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import requests
import stripe
from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from billing.errors import Gone, NotAnId, PreconditionFailed, Unavailable
from billing.time_limit import time_is_up

StripeObject = dict[str, Any]
PAGE = 100
ID = re.compile(r"[A-Za-z0-9_]{1,255}", re.ASCII)
SECRET = re.compile(r"\b((?:sk|rk|pk|sk_org|whsec)_(?:(?:test|live)_)?)[A-Za-z0-9_*]{6,}")


def stripe_client() -> stripe.StripeClient:
    """Return the client of the key and the address in the settings; one is kept, so that connections are reused."""
    if not settings.STRIPE_API_KEY:
        raise PreconditionFailed(_("STRIPE_API_KEY is not set."))
    return _client(
        settings.STRIPE_API_KEY, settings.STRIPE_API_VERSION, settings.STRIPE_API_BASE, settings.STRIPE_TIMEOUT
    )


@lru_cache(maxsize=8)
def _client(key: str, version: str, base: str, timeout: int) -> stripe.StripeClient:
    session = requests.Session()
    session.max_redirects = 0
    return stripe.StripeClient(
        key,
        stripe_version=version,
        base_addresses={"api": base.rstrip("/")} if base else {},
        http_client=stripe.RequestsClient(timeout=timeout, session=session),
        # Our rows carry the retries: the SDK's own would hold a worker for minutes.
        max_network_retries=0,
    )


def redact(text: str) -> str:
    """Hide keys and signing secrets; the SDK and dj-stripe print the whole key in some of their errors."""
    if settings.STRIPE_API_KEY:
        text = text.replace(settings.STRIPE_API_KEY, "***")
    return SECRET.sub(r"\1***", text)


def get(path: str, /, **params: Any) -> StripeObject:
    """Read one path of the API, such as `/v1/invoices/in_1`, outside every transaction of ours and within the time
    limit of the work it is for."""
    refuse_call()
    try:
        answer = stripe_client().raw_request("get", path, **params)
        content = json.loads(answer.body, parse_float=str)
    except stripe.StripeError as error:
        raise _translated(error) from None
    except (ValueError, RecursionError) as error:
        raise Unavailable(_("Stripe's answer could not be read.")) from error
    if not isinstance(content, dict):
        raise Unavailable(_("Stripe's answer could not be read."))
    return content


def refuse_call() -> None:
    """Raise when no call may begin now: inside a transaction, or when the work has taken all its time (Unavailable)."""
    blocks = connection.atomic_blocks
    # The suite's own transaction does not count, as in django.db.transaction.Atomic(durable=True).
    if blocks and not getattr(blocks[-1], "_from_testcase", False):
        raise RuntimeError("Stripe was called inside a transaction: its locks would be held for as long as it answers.")
    if time_is_up():
        raise Unavailable(_("Asking Stripe took too long; it is tried again later."))


def _translated(error: stripe.StripeError) -> Exception:
    """Say what an error of the SDK asks of the caller (https://docs.stripe.com/api/errors)."""
    message = redact(str(error))
    if isinstance(error, stripe.InvalidRequestError) and (error.http_status == 404 or error.code == "resource_missing"):
        return Gone(message)
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError | stripe.InvalidRequestError):
        return PreconditionFailed(message)
    wish = str((error.headers or {}).get("retry-after", ""))
    return Unavailable(message, retry_after=int(wish) if wish.isdigit() else None)


def _one(collection: str, stripe_id: str, /, **params: Any) -> StripeObject:
    content = get(f"{collection}/{_segment(stripe_id)}", **params)
    if content.get("id") != stripe_id:
        raise Unavailable(_("Stripe answered with another object than the one asked for."))
    return content


def _segment(stripe_id: str) -> str:
    # An empty or foreign id would read another path than the one meant; ids come from outside.
    if not ID.fullmatch(stripe_id):
        raise NotAnId(_("“%(id)s” is not an id of Stripe.") % {"id": stripe_id[:60]})
    return quote(stripe_id, safe="")


def _pages(path: str, /, **params: Any) -> Iterator[StripeObject]:
    """Yield every element of a list, over all its pages."""
    last: dict[str, str] = {}
    while True:
        page = get(path, limit=PAGE, **params, **last)
        data = page.get("data")
        if not isinstance(data, list):
            raise Unavailable(_("Stripe's answer could not be read."))
        yield from data
        if not page.get("has_more") or not data:
            return
        last = {"starting_after": data[-1]["id"]}


def fetch_account() -> StripeObject:
    """Read the account of the key."""
    return get("/v1/account")


def fetch_invoice(invoice_id: str) -> StripeObject:
    """Read an invoice with its customer's tax ids, its payments and what was paid outside Stripe.

    Its `lines` hold the first page only: use `fetch_invoice_lines`.
    """
    expand = ["customer.tax_ids", "payments.data.payment.payment_intent", "discounts", "amount_paid_off_stripe"]
    return _one("/v1/invoices", invoice_id, expand=expand)


def fetch_invoice_lines(invoice_id: str) -> list[StripeObject]:
    """Read all lines of an invoice."""
    return list(_pages(f"/v1/invoices/{_segment(invoice_id)}/lines"))


def fetch_invoice_payments(*, invoice: str = "", payment_intent: str = "") -> list[StripeObject]:
    """Read the payments of an invoice, or those that name a payment intent (the way from an intent to its invoice)."""
    params: Mapping[str, Any]
    if payment_intent:
        params = {"payment": {"type": "payment_intent", "payment_intent": payment_intent}}
    else:
        params = {"invoice": _segment(invoice)}
    return list(_pages("/v1/invoice_payments", **params))


def fetch_invoice_payment(invoice_payment_id: str) -> StripeObject:
    """Read one payment of an invoice."""
    return _one("/v1/invoice_payments", invoice_payment_id)


def fetch_checkout_session(session_id: str) -> StripeObject:
    """Read a checkout session with its customer's tax ids. Its lines: `fetch_session_lines`."""
    return _one("/v1/checkout/sessions", session_id, expand=["customer.tax_ids"])


def fetch_session_lines(session_id: str) -> list[StripeObject]:
    """Read all lines of a checkout session with product, discounts and taxes."""
    expand = ["data.price.product", "data.discounts", "data.taxes"]
    return list(_pages(f"/v1/checkout/sessions/{_segment(session_id)}/line_items", expand=expand))


def fetch_session_of_intent(payment_intent_id: str) -> StripeObject | None:
    """Read the checkout session that made a payment intent, or None when no checkout did."""
    sessions = list(_pages("/v1/checkout/sessions", payment_intent=_segment(payment_intent_id)))
    return sessions[0] if sessions else None


def fetch_session_of_subscription(subscription_id: str) -> StripeObject | None:
    """Read the checkout session that began a subscription, or None when no checkout did."""
    sessions = list(_pages("/v1/checkout/sessions", subscription=_segment(subscription_id)))
    return sessions[0] if sessions else None


def fetch_payment_intent(payment_intent_id: str) -> StripeObject:
    """Read a payment intent with its latest charge and its customer's tax ids."""
    return _one("/v1/payment_intents", payment_intent_id, expand=["latest_charge", "customer.tax_ids"])


def fetch_charge(charge_id: str) -> StripeObject:
    """Read a charge."""
    return _one("/v1/charges", charge_id)


def fetch_customer(customer_id: str) -> StripeObject:
    """Read a customer with tax ids; a deleted one is `{"id": …, "deleted": true}`."""
    return _one("/v1/customers", customer_id, expand=["tax_ids"])


def fetch_product(product_id: str) -> StripeObject:
    """Read a product."""
    return _one("/v1/products", product_id)


def fetch_tax_rate(tax_rate_id: str) -> StripeObject:
    """Read a tax rate; its percentage is text."""
    return _one("/v1/tax_rates", tax_rate_id)


def fetch_refund(refund_id: str) -> StripeObject:
    """Read a refund."""
    return _one("/v1/refunds", refund_id)


def fetch_refunds(**of: str) -> list[StripeObject]:
    """Read all refunds of one payment: `payment_intent=` or `charge=`."""
    return list(_pages("/v1/refunds", **_named(of)))


def fetch_dispute(dispute_id: str) -> StripeObject:
    """Read a dispute."""
    return _one("/v1/disputes", dispute_id)


def fetch_disputes(**of: str) -> list[StripeObject]:
    """Read all disputes of one payment: `payment_intent=` or `charge=`."""
    return list(_pages("/v1/disputes", **_named(of)))


def fetch_credit_note(credit_note_id: str) -> StripeObject:
    """Read a credit note."""
    return _one("/v1/credit_notes", credit_note_id)


def fetch_credit_notes(invoice_id: str) -> list[StripeObject]:
    """Read all credit notes of an invoice, voided ones included."""
    return list(_pages("/v1/credit_notes", invoice=_segment(invoice_id)))


def _named(of: Mapping[str, str]) -> dict[str, str]:
    return {name: _segment(value) for name, value in of.items()}


def list_events(*, created_gte: int, created_lte: int | None = None) -> Iterator[StripeObject]:
    """Yield Stripe's events of a window in Unix seconds, newest first. Stripe keeps them for 30 days.

    Not filtered on delivery: events answered 200 and lost with our database count as delivered.
    """
    created = {"gte": created_gte} | ({"lte": created_lte} if created_lte is not None else {})
    return _pages("/v1/events", created=created)
