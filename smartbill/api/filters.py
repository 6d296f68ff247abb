"""What lists of documents can be asked for."""

from typing import Any

from rest_framework import serializers

from smartbill.lifecycle import Kind, Status

WORD = r"^[A-Za-z0-9_:.-]{1,120}$"


class DocumentQuery(serializers.Serializer[Any]):
    """Each source is a look-up; "after" includes its moment, "before" does not."""

    status = serializers.ChoiceField(choices=Status.choices, required=False)
    kind = serializers.ChoiceField(choices=Kind.choices, required=False)
    counts = serializers.ChoiceField(choices=["true", "false"], required=False)
    livemode = serializers.ChoiceField(choices=["true", "false"], required=False)
    reference = serializers.RegexField(WORD, required=False)
    source = serializers.RegexField(WORD, required=False)  # type: ignore[assignment]
    customer = serializers.RegexField(WORD, source="customer_reference", required=False)
    created_after = serializers.DateTimeField(source="created_at__gte", required=False)
    created_before = serializers.DateTimeField(source="created_at__lt", required=False)
    occurred_after = serializers.DateTimeField(source="occurred_at__gte", required=False)
    occurred_before = serializers.DateTimeField(source="occurred_at__lt", required=False)
    stamped_after = serializers.DateTimeField(source="stamped_at__gte", required=False)
    stamped_before = serializers.DateTimeField(source="stamped_at__lt", required=False)

    def validate_counts(self, value: str) -> bool:
        return value == "true"

    def validate_livemode(self, value: str) -> bool:
        return value == "true"
