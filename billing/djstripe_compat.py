"""What dj-stripe 2.11 needs to mirror current Stripe objects safely. Applied once, when the app is ready.

dj-stripe was written for the API before 2025-03-31.basil and for being the master of its data. Here it is a cache that
follows: it never writes to Stripe, never erases, keeps no key, reads nothing inside a transaction, and is never asked
for a fiscal fact. Every change has a test against the installed source, so that an upgrade cannot lose one silently.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from copy import deepcopy
from typing import Any, TypeVar

import stripe
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.dispatch import Signal
from django.utils.timezone import now
from djstripe import enums, event_handlers
from djstripe.apps import __version__ as djstripe_version
from djstripe.models import Account, Customer, Event, StripeModel
from djstripe.signals import WEBHOOK_SIGNALS

from billing.client import refuse_call

KNOWN_VERSION = "2.11.0"

# Types of the SDK's endpoint enum that dj-stripe has no signal for; a receiver of such a type would stop the start.
SIGNALS_IT_LACKS = (
    "billing.credit_balance_transaction.created",
    "billing.credit_grant.created",
    "billing.credit_grant.updated",
    "billing.meter.created",
    "billing.meter.deactivated",
    "billing.meter.reactivated",
    "billing.meter.updated",
    "invoice.payment_attempt_required",
)

Result = TypeVar("Result")
Read = tuple[str, str]
Answer = tuple[Any, int, Mapping[str, str]]
_answers: ContextVar[dict[Read, Answer] | None] = ContextVar("answers", default=None)

_process = Event.process.__func__
_attach_objects_of_customer = Customer._attach_objects_post_save_hook
_handle_crud_like_event = event_handlers._handle_crud_like_event


def install() -> None:
    """Apply every change, or refuse to start with a dj-stripe that nobody has compared with them."""
    if djstripe_version != KNOWN_VERSION:
        raise ImproperlyConfigured(
            f"dj-stripe {djstripe_version} is installed, billing/djstripe_compat.py was written for {KNOWN_VERSION}: "
            "run tests/billing/test_djstripe_compat.py, mend it, and raise KNOWN_VERSION."
        )
    stripe.default_http_client = MirrorClient(timeout=settings.STRIPE_TIMEOUT)
    stripe.max_network_retries = 0
    Event.process = classmethod(process_event)
    Customer._attach_objects_post_save_hook = attach_objects_of_customer
    Customer.purge = mark_customer_deleted
    event_handlers._handle_crud_like_event = handle_crud_like_event
    StripeModel._find_owner_account = classmethod(no_owner)
    Account.get_or_retrieve_for_api_key = classmethod(no_owner)
    for enum in vars(enums).values():
        if isinstance(enum, enums.EnumMetaClass):
            enum.humanize = staticmethod(humanize_of(enum))
    for name in SIGNALS_IT_LACKS:
        WEBHOOK_SIGNALS.setdefault(name, Signal())


class _Unread(BaseException):
    """dj-stripe wants to read what was not read yet. No `except Exception` of dj-stripe (around the lines of an
    invoice, say) may swallow it: it has to end the transaction."""

    def __init__(self, read: Read, call: Callable[[], Answer]) -> None:
        self.read = read
        self.call = call


class MirrorClient(stripe.RequestsClient):
    """How dj-stripe calls Stripe: it only reads, and inside `read_outside` it is answered from what was read before."""

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_unused: Any
    ) -> Answer:
        """Answer a call of the SDK, or end the transaction that it stands in."""
        if method.lower() != "get":
            raise RuntimeError("dj-stripe wanted to write to Stripe: it is a mirror.")
        answers, read = _answers.get(), (url, (headers or {}).get("Stripe-Account", ""))
        if answers is None:
            return super().request(method, url, headers, post_data)
        if read not in answers:
            call = super().request
            raise _Unread(read, lambda: call(method, url, headers, post_data))
        return answers[read]


def read_outside(work: Callable[[], Result]) -> Result:
    """Do work that reads Stripe inside its own transaction, without reading there.

    What was not read yet ends the transaction; it is read outside and the work begins again from nothing, until all
    it asks for is known. Stripe's refusals are answers as well. Raises Unavailable when that takes too long.
    """
    answers: dict[Read, Answer] = {}
    token = _answers.set(answers)
    try:
        while True:
            try:
                return work()
            except _Unread as unread:
                refuse_call()
                answers[unread.read] = unread.call()
    finally:
        _answers.reset(token)


def process_event(cls: Any, data: Any, api_key: str | None = None) -> Any:
    """Store an event and what it is about. The original reads Stripe, once per related object and for up to ten
    seconds each, in a transaction: on SQLite that is the lock which a webhook waits for."""
    return read_outside(lambda: _process(cls, deepcopy(data), api_key=api_key))


def attach_objects_of_customer(self: Any, cls: Any, data: Any, *args: Any, **kwargs: Any) -> None:
    """Show a customer's discount as it was before 2025-09-30: without `discount.coupon` every event of a customer with
    a discount fails for ever ("empty field Coupon.coupon")."""
    discount = data.get("discount")
    if discount and not discount.get("coupon"):
        data = dict(data.items())
        coupon = (discount.get("source") or {}).get("coupon")
        data["discount"] = {**dict(discount.items()), "coupon": coupon} if coupon else None
    _attach_objects_of_customer(self, cls, data, *args, **kwargs)


def humanize_of(enum: Any) -> Callable[[Any], str]:
    """Names of an enum's values; a value newer than dj-stripe (`sv_nit`, say) is its own name instead of a KeyError."""

    def humanize(value: Any) -> str:
        return str(enum.__choices__.get(value, value))

    return humanize


def no_owner(_cls: Any, *_args: Any, **_kwargs: Any) -> None:
    """Know no account: dj-stripe would ask Stripe for it and store the secret key in clear beside it, where it would
    win over the setting for ever."""


def mark_customer_deleted(self: Any) -> None:
    """Note that Stripe deleted a customer. The original sends DELETE to Stripe, from a webhook."""
    self.stripe_data = {**self.stripe_data, "deleted": True}
    self.date_purged = now()
    self.save(update_fields=["stripe_data", "date_purged"])


def handle_crud_like_event(
    target_cls: Any, event: Any, data: Any = None, id: str | None = None, crud_type: Any = None
) -> Any:
    """Note a deletion on the row. The original deletes the row and, by cascade, the charges and invoices below it."""
    determined = crud_type or event_handlers.CrudType.determine(event=event, verb=event.verb)
    if determined is not event_handlers.CrudType.DELETED:
        return _handle_crud_like_event(target_cls, event, data=data, id=id, crud_type=crud_type)
    stripe_id = id or (data or event.data).get("object", {}).get("id")
    for row in target_cls.objects.filter(id=stripe_id) if stripe_id else ():
        if isinstance(row, Customer):
            row.purge()
        else:
            row.stripe_data = {**row.stripe_data, "deleted": True}
            row.save(update_fields=["stripe_data"])
    return None
