"""Messages as the fiscal app queues them."""

import factory

from notifications.models import Message

DOCUMENT_ISSUED = {
    "seller_name": "Café Montaña, S.A. de C.V.",
    "customer_name": "María Hernández",
    "kind_label": "Factura",
    "number": "DTE-01-M001P001-000000000000123",
    "total": "$1,248.50",
    "currency": "USD",
    "issued_on": "21 de noviembre de 2026",
    "link": "https://billing.example.com/d/Qk3vZ9xT7mP2sL8wN4cR6yB1fH5jD0aGuEoIiVtXzKq/",
    "contingency": False,
    "contact_email": "facturas@cafe.example",
    "livemode": True,
    "provider_mails": False,
}


class MessageFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Message

    reference = factory.Sequence(lambda n: f"document:{n}")
    template = "document_issued"
    language = "es"
    recipient = factory.Sequence(lambda n: f"customer{n}@shop.example")
    context = factory.LazyFunction(lambda: dict(DOCUMENT_ISSUED))
