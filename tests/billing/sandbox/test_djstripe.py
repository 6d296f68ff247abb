"""dj-stripe's mirror finds at the stand-in everything it fetches."""

import contextlib
import json
import re
from pathlib import Path

import pytest
from djstripe.models import Charge, Customer, Event, Invoice, PaymentIntent, Price, Product, Session, TaxId

import billing.sandbox
from billing.sandbox.shop import Field, ShopError, Sold

BUYER = {"name": "Ana", "email": "ana@example.com", "address": {"country": "SV"}}


def sell_everything(shop):
    """One of every story, so that every type of event is told."""
    rate, coupon = shop.tax_rate("13", inclusive=True)["id"], shop.coupon(percent_off="10")["id"]
    customer = shop.customer("Ana", "a@example.com", tax_ids=[("sv_nit", "0614-290590-101-4")])["id"]
    lines = [Sold(f"Line {number}", 1000 + number, 1, (rate,)) for number in range(12)]
    invoice = shop.pay_invoice(customer, lines, coupon=coupon)
    shop.pay_invoice(customer, [Sold("Tea", 1000, coupon=coupon)], first_part=300)
    shop.pay_invoice(customer, [Sold("Tea", 1000)], out_of_band=True)
    shop.post(f"invoices/{shop.open_invoice(customer, [Sold('Tea', 1000)])['id']}/void")
    shop.credit(invoice["id"], quantities={invoice["lines"]["data"][0]["id"]: 1}, refund=900)
    shop.checkout([Sold("Course", 500)], buyer=BUYER, coupon=coupon, fields=[Field("a", "A")], answers={"a": "b"})
    shop.checkout([Sold("Course", 500)], buyer=BUYER, with_invoice=True)
    slow = shop.checkout([Sold("Course", 500)], buyer=BUYER, method="pm_usBankAccount_success")
    shop.settle(slow["payment_intent"])
    shop.control(f"customers/{customer}/discount", coupon=coupon)
    shop.post(f"customers/{customer}", name="Berta")
    shop.refund(payment_intent=shop.pay_intent(700, customer=customer)["id"], amount=100)
    shop.control(f"charges/{shop.get('charges')['data'][0]['id']}/dispute")


def undo_everything(shop):
    """What goes wrong, ends or is taken back."""
    tea = [Sold("Tea", 500)]
    customer = shop.customer("Carla", "c@example.com", tax_ids=[("sv_nit", "0614-290590-101-5")])["id"]
    for action in ("mark_uncollectible", "void"):
        shop.post(f"invoices/{shop.open_invoice(customer, tea)['id']}/{action}")
    sent = shop.draft_invoice(customer, tea, collection_method="send_invoice")["id"]
    shop.post(f"invoices/{sent}/send")
    with contextlib.suppress(ShopError):
        shop.post(f"invoices/{sent}/pay", payment_method="pm_card_chargeDeclined")
    note = shop.post("credit_notes", invoice=sent, amount=100)["id"]
    shop.post(f"credit_notes/{note}", memo="Sorry")
    shop.post(f"credit_notes/{note}/void")
    shop.post(f"checkout/sessions/{shop.open_checkout(tea)['id']}/expire")
    late = shop.checkout(tea, buyer=BUYER, method="pm_usBankAccount_success")["payment_intent"]
    shop.settle(late, arrives=False)
    charge = shop.pay_intent(900)["latest_charge"]
    shop.post(f"charges/{charge}", description="Changed")
    refund = shop.refund(charge=charge)["id"]
    shop.post(f"refunds/{refund}", metadata={"a": "b"})
    shop.control(f"refunds/{refund}/fail")
    dispute = shop.control(f"charges/{charge}/dispute")["id"]
    shop.control(f"disputes/{dispute}/close", status="won")
    for collection in ("products", "prices", "coupons", "tax_rates"):
        row = shop.get(collection)["data"][0]["id"]
        shop.post(f"{collection}/{row}", metadata={"a": "b"})
    for method in ("pm_card_visa", "pm_card_chargeDeclined"):
        ended = shop.subscribe(customer, Sold("Plan", 900), method=method)["id"]
        shop.control(f"subscriptions/{ended}/cycle")
        assert shop.session.delete(f"{shop.url}/v1/subscriptions/{ended}", timeout=5).ok
    delete(shop, "coupons", shop.coupon(percent_off="1")["id"])
    delete(shop, "products", shop.post("products", name="Gone")["id"])
    delete(shop, "invoices", shop.post("invoices", customer=customer)["id"])
    delete(shop, "invoiceitems", shop.post("invoiceitems", customer=customer, amount=1, currency="usd")["id"])
    tax_id = shop.get(f"customers/{customer}/tax_ids")["data"][0]["id"]
    delete(shop, f"customers/{customer}/tax_ids", tax_id)


def delete(shop, collection, identifier):
    answer = shop.session.delete(f"{shop.url}/v1/{collection}/{identifier}", timeout=5)
    assert answer.json()["deleted"] is True


def types_in_the_source():
    """The types of event that the stand-in can tell: every literal of their form, but for names of objects."""
    families = "charge|checkout|coupon|credit_note|customer|invoice|invoice_payment|invoiceitem|payment_intent"
    named = re.compile(rf'"((?:{families}|price|product|refund|tax_rate)\.[a-z_.]+)"')
    sources = Path(billing.sandbox.__file__).parent.rglob("*.py")
    return {kind for source in sources for kind in named.findall(source.read_text())} - {"checkout.session"}


def told(shop):
    """Every event, oldest first."""
    events, after = [], {}
    while page := shop.get("events", limit=100, **after)["data"]:
        events += page
        after = {"starting_after": page[-1]["id"]}
    return events[::-1]


@pytest.mark.django_db
def test_every_event_is_mirrored_without_a_refusal(shop):
    sell_everything(shop)
    events = told(shop)
    before = shop.seen("calls")["count"]
    for event in events:
        Event.process(json.loads(json.dumps(event)))
    calls = shop.seen("calls")["data"][before:]
    assert {call["status"] for call in calls} == {200}
    assert {call["method"] for call in calls} == {"GET"}
    assert {call["stripe_version"] for call in calls} == {"2026-08-26.dahlia"}
    assert Event.objects.count() == len(events)
    counts = {model: model.objects.count() for model in (Customer, Invoice, PaymentIntent, Session, TaxId)}
    assert counts == {Customer: 2, Invoice: 5, PaymentIntent: 9, Session: 3, TaxId: 1}
    assert (Charge.objects.count(), Product.objects.count(), Price.objects.count()) == (7, 14, 14)


@pytest.mark.django_db
def test_every_type_of_event_is_mirrored(shop):
    sell_everything(shop)
    undo_everything(shop)
    events = told(shop)
    assert {event["type"] for event in events} == types_in_the_source() - {"customer.deleted"}
    for event in events:
        Event.process(event)
    assert Event.objects.count() == len(events)
    missed = {call["path"] for call in shop.seen("calls", method="GET")["data"] if call["status"] != 200}
    deleted = {event["data"]["object"]["id"] for event in events if event["type"].endswith(".deleted")}
    assert {path.split("/")[3] for path in missed} <= deleted


@pytest.mark.django_db
def test_a_deleted_customer_is_mirrored(shop):
    customer = shop.customer("Ana", "a@example.com")["id"]
    delete(shop, "customers", customer)
    for event in told(shop):
        Event.process(event)
    assert Event.objects.count() == 2
