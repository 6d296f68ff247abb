"""Contract with the installed dj-stripe: a test that fails after an upgrade names the change to look at again."""

import inspect
import json

import djstripe.models
import pytest
import requests
import stripe
from django.contrib import admin
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.urls import get_resolver
from djstripe import enums, event_handlers, signals
from djstripe.models import account, core

from billing import djstripe_compat
from billing.errors import Unavailable
from billing.models import InboundEvent
from billing.sandbox.shop import Shop, Sold
from billing.services.mirror_event import mirror_event
from billing.time_limit import time_limit
from tests.factories.billing import InboundEventFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(stripe_sandbox):
    with Shop(stripe_sandbox.url) as shop:
        yield shop


@pytest.fixture
def customer(shop):
    return shop.customer("Ñandú", "pagos@nandu.example", tax_ids=[("sv_nit", "0614-000000-001-4")])


def process(event_type, subject, event_id="evt_1"):
    return djstripe.models.Event.process(
        {
            "id": event_id,
            "object": "event",
            "api_version": "2026-08-26.dahlia",
            "created": 1_795_219_200,
            "data": {"object": subject},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": event_type,
        }
    )


def writes(stripe_sandbox):
    return [call for call in stripe_sandbox.world.calls.found() if call["method"] != "GET"]


def test_only_the_version_that_was_compared_is_let_in(monkeypatch):
    monkeypatch.setattr(djstripe_compat, "djstripe_version", "2.12.0")
    with pytest.raises(ImproperlyConfigured, match="2.12.0"):
        djstripe_compat.install()


def test_a_second_installation_changes_nothing(monkeypatch):
    hook, handler = core.Customer._attach_objects_post_save_hook, event_handlers._handle_crud_like_event
    djstripe_compat.install()
    assert core.Customer._attach_objects_post_save_hook is hook
    assert event_handlers._handle_crud_like_event is handler


def test_calls_of_the_mirror_end_soon_and_are_not_repeated(settings):
    assert stripe.default_http_client._timeout == settings.STRIPE_TIMEOUT == 10
    assert stripe.max_network_retries == 0


# 0. No reading inside a transaction -----------------------------------------------------------------------------------


def test_the_original_reads_in_a_transaction_that_it_opens():
    source = inspect.getsource(djstripe_compat._process)
    assert "with transaction.atomic():" in source
    assert source.index("transaction.atomic()") < source.index("invoke_webhook_handlers()")


@pytest.fixture
def sent(monkeypatch):
    """Every request that goes out, and whether a transaction was open then."""
    calls, send = [], requests.Session.send

    def watched(session, request, **options):
        calls.append((request.method, request.url.rpartition("/v1/")[2], connection.in_atomic_block))
        return send(session, request, **options)

    monkeypatch.setattr(requests.Session, "send", watched)
    return calls


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("event_type", "model"),
    [("customer.created", "Customer"), ("invoice.paid", "Invoice"), ("checkout.session.completed", "Session")],
)
def test_nothing_is_read_while_a_transaction_is_open(shop, customer, stripe_sandbox, sent, event_type, model):
    shop.pay_invoice(customer["id"], [Sold("Silla", 1130), Sold("Mesa", 2260)])
    shop.checkout([Sold("Mesa", 2260)], buyer={"name": "Ana", "email": "ana@nandu.example"}, customer=customer["id"])
    content = next(row for row in stripe_sandbox.world.store.rows("event") if row["type"] == event_type)
    InboundEventFactory(type=event_type, event_id=content["id"], body=json.dumps(content).encode())
    sent.clear()
    mirror_event(InboundEvent.objects.get())
    assert getattr(djstripe.models, model).objects.get().id == content["data"]["object"]["id"]
    assert djstripe.models.Customer.objects.get().id == customer["id"]
    assert len(sent) > 0
    assert [call for call in sent if call[2]] == []
    assert len(set(sent)) == len(sent)


def test_what_is_not_there_any_more_is_read_once_and_left_out(shop, customer, sent):
    process("invoice.updated", {"id": "in_gone", "object": "invoice", "customer": customer["id"]})
    assert len([path for _method, path, _open in sent if path.startswith("invoices/in_gone")]) == 1
    assert djstripe.models.Event.objects.get().id == "evt_1"
    assert not djstripe.models.Invoice.objects.exists()


def test_a_reading_that_fails_leaves_nothing_behind_and_is_done_again(shop, customer, stripe_sandbox):
    paid = shop.pay_invoice(customer["id"], [Sold("Silla", 1130)])
    stripe_sandbox.world.faults.plan({"answers": [{"status": 500, "path": "/v1/invoices"}]})
    with pytest.raises(stripe.APIError):
        process("invoice.paid", paid)
    assert not djstripe.models.Event.objects.exists()
    assert not djstripe.models.Customer.objects.exists()
    process("invoice.paid", paid)
    assert djstripe.models.Invoice.objects.get().id == paid["id"]


