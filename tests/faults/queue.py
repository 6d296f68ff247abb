"""`python -m tests.faults.queue messages|documents COUNT [FIRST]`: put work into the tables through the services.

Sales that come all the way from Stripe cost ten times as much as the part that a run is about.
"""

import sys
from decimal import Decimal

import django


def main(what: str, count: int, first: int) -> None:
    django.setup()
    {"messages": queue_messages, "documents": queue_documents}[what](range(first, first + count))


def queue_messages(numbers: range) -> None:
    from notifications.services.queue_message import queue_message

    for number in numbers:
        queue_message(
            reference=f"run:{number}",
            template="document_issued",
            language="es",
            recipient=f"buyer{number}@example.com",
            context={
                "seller_name": "Volcán Software",
                "customer_name": f"Buyer {number}",
                "kind_label": "Factura",
                "number": f"DTE-01-M001P001-{number:015d}",
                "total": "11.30",
                "currency": "USD",
                "issued_on": "21/11/2026",
                "contact_email": "facturas@volcan.example",
                "contingency": False,
                "livemode": False,
                "provider_mails": False,
                "link": f"http://127.0.0.1/d/{number}/",
            },
        )


def queue_documents(numbers: range) -> None:
    from smartbill.models import Issuer
    from smartbill.services.create import create_document
    from tests.factories.smartbill import make_draft

    issuer = Issuer.objects.get()
    for number in numbers:
        total = Decimal(113 + number % 9000) / 100
        create_document(draft=make_draft(issuer, total=str(total), source=f"run:{number}"))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1)
