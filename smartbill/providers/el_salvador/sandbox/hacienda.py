"""The tax authority behind the platform: up or down, what it refuses, and the seals it gives."""

import secrets
import string
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from smartbill.providers.el_salvador.sandbox.fields import Complaint
from smartbill.providers.el_salvador.sandbox.schemas import schema_errors

ID_REQUIRED_FROM = Decimal("25000.00")
_ALPHABET = string.ascii_uppercase + string.digits


class Hacienda:
    """Whether it answers, what it thinks of a document, and a seal for what it accepts."""

    def __init__(self, generation: str) -> None:
        self.up = True
        self.generation = generation

    def objections(self, document_type: str, document: Mapping[str, Any]) -> list[Complaint]:
        """Return why this document would be refused; empty when it would be sealed."""
        found = [
            Complaint(field=error.split(":", 1)[0], message=error, code="096")
            for error in schema_errors(self.generation, document_type, document)
        ]
        return found or _identity_objection(document_type, document)

    @staticmethod
    def new_seal(now: datetime) -> str:
        """Return a seal: the year and 36 random characters, as in every published sample."""
        return f"{now.year}" + "".join(secrets.choice(_ALPHABET) for _ in range(36))


def _identity_objection(document_type: str, document: Mapping[str, Any]) -> list[Complaint]:
    """A factura from 25,000 dollars names its buyer (arts. 114 and 119-G of the tax code)."""
    if document_type != "01" or document["resumen"]["montoTotalOperacion"] < ID_REQUIRED_FROM:
        return []
    if document["receptor"]["numDocumento"]:
        return []
    return [Complaint(field="receptor.numDocumento", message="is required from this amount", code="003")]
