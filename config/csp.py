"""Content-Security-Policy by Django 6's names; delete this file and name Django's middleware after the upgrade.

A view may replace the policy of its answer by setting `response._csp_config` (or `_csp_ro_config`) as Django 6 does.
"""

from collections.abc import Callable, Mapping, Sequence

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Policy = Mapping[str, Sequence[str] | bool | None]


class ContentSecurityPolicyMiddleware:
    """Set the header on every response that does not carry its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for header, attribute, setting in (
            ("Content-Security-Policy", "_csp_config", "SECURE_CSP"),
            ("Content-Security-Policy-Report-Only", "_csp_ro_config", "SECURE_CSP_REPORT_ONLY"),
        ):
            policy: Policy = getattr(response, attribute, getattr(settings, setting, {}))
            if policy and header not in response:
                response[header] = build_policy(policy)
        return response


def build_policy(policy: Policy) -> str:
    """Return the header's text. True is a directive without sources; False and None leave it out."""
    parts = ((name, [] if sources is True else sources) for name, sources in policy.items())
    return "; ".join(
        " ".join([name, *sources]) for name, sources in parts if sources is not None and sources is not False
    )
