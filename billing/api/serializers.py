"""What dashboards see of sales and reversals: what was paid or went back, what became of it, and its Stripe ids."""

from typing import Any

from rest_framework import serializers

from billing.models import Approval, Reversal, ReversalAlias, Sale, SaleAlias
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
        return _units(sale.amount_minor, sale.currency)


class ReversalAliasSerializer(serializers.ModelSerializer[ReversalAlias]):
    class Meta:
        model = ReversalAlias
        fields = ["kind", "stripe_id"]
        read_only_fields = fields


class ReversalSerializer(serializers.ModelSerializer[Reversal]):
    """`counted` is what of the amount counts within the sale; null while the sale's amount is not known."""

    amount = serializers.SerializerMethodField()
    counted = serializers.SerializerMethodField()
    document = serializers.IntegerField(source="sale.document_id", read_only=True, allow_null=True)
    stripe_ids = ReversalAliasSerializer(source="aliases", many=True, read_only=True)

    class Meta:
        model = Reversal
        fields = [
            "id",
            "key",
            "sale",
            "document",
            "source",
            "standing",
            "currency",
            "amount",
            "counted",
            "occurred_at",
            "state",
            "state_since",
            "code",
            "reason",
            "remedy",
            "credit_note",
            "stripe_ids",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields

    def get_amount(self, reversal: Reversal) -> str | None:
        """Return the amount as text in units of the currency; null where it cannot be told from Stripe's integer."""
        return _units(reversal.amount_minor, reversal.currency)

    def get_counted(self, reversal: Reversal) -> str | None:
        """Return the counted amount as text in units of the currency, or null."""
        return _units(reversal.counted_minor, reversal.currency)


class RuleNameSerializer(serializers.Serializer[Any]):
    """A rule in the version that asked."""

    id = serializers.IntegerField()
    version = serializers.IntegerField()
    name = serializers.CharField()


class ApprovalSerializer(serializers.ModelSerializer[Approval]):
    """`answered` counts the approvals given; `people` is how many are needed. Who answered is not told."""

    rules = RuleNameSerializer(many=True, read_only=True)
    people = serializers.IntegerField(source="needed", read_only=True)
    answered = serializers.SerializerMethodField()

    class Meta:
        model = Approval
        fields = [
            "id",
            "sale",
            "state",
            "is_block",
            "amount",
            "currency",
            "rules",
            "people",
            "answered",
            "reminders",
            "created_at",
            "ended_at",
        ]
        read_only_fields = fields

    def get_answered(self, approval: Approval) -> int:
        """Return how many people have approved so far."""
        return (approval.first_by_id is not None) + (approval.state == Approval.State.GRANTED)


def _units(amount_minor: int | None, currency: str) -> str | None:
    if amount_minor is None or not currency:
        return None
    try:
        return str(to_decimal(amount_minor, currency))
    except (CurrencyOnHold, UnreadableAmount):
        return None
