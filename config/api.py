"""Who may read the API, how questions are checked, and how its pages are cut. Everything is closed without a token."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.pagination import BasePagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.utils.urls import replace_query_param

from config.models import ApiToken
from config.tokens import allows, hash_of

USE_NOTED_EVERY = timedelta(minutes=1)
MAX_PAGE_SIZE = 200


@dataclass(frozen=True, slots=True)
class Machine:
    """Who asks: the holder of a token. It is nobody's account, and throttled by its own key."""

    pk: int
    is_authenticated: bool = True


class ApiTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer sello_…`. One look-up by hash, whether the token is unknown, revoked or expired."""

    def authenticate(self, request: Request) -> tuple[Machine, ApiToken] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        secret = words[1].decode("latin-1") if len(words) == 2 else ""
        token = ApiToken.objects.live(now()).filter(token_sha256=hash_of(secret)).first()
        if token is None:
            raise AuthenticationFailed(_("The token is unknown, revoked or expired."))
        _note_use(token)
        return Machine(token.pk), token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="sello"'


def _note_use(token: ApiToken) -> None:
    """Write the last use at most once a minute, however many workers serve the token."""
    at = now()
    if token.last_used_at is None or token.last_used_at < at - USE_NOTED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=at - USE_NOTED_EVERY)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=at)


class HasScope(BasePermission):
    """The token names the view's `scope`, or reads everything. A view without one is for every token."""

    message = _("The token lacks the scope for this.")

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, ApiToken) and allows(request.auth, getattr(view, "scope", None))


class AlwaysJson(BaseContentNegotiation):
    """There is one representation; asking for another is answered with it."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class DeclaredFilters(BaseFilterBackend):
    """Filters by the view's `query_class`, a serializer whose sources are look-ups.

    What it does not declare is refused: a misspelt filter must not silently return everything.
    """

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        is_list = getattr(view, "action", "") == "list"
        query = view.query_class(data=request.query_params.dict()) if is_list else None
        known = {*query.fields, "cursor", "page_size"} if query else set()
        refused = {name: [_("There is no such parameter.")] for name in request.query_params if name not in known}
        for name, values in request.query_params.lists():
            if name in known and len(values) > 1:
                refused[name] = [_("Give it once.")]
        if refused:
            raise ValidationError(refused)
        if query is None:
            return queryset
        query.is_valid(raise_exception=True)
        return queryset.filter(**query.validated_data)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """The schema takes them from `query_class` (config/api_schema.py)."""
        return []


class NewestFirst(BasePagination):
    """Pages from the newest row to the oldest. The cursor is the last row seen, so no row is skipped or shown twice."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        size = self._page_size(request)
        queryset = queryset.order_by("-created_at", "-id")
        if "cursor" in request.query_params:
            at, pk = read_cursor(request.query_params["cursor"])
            queryset = queryset.filter(Q(created_at__lt=at) | Q(created_at=at, id__lt=pk), created_at__lte=at)
        rows = list(queryset[: size + 1])
        self.next: str | None = None
        if len(rows) > size:
            self.next = replace_query_param(request.build_absolute_uri(), "cursor", write_cursor(rows[size - 1]))
        return rows[:size]

    def _page_size(self, request: Request) -> int:
        asked = request.query_params.get("page_size", str(api_settings.PAGE_SIZE))
        if not asked.isascii() or not asked.isdecimal() or len(asked) > 9 or not 1 <= int(asked) <= MAX_PAGE_SIZE:
            words = _("A whole number between 1 and %(most)s.") % {"most": MAX_PAGE_SIZE}
            raise ValidationError({"page_size": [words]})
        return int(asked)

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self.next, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        following = {"type": "string", "format": "uri", "nullable": True, "description": "The next page, if any."}
        return {
            "type": "object",
            "required": ["next", "results"],
            "properties": {"next": following, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": api_settings.PAGE_SIZE}
        return [
            {"name": "cursor", "in": "query", "schema": {"type": "string", "format": "cursor"}},
            {"name": "page_size", "in": "query", "schema": size},
        ]


def write_cursor(row: Any) -> str:
    """Return the place of a row among all others, newest first."""
    words = f"{row.created_at.astimezone(UTC).isoformat()} {row.pk}"
    return base64.urlsafe_b64encode(words.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, int]:
    """Return time and key of what `write_cursor` wrote, or raise ValidationError."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        when, pk = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii").split(" ")
        at = datetime.fromisoformat(when)
        if at.utcoffset() != timedelta() or not pk.isdecimal() or len(pk) > 18:
            raise ValueError(cursor)
    except (ValueError, binascii.Error) as error:
        raise ValidationError({"cursor": [_("This is not a cursor of ours.")]}) from error
    return at, int(pk)
