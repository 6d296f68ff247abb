"""Messages, read only."""

from rest_framework.viewsets import ReadOnlyModelViewSet

from notifications.api.filters import MessageQuery
from notifications.api.serializers import MessageSerializer
from notifications.models import Message


class MessageViewSet(ReadOnlyModelViewSet[Message]):
    """Messages to customers and what became of them, newest first."""

    queryset = Message.objects.defer("context", "body_text", "body_html")
    serializer_class = MessageSerializer
    query_class = MessageQuery
    scope = "messages"
