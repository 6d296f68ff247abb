"""What lists of sales can be asked for."""

from typing import Any

from rest_framework import serializers

from billing.models import Approval, Sale
from billing.remedies import Remedy, Source, State

WORD = r"^[A-Za-z0-9_:.-]{1,120}$"


class SaleQuery(serializers.Serializer[Any]):
    """Each source is a look-up; "after" includes its moment, "before" does not."""

    outcome = serializers.ChoiceField(choices=Sale.Outcome.choices, required=False)
    livemode = serializers.ChoiceField(choices=["true", "false"], required=False)
    key = serializers.RegexField(WORD, required=False)
    customer = serializers.RegexField(WORD, source="customer_id", required=False)
    created_after = serializers.DateTimeField(source="created_at__gte", required=False)
    created_before = serializers.DateTimeField(source="created_at__lt", required=False)
    paid_after = serializers.DateTimeField(source="paid_at__gte", required=False)
    paid_before = serializers.DateTimeField(source="paid_at__lt", required=False)

    def validate_livemode(self, value: str) -> bool:
        return value == "true"


class ReversalQuery(serializers.Serializer[Any]):
    """Each source is a look-up; "after" includes its moment, "before" does not."""

    state = serializers.ChoiceField(choices=State.choices, required=False)
    kind = serializers.ChoiceField(choices=Source.choices, source="source", required=False)
    remedy = serializers.ChoiceField(choices=Remedy.choices, required=False)
    key = serializers.RegexField(WORD, required=False)
    sale = serializers.IntegerField(source="sale_id", min_value=1, max_value=2**63 - 1, required=False)
    created_after = serializers.DateTimeField(source="created_at__gte", required=False)
    created_before = serializers.DateTimeField(source="created_at__lt", required=False)


class ApprovalQuery(serializers.Serializer[Any]):
    """Each source is a look-up; "after" includes its moment, "before" does not."""

    state = serializers.ChoiceField(choices=Approval.State.choices, required=False)
    sale = serializers.IntegerField(source="sale_id", min_value=1, max_value=2**63 - 1, required=False)
    created_after = serializers.DateTimeField(source="created_at__gte", required=False)
    created_before = serializers.DateTimeField(source="created_at__lt", required=False)
