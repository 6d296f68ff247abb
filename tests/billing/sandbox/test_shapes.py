"""The stand-in's objects have the fields of Stripe's, and its routes take only what Stripe's SDK can send.

`stripe_fields.json` lists the fields of the public examples of github.com/stripe/openapi at 2026-08-26.dahlia (MIT).
"""

import json
from pathlib import Path

import pytest
from stripe import params

from billing.sandbox.resources.table import ROUTES
from billing.sandbox.shop import Sold

FIELDS = json.loads(Path(__file__).with_name("stripe_fields.json").read_text())
# Fields that the API has and its public examples lack.
ALSO = {
    "customer": {"business_name", "individual_name"},
    "dispute": {"network_reason_code"},
    "refund": {"failure_reason"},
    "invoice": {"lines"},
    "checkout.session": {"tax_id_collection"},
    "charge": set(),
    "event": {"account", "context"},
}
# A hash of the method's own kind appears only for that kind.
OPTIONAL = {"payment_method": {"card", "us_bank_account", "sepa_debit"}}


@pytest.fixture
def sold_everything(shop):
    rate, coupon = shop.tax_rate("13", inclusive=True)["id"], shop.coupon(percent_off="10")["id"]
    customer = shop.customer("Ana", "a@example.com", tax_ids=[("sv_nit", "0614-290590-101-4")])["id"]
    invoice = shop.pay_invoice(customer, [Sold("Tea", 1130, 2, (rate,))], coupon=coupon)
    line = invoice["lines"]["data"][0]["id"]
    shop.credit(invoice["id"], quantities={line: 1}, refund=1017)
    shop.checkout([Sold("Tea", 1130, 1, (rate,))], buyer={"name": "Ana"}, coupon=coupon)
    charge = shop.get("charges")["data"][0]["id"]
    refund = shop.refund(charge=charge, amount=1)
    shop.control(f"refunds/{refund['id']}/fail")
    shop.control(f"charges/{charge}/dispute")
    shop.pay_intent(100, method="pm_sepaDebit_success")
    shop.subscribe(customer, Sold("Plan", 900))
    shop.post("payment_records/report_payment", amount_requested={"currency": "usd", "value": 1}, initiated_at=1)
    return shop


KINDS = sorted(set(FIELDS) - {"account"})


@pytest.mark.parametrize("kind", KINDS)
def test_objects_have_stripes_fields_and_no_others(sold_everything, kind):
    rows = sold_everything.seen("state", kind=kind)["data"]
    assert rows
    for row in rows:
        optional = OPTIONAL.get(kind, set())
        assert set(FIELDS[kind]) - optional <= set(row)
        assert set(row) - set(FIELDS[kind]) <= ALSO.get(kind, set()) | optional


SENT = {
    "POST /v1/customers": params.CustomerCreateParams,
    "POST /v1/customers/{id}": params.CustomerUpdateParams,
    "POST /v1/products": params.ProductCreateParams,
    "POST /v1/prices": params.PriceCreateParams,
    "POST /v1/coupons": params.CouponCreateParams,
    "POST /v1/tax_rates": params.TaxRateCreateParams,
    "POST /v1/invoiceitems": params.InvoiceItemCreateParams,
    "POST /v1/invoices": params.InvoiceCreateParams,
    "POST /v1/invoices/{id}": params.InvoiceUpdateParams,
    "POST /v1/invoices/{id}/add_lines": params.InvoiceAddLinesParams,
    "POST /v1/invoices/{id}/pay": params.InvoicePayParams,
    "POST /v1/invoices/{id}/attach_payment": params.InvoiceAttachPaymentParams,
    "GET /v1/invoice_payments": params.InvoicePaymentListParams,
    "POST /v1/payment_intents": params.PaymentIntentCreateParams,
    "POST /v1/payment_intents/{id}/confirm": params.PaymentIntentConfirmParams,
    "POST /v1/charges": params.ChargeCreateParams,
    "POST /v1/refunds": params.RefundCreateParams,
    "POST /v1/credit_notes": params.CreditNoteCreateParams,
    "POST /v1/checkout/sessions": params.checkout.SessionCreateParams,
    "POST /v1/payment_records/report_payment": params.PaymentRecordReportPaymentParams,
    "POST /v1/subscriptions": params.SubscriptionCreateParams,
    "POST /v1/subscriptions/{id}": params.SubscriptionUpdateParams,
    "GET /v1/events": params.EventListParams,
    "GET /v1/invoices": params.InvoiceListParams,
    "GET /v1/checkout/sessions": params.checkout.SessionListParams,
    "GET /v1/charges": params.ChargeListParams,
    "GET /v1/refunds": params.RefundListParams,
}


@pytest.mark.parametrize("address", sorted(SENT))
def test_a_route_takes_only_what_stripe_takes(address):
    (route,) = [route for route in ROUTES if f"{route.method} {route.path}" == address]
    assert set(route.takes) <= set(SENT[address].__annotations__)
