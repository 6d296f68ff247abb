"""Django asks for no permission on an action that names none: such an action stops the start."""

from typing import Any

from django.contrib.admin.sites import all_sites
from django.core.checks import Error


def check_actions(app_configs: Any = None, **kwargs: Any) -> list[Error]:
    """Return one error for each action without `permissions=`."""
    return [
        Error(
            f"The action “{name}” of {type(page).__name__} names no permission: whoever sees the list may run it.",
            hint="Write @admin.action(permissions=[...]) or @confirmed_action(permissions=[...]).",
            obj=type(page),
            id="config.E101",
        )
        for site in all_sites
        for page in site._registry.values()
        for act, name, _label in page._get_base_actions()  # type: ignore[attr-defined]
        if not getattr(act, "allowed_permissions", None)
    ]
