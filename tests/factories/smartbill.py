"""Rows of the smartbill app as a small company of El Salvador would have them."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import factory

from smartbill.drafts import Address, Draft, Line, Party, Payment
from smartbill.models import ApiKey, Issuer

COMPANY = Party(
    name="Ferretería Ñandú, S.A. de C.V.",
    tax_id="06140000000014",
    tax_id_type="nit",
    nrc="123456",
    activity_code="47300",
    activity_text="Venta al por menor de artículos de ferretería",
    email="pagos@nandu.example",
    phone="22223333",
    address=Address(country="SV", department="06", municipality="23", district="14", line="Calle Arce 100"),
)


class IssuerFactory(factory.django.DjangoModelFactory[Issuer]):
    class Meta:
        model = Issuer

    slug = factory.Sequence(lambda n: f"acme-{n}")
    provider = Issuer.Provider.EL_SALVADOR
    name = "Acme El Salvador, S.A. de C.V."
    commercial_name = "Acme"
    tax_id = "06140000000022"
    nrc = "654321"
    activity_code = "62010"
    activity_text = "Programación informática"
    address = "Avenida La Revolución 222"
    department = "06"
    municipality = "23"
    district = "14"
    country = "SV"
    email = "facturas@acme.example"
    phone = "22224444"
    currency = "USD"
    time_zone = "America/El_Salvador"


class ApiKeyFactory(factory.django.DjangoModelFactory[ApiKey]):
    class Meta:
        model = ApiKey

    issuer = factory.SubFactory(IssuerFactory)
    label = "Main"
    role = ApiKey.Role.MANAGER
    public_key = factory.Sequence(lambda n: f"pub_{n:020d}")
    private_key = factory.Sequence(lambda n: f"prv_{n:020d}")
    private_last4 = factory.LazyAttribute(lambda o: o.private_key[-4:])


def make_draft(issuer: Issuer, *, total: str = "113.00", source: str = "invoice:in_1", **changes: Any) -> Draft:
    """Return a draft of one service line, tax included, paid by card, that nothing forbids to issue."""
    amount = Decimal(total)
    draft = Draft(
        issuer_id=issuer.pk,
        source=source,
        kind="factura",
        livemode=issuer.livemode,
        currency="USD",
        total=amount,
        party=Party(name="Ana López", email="ana@example.com", address=Address(country="SV")),
        lines=(Line(description="Suscripción", quantity=Decimal(1), subtotal=amount, tax_rate=Decimal(13)),),
        payments=(Payment(method="card_credit", amount=amount, reference="pi_1"),),
        language="es",
        occurred_at=datetime(2026, 11, 20, 18, 0, tzinfo=UTC),
    )
    return replace(draft, **changes)
