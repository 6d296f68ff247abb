"""What dashboards see of a document: its fiscal state and figures, no address, no tax id, no link."""

from typing import Any

from rest_framework import serializers

from smartbill.lifecycle import GIVEN_UP
from smartbill.models import Document


class Amount(serializers.DecimalField):
    """An amount as text, so that nobody reads it as a float: two decimals, three where the third says something."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=16, decimal_places=3, coerce_to_string=True, **kwargs)

    def to_representation(self, value: Any) -> str:
        text = str(super().to_representation(value))
        return text[:-1] if text.endswith("0") else text


class DocumentSerializer(serializers.ModelSerializer[Document]):
    issuer = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    total = Amount(read_only=True)
    replaced_by = serializers.SerializerMethodField()
    counts = serializers.BooleanField(read_only=True)
    charged_total = Amount(read_only=True, allow_null=True)

    class Meta:
        model = Document
        fields = [
            "id",
            "reference",
            "issuer",
            "source",
            "purpose",
            "revision",
            "kind",
            "corrects",
            "replaces",
            "replaced_by",
            "counts",
            "livemode",
            "status",
            "status_since",
            "reason",
            "currency",
            "total",
            "charged_currency",
            "charged_total",
            "exchange_rate",
            "customer_name",
            "customer_reference",
            "language",
            "generation_code",
            "control_number",
            "seal",
            "occurred_at",
            "issued_at",
            "stamped_at",
            "invalidated_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields

    def get_replaced_by(self, document: Document) -> int | None:
        """Return the id of the document that takes the place of this one; none that was given up."""
        return next((row.pk for row in document.replacements.all() if row.status not in GIVEN_UP), None)
