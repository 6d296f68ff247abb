"""The document of a sale is the one in force: when another took its place, the sale names that one."""

from billing.models import Sale
from smartbill.services.replace import successor_of


def follow_replacement(sale: Sale) -> None:
    """Have a sale whose row is locked name the document that took over."""
    if sale.document is None:
        return
    successor = successor_of(sale.document)
    if successor.pk != sale.document_id:
        sale.document = successor
        sale.save(update_fields=["document", "updated_at"])
