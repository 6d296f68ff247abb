"""What lists of messages can be asked for."""

from typing import Any

from rest_framework import serializers

from notifications.lifecycle import Status

WORD = r"^[A-Za-z0-9_:.-]{1,120}$"


class MessageQuery(serializers.Serializer[Any]):
    """Each source is a look-up; "after" includes its moment, "before" does not."""

    status = serializers.ChoiceField(choices=Status.choices, required=False)
    reference = serializers.RegexField(WORD, required=False)
    template = serializers.RegexField(WORD, required=False)
    created_after = serializers.DateTimeField(source="created_at__gte", required=False)
    created_before = serializers.DateTimeField(source="created_at__lt", required=False)
    sent_after = serializers.DateTimeField(source="sent_at__gte", required=False)
    sent_before = serializers.DateTimeField(source="sent_at__lt", required=False)
