"""What dashboards see of a message: how it fares, neither its words nor its recipient."""

from rest_framework import serializers

from notifications.models import Message


class MessageSerializer(serializers.ModelSerializer[Message]):
    class Meta:
        model = Message
        fields = [
            "id",
            "reference",
            "template",
            "number",
            "language",
            "status",
            "attempts",
            "provider_message_id",
            "next_at",
            "sent_at",
            "created_at",
        ]
        read_only_fields = fields