def test_reading_ends_with_the_time_of_the_work(shop, customer, sent):
    sent.clear()
    with time_limit(0), pytest.raises(Unavailable, match="took too long"):
        process("customer.updated", customer)
    assert sent == []
    assert not djstripe.models.Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_event_is_not_processed_within_a_transaction_of_ours(shop, customer, sent):
    sent.clear()
    with pytest.raises(RuntimeError, match="inside a transaction"), transaction.atomic():
        process("customer.updated", customer)
    assert sent == []


def test_its_client_writes_nothing(stripe_sandbox, sent):
    with pytest.raises(RuntimeError, match="it is a mirror"):
        stripe.Customer.create(name="Ñandú", api_key="sk_test_" + "0" * 24)
    assert sent == []


# a. The coupon of a discount ------------------------------------------------------------------------------------------


def test_the_customer_of_the_original_reads_the_coupon_where_it_was_before():
    source = inspect.getsource(djstripe_compat._attach_objects_of_customer)
    assert 'Coupon._get_or_create_from_stripe_object(\n                discount, "coupon"' in source


def test_a_customer_with_a_discount_is_mirrored_with_the_coupon(shop, customer):
    coupon = shop.coupon(percent_off="25")
    shop.control(f"customers/{customer['id']}/discount", coupon=coupon["id"])
    assert "coupon" not in shop.get(f"customers/{customer['id']}")["discount"]
    process("customer.updated", customer)
    assert djstripe.models.Customer.objects.get().id == customer["id"]
    assert djstripe.models.Coupon.objects.get().id == coupon["id"]


@pytest.mark.parametrize("source", [None, {}, {"type": "coupon", "coupon": None}])
def test_a_discount_without_a_coupon_is_left_out(shop, customer, source):
    data = {**customer, "discount": {"id": "di_1", "object": "discount", "source": source}}
    djstripe.models.Customer.sync_from_stripe_data(data)
    assert djstripe.models.Customer.objects.get().id == customer["id"]
    assert not djstripe.models.Coupon.objects.exists()


def test_without_the_change_the_discount_breaks_the_customer(shop, customer, monkeypatch):
    monkeypatch.setattr(core.Customer, "_attach_objects_post_save_hook", djstripe_compat._attach_objects_of_customer)
    data = {**customer, "discount": {"id": "di_1", "object": "discount", "source": {"coupon": "co_1"}}}
    with pytest.raises(RuntimeError, match=r"empty field Coupon\.coupon"):
        djstripe.models.Customer.sync_from_stripe_data(data)


# b. Values newer than dj-stripe ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["sv_nit", "ro_tin"])
def test_a_tax_id_type_that_it_does_not_know_is_its_own_name(value):
    assert value not in enums.TaxIdType.__choices__
    assert enums.TaxIdType.humanize(value) == value
    assert str(djstripe.models.TaxId(stripe_data={"type": value, "value": "0614"})) == f"{value} 0614"


def test_values_that_it_knows_keep_their_names():
    assert enums.TaxIdType.humanize("eu_vat") == str(enums.TaxIdType.__choices__["eu_vat"])
    assert enums.ChargeStatus.humanize("succeeded") == "Succeeded"


def test_every_enum_bears_new_values():
    found = [value for value in vars(enums).values() if isinstance(value, enums.EnumMetaClass)]
    assert len(found) > 50
    assert {enum.humanize("made_up") for enum in found} == {"made_up"}


# c. No key in the database --------------------------------------------------------------------------------------------


def test_the_original_would_store_the_key_and_ask_for_the_account():
    source = inspect.getsource(account)
    assert "APIKey.objects.get_or_create_by_api_key(api_key)" in source
    assert "apikey_instance.refresh_account()" in source
    assert "return api_key.secret" in source


def test_mirroring_stores_no_key_and_asks_for_no_account(shop, customer, stripe_sandbox):
    stripe_sandbox.world.calls.clear()
    process("customer.updated", customer)
    assert djstripe.models.Customer.objects.get().djstripe_owner_account is None
    assert not djstripe.models.APIKey.objects.exists()
    assert not djstripe.models.Account.objects.exists()
    assert stripe_sandbox.world.calls.found(path="/v1/account") == []


def test_an_event_of_another_account_asks_for_none_either(shop, customer, stripe_sandbox):
    stripe_sandbox.world.calls.clear()
    djstripe.models.Customer.sync_from_stripe_data({**customer, "account": "acct_other"})
    process("customer.updated", {**customer, "account": "acct_other"})
    assert stripe_sandbox.world.calls.found(path="/v1/account") == []


# d. Neither its pages nor its addresses -------------------------------------------------------------------------------


