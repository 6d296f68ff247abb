"""Rights and reasons, by the rules of the outbox; here a machine may act as well."""

from typing import Any

from notifications import permissions
from notifications.permissions import require_reason

__all__ = ["require", "require_person", "require_reason"]


def require(actor: Any, permission: str) -> None:
    """Raise PermissionDenied unless the person holds the permission; a machine acts as None."""
    if actor is not None:
        permissions.require(actor, permission)


def require_person(actor: Any, permission: str) -> None:
    """Raise PermissionDenied unless a person who holds the permission acts: this is nothing a machine may decide."""
    permissions.require(actor, permission)
