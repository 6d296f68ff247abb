"""What dashboards see of a sale: what was paid, what became of it, and under which Stripe ids it is known."""

from typing import Any

from rest_framework import serializers

from billing.models import Sale, SaleAlias
from billing.money import CurrencyOnHold, UnreadableAmount, to_decimal


class SaleAliasSerializer(serializers.ModelSerializer[SaleAlias]):
    class Meta:
        model = SaleAlias
        fields = ["kind", "stripe_id"]
        read_only_fields = fields


class ReasonSerializer(serializers.Serializer[Any]):
    """Why a sale is held or needs no document."""

    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class SaleSerializer(serializers.ModelSerializer[Sale]):
    customer = serializers.CharField(source="customer_id", read_only=True)
    amount = serializers.SerializerMethodField()
    reasons = ReasonSerializer(many=True, read_only=True)
    stripe_ids = SaleAliasSerializer(source="aliases", many=True, read_only=True)

    class Meta:
        model = Sale
        fields = [
            "id",
            "key",
            "livemode",
            "customer",
            "customer_name",
            "number",
            "currency",
            "amount",
            "amount_minor",
            "paid_at",
            "outcome",
            "reasons",
            "document",
            "stripe_ids",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields

    def get_amount(self, sale: Sale) -> str | None:
        """Return the amount as text in units of the currency; null where it cannot be told from Stripe's integer."""
        if sale.amount_minor is None or not sale.currency:
            return None
        try:
            return str(to_decimal(sale.amount_minor, sale.currency))
        except (CurrencyOnHold, UnreadableAmount):
            return None
