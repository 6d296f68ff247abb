"""The two views of the API that belong to no app."""

from typing import Any

from drf_spectacular.renderers import OpenApiJsonRenderer2
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.api import HasScope


class SchemaView(SpectacularJSONAPIView):
    """The schema itself, for every holder of a token."""

    permission_classes = [HasScope]
    renderer_classes = [OpenApiJsonRenderer2]


class NoSuchPage(APIView):
    """Whatever else is asked below /api/v1/: the answer is JSON, and only for holders of a token."""

    schema = None

    def get(self, request: Request, **_arguments: Any) -> Response:
        raise NotFound
