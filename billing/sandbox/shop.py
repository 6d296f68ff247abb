"""A shop that sells through the stand-in: the verbs of stories and tests, over the same HTTP as any caller."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import requests

from billing.sandbox.shapes import API_VERSION

Json = dict[str, Any]
KEY = "sk_test_" + "0" * 24
TIMEOUT = 30


@dataclass(frozen=True)
class Sold:
    """One line of a sale; `amount` is the price of one unit in minor units."""

    description: str
    amount: int
    quantity: int = 1
    tax_rates: tuple[str, ...] = ()
    coupon: str = ""


@dataclass(frozen=True)
class Field:
    """A field that the checkout page asks for."""

    key: str
    label: str
    kind: str = "text"
    optional: bool = False


class ShopError(Exception):
    """The stand-in refused; `error` is Stripe's error object."""

    def __init__(self, status: int, error: Json) -> None:
        super().__init__(f"{status}: {error.get('message')}")
        self.status = status
        self.error = error


class Shop:
    """Verbs of a seller. Amounts are minor units; every verb returns Stripe's objects."""

    def __init__(self, url: str, *, key: str = KEY, currency: str = "usd") -> None:
        self.url = url
        self.currency = currency
        self.prices: dict[tuple[str, int, str], str] = {}
        self.session = requests.Session()
        self.session.headers.update({"Authorization": f"Bearer {key}", "Stripe-Version": API_VERSION})

    def close(self) -> None:
        """Give the connection back."""
        self.session.close()

    def __enter__(self) -> "Shop":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # Calls ---------------------------------------------------------------------------------------------------------

    def post(self, path: str, /, *, idempotency_key: str = "", **params: Any) -> Json:
        """Call the API with these parameters."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return self._read(
            self.session.post(f"{self.url}/v1/{path}", data=flat(params), headers=headers, timeout=TIMEOUT)
        )

    def get(self, path: str, /, **params: Any) -> Json:
        """Read from the API."""
        return self._read(self.session.get(f"{self.url}/v1/{path}", params=flat(params), timeout=TIMEOUT))

    def control(self, path: str, /, **wanted: Any) -> Json:
        """Use the control surface: `complete`, `plan`, `faults` and the like."""
        return self._read(self.session.post(f"{self.url}/_sandbox/{path}", json=wanted, timeout=TIMEOUT))

    def seen(self, path: str, /, **wanted: str) -> Json:
        """Read the control surface: `calls`, `state`, `deliveries`."""
        return self._read(self.session.get(f"{self.url}/_sandbox/{path}", params=wanted, timeout=TIMEOUT))

    @staticmethod
    def _read(answer: requests.Response) -> Json:
        content = cast(Json, answer.json())
        if not answer.ok:
            raise ShopError(answer.status_code, content["error"])
        return content

    # What is sold, and to whom ---------------------------------------------------------------------------------------

    def customer(
        self,
        name: str,
        email: str,
        *,
        country: str = "SV",
        address: Mapping[str, str] | None = None,
        tax_ids: Sequence[tuple[str, str]] = (),
        metadata: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Json:
        """A buyer; a company brings its `tax_ids`, as `("sv_nit", "0614-…")`, and other facts as metadata."""
        data = [{"type": kind, "value": value} for kind, value in tax_ids]
        where = {"country": country, **(address or {})}
        return self.post(
            "customers", name=name, email=email, address=where, tax_id_data=data, metadata=metadata or {}, **more
        )

    def tax_rate(self, percentage: str, *, inclusive: bool, name: str = "IVA", country: str = "SV") -> Json:
        """A tax rate."""
        return self.post("tax_rates", display_name=name, percentage=percentage, inclusive=inclusive, country=country)

    def coupon(self, *, percent_off: str = "", amount_off: int = 0, name: str = "") -> Json:
        """A coupon: a percentage, or an amount in the shop's currency."""
        off: Json = (
            {"percent_off": percent_off} if percent_off else {"amount_off": amount_off, "currency": self.currency}
        )
        return self.post("coupons", duration="once", **off, **({"name": name} if name else {}))

    # Sales -----------------------------------------------------------------------------------------------------------

    def draft_invoice(self, customer: str, lines: Sequence[Sold], *, coupon: str = "", **more: Any) -> Json:
        """An invoice that can still change; `coupon` takes its part off every line."""
        discounts: Any = [{"coupon": coupon}] if coupon else None
        invoice = self.post(
            "invoices",
            customer=customer,
            currency=self.currency,
            auto_advance=False,
            pending_invoice_items_behavior="exclude",
            discounts=discounts,
            **more,
        )
        return self.post(f"invoices/{invoice['id']}/add_lines", lines=[self._line(line) for line in lines])

    def open_invoice(self, customer: str, lines: Sequence[Sold], *, coupon: str = "", **more: Any) -> Json:
        """A finalised invoice that waits for its money."""
        draft = self.draft_invoice(customer, lines, coupon=coupon, **more)
        return self.post(f"invoices/{draft['id']}/finalize")

    def pay_invoice(
        self,
        customer: str,
        lines: Sequence[Sold],
        *,
        coupon: str = "",
        method: str = "pm_card_visa",
        out_of_band: bool = False,
        first_part: int = 0,
        **more: Any,
    ) -> Json:
        """A paid invoice: by card, in two parts (`first_part` first), outside Stripe, or at once when it is zero."""
        invoice = self.open_invoice(customer, lines, coupon=coupon, **more)
        if invoice["status"] == "paid":
            return invoice
        if first_part:
            self.pay_part(invoice["id"], first_part, method=method)
        way: Json = {"paid_out_of_band": True} if out_of_band else {"payment_method": method}
        return self.post(f"invoices/{invoice['id']}/pay", **way)

    def pay_part(self, invoice: str, amount: int, *, method: str = "pm_card_visa") -> Json:
        """Pay a part of an open invoice with an intent of its own."""
        customer = self.get(f"invoices/{invoice}")["customer"]
        intent = self.pay_intent(amount, customer=customer, method=method)
        return self.post(f"invoices/{invoice}/attach_payment", payment_intent=intent["id"])

    def pay_intent(
        self, amount: int, *, customer: str = "", description: str = "", method: str = "pm_card_visa", **more: Any
    ) -> Json:
        """A payment without invoice or checkout."""
        fields = {"customer": customer or None, "description": description or None, **more}
        return self.post(
            "payment_intents", amount=amount, currency=self.currency, confirm=True, payment_method=method, **fields
        )

    def open_checkout(
        self,
        lines: Sequence[Sold],
        *,
        coupon: str = "",
        fields: Sequence[Field] = (),
        with_invoice: bool = False,
        **more: Any,
    ) -> Json:
        """A checkout page that waits for its buyer."""
        asked = [
            {
                "key": field.key,
                "label": {"custom": field.label, "type": "custom"},
                "type": field.kind,
                "optional": field.optional,
            }
            for field in fields
        ]
        return self.post(
            "checkout/sessions",
            mode="payment",
            success_url="https://shop.example.com/thanks",
            line_items=[self._offer(line) for line in lines],
            discounts=[{"coupon": coupon}] if coupon else None,
            custom_fields=asked,
            invoice_creation={"enabled": with_invoice},
            **more,
        )

    def checkout(
        self,
        lines: Sequence[Sold],
        *,
        buyer: Mapping[str, Any],
        answers: Mapping[str, str] | None = None,
        fields: Sequence[Field] = (),
        coupon: str = "",
        with_invoice: bool = False,
        method: str = "pm_card_visa",
        **more: Any,
    ) -> Json:
        """A completed checkout; `buyer` becomes the `customer_details`, `answers` fill the custom fields."""
        session = self.open_checkout(lines, coupon=coupon, fields=fields, with_invoice=with_invoice, **more)
        path = f"checkout/sessions/{session['id']}/complete"
        return self.control(path, customer_details=dict(buyer), custom_fields=dict(answers or {}), method=method)

    def settle(self, payment_intent: str, *, arrives: bool = True) -> Json:
        """The slow payment of a checkout or intent arrives, or comes back."""
        outcome = "succeeded" if arrives else "failed"
        return self.control(f"payment_intents/{payment_intent}/settle", outcome=outcome)

    def subscribe(self, customer: str, line: Sold, *, interval: str = "month", method: str = "pm_card_visa") -> Json:
        """A subscription with its first period billed; `control("subscriptions/<id>/cycle")` begins the next."""
        fields: Json = {"currency": self.currency, "unit_amount": line.amount, "recurring": {"interval": interval}}
        price = self.post("prices", product_data={"name": line.description}, **fields)["id"]
        item = {"price": price, "quantity": line.quantity, "tax_rates": list(line.tax_rates)}
        return self.post("subscriptions", customer=customer, items=[item], default_payment_method=method)

    # Undoing ---------------------------------------------------------------------------------------------------------

    def refund(self, *, payment_intent: str = "", charge: str = "", amount: int | None = None, **more: Any) -> Json:
        """Money back to the card, all of it unless `amount` says how much."""
        of: Json = {"payment_intent": payment_intent or None, "charge": charge or None}
        return self.post("refunds", amount=amount, **of, **more)

    def credit(self, invoice: str, *, quantities: Mapping[str, int], refund: int = 0, **more: Any) -> Json:
        """A credit note over whole units of lines; of a paid invoice, `refund` goes back to the card."""
        lines = [
            {"type": "invoice_line_item", "invoice_line_item": line, "quantity": quantity}
            for line, quantity in quantities.items()
        ]
        return self.post("credit_notes", invoice=invoice, lines=lines, refund_amount=refund or None, **more)

    def price(self, line: Sold) -> str:
        """The price that this line is sold at: a shop has a catalogue, so each is made once."""
        key = (line.description, line.amount, self.currency)
        if key not in self.prices:
            made = self.post(
                "prices",
                currency=self.currency,
                unit_amount=line.amount,
                product_data={"name": line.description},
            )
            self.prices[key] = made["id"]
        return self.prices[key]

    def _line(self, line: Sold) -> Json:
        discounts = [{"coupon": line.coupon}] if line.coupon else None
        shown: Json = {"quantity": line.quantity, "pricing": {"price": self.price(line)}}
        return shown | {"description": line.description, "tax_rates": list(line.tax_rates), "discounts": discounts}

    def _offer(self, line: Sold) -> Json:
        return {"quantity": line.quantity, "price": self.price(line), "tax_rates": list(line.tax_rates)}


def flat(params: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested parameters as the bracketed form fields that Stripe reads; None is left out."""
    fields: dict[str, str] = {}
    for key, value in params.items():
        name = f"{prefix}[{key}]" if prefix else key
        if isinstance(value, Mapping):
            fields |= flat(value, name)
        elif isinstance(value, list | tuple):
            fields |= flat({str(index): item for index, item in enumerate(value)}, name)
        elif value is not None:
            fields[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return fields
