"""The published schema of the API: what every answer may be, refusals included."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

DETAIL = {"type": "object", "required": ["detail"], "properties": {"detail": {"type": "string"}}}
FIELDS = {
    "type": "object",
    "description": "What is wrong, by parameter.",
    "additionalProperties": {"type": "array", "items": {"type": "string"}},
}
REFUSALS: dict[str, tuple[str, dict[str, Any]]] = {
    "400": ("A parameter is unknown or has a value that it cannot have.", FIELDS),
    "401": ("There is no token, or it is unknown, revoked or expired.", DETAIL),
    "403": ("The token lacks the scope.", DETAIL),
    "404": ("There is no such thing.", DETAIL),
    "405": ("The API is read only.", DETAIL),
    "429": ("Too many requests; Retry-After says how many seconds to wait.", DETAIL),
}


class Schema(AutoSchema):
    """Adds the refusals to every operation, and the filters that a list declares in `query_class`."""

    def get_override_parameters(self) -> list[Any]:
        view: Any = self.view
        return [view.query_class] if self._is_list_view() else []

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status, (description, schema) in REFUSALS.items():
            bodies[status] = {"description": description, "content": {"application/json": {"schema": schema}}}
        return bodies


class ApiTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How a token is sent."""

    target_class = "config.api.ApiTokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "sello_…"}