def test_none_of_its_pages_is_in_the_admin():
    pages = {ancestor.__module__ for page in admin.site._registry.values() for ancestor in type(page).__mro__}
    assert "django.contrib.admin.options" in pages
    assert [module for module in pages if module.startswith("djstripe")] == []


def test_none_of_its_addresses_is_served():
    def callbacks(resolver):
        for pattern in resolver.url_patterns:
            if hasattr(pattern, "url_patterns"):
                yield from callbacks(pattern)
            else:
                yield pattern.callback.__module__

    assert [module for module in callbacks(get_resolver()) if module.startswith("djstripe")] == []


# e. Signals -----------------------------------------------------------------------------------------------------------


def test_the_signals_that_are_added_are_still_missing_in_the_original():
    assert set(djstripe_compat.SIGNALS_IT_LACKS) & set(signals.ENABLED_EVENTS) == set()


def test_a_receiver_of_an_added_signal_can_be_written():
    for name in djstripe_compat.SIGNALS_IT_LACKS:
        assert signals.WEBHOOK_SIGNALS[name].receivers == []
        event_handlers.djstripe_receiver(name)


# f. A mirror does not write and does not erase ------------------------------------------------------------------------


def test_the_original_would_delete_at_stripe_and_in_the_database():
    assert "self._api_delete()" in inspect.getsource(core).partition("def purge")[2][:400]
    source = inspect.getsource(djstripe_compat._handle_crud_like_event)
    assert "qs.get().purge()" in source
    assert "target_cls.objects.filter(id=id).delete()" in source


def test_a_deleted_customer_is_marked_and_stripe_is_only_read(shop, customer, stripe_sandbox):
    process("customer.created", customer, "evt_1")
    stripe_sandbox.world.calls.clear()
    process("customer.deleted", customer, "evt_2")
    row = djstripe.models.Customer.objects.get()
    assert row.stripe_data["deleted"] is True
    assert row.stripe_data["name"] == "Ñandú"
    assert row.date_purged is not None
    assert writes(stripe_sandbox) == []


@pytest.mark.parametrize(
    ("model", "event_type", "subject"),
    [
        ("Coupon", "coupon.deleted", {"id": "co_1", "object": "coupon"}),
        ("Product", "product.deleted", {"id": "prod_1", "object": "product"}),
        ("Price", "price.deleted", {"id": "price_1", "object": "price"}),
        ("TaxId", "customer.tax_id.deleted", {"id": "txi_1", "object": "tax_id"}),
        ("PaymentMethod", "payment_method.detached", {"id": "card_1", "object": "payment_method"}),
    ],
)
def test_what_stripe_deleted_is_marked_and_kept(stripe_sandbox, model, event_type, subject):
    cls = getattr(djstripe.models, model)
    cls(id=subject["id"], stripe_data={"object": subject["object"], "name": "kept"}, **_required(model)).save()
    stripe_sandbox.world.calls.clear()
    process(event_type, {**subject, "customer": None})
    assert cls.objects.get().stripe_data == {"object": subject["object"], "name": "kept", "deleted": True}
    assert stripe_sandbox.world.calls.found() == []


def _required(model):
    if model == "Price":
        product = djstripe.models.Product.objects.create(id="prod_1", stripe_data={})
        return {"product": product, "active": True, "currency": "usd"}
    return {"Product": {"active": True}}.get(model, {})


def test_a_deletion_of_something_unknown_is_no_problem(stripe_sandbox):
    process("coupon.deleted", {"id": "co_unknown", "object": "coupon"})
    assert not djstripe.models.Coupon.objects.exists()


def test_mirroring_the_objects_of_a_sale_only_reads(shop, customer, stripe_sandbox):
    shop.pay_invoice(customer["id"], [Sold("Silla", 1130)])
    rows = json.loads(json.dumps(list(stripe_sandbox.world.store.rows("event"))))
    stripe_sandbox.world.calls.clear()
    for row in rows:
        djstripe.models.Event.process(row)
    assert djstripe.models.Event.objects.count() == len(rows) > 3
    assert writes(stripe_sandbox) == []


def test_a_subscriber_in_the_metadata_of_a_checkout_is_not_written_to_stripe(shop, stripe_sandbox):
    buyer = {"name": "Ñandú", "email": "pagos@nandu.example"}
    customer = shop.customer(**buyer)
    lines = [Sold("Mesa", 2260)]
    session = shop.checkout(lines, buyer=buyer, customer=customer["id"], metadata={"djstripe_subscriber": "1"})
    stripe_sandbox.world.calls.clear()
    process("checkout.session.completed", session)
    assert djstripe.models.Session.objects.get().metadata == {"djstripe_subscriber": "1"}
    assert writes(stripe_sandbox) == []
