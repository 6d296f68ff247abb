import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings

from config.csp import ContentSecurityPolicyMiddleware, build_policy
from tests.factories.people import signed_in

STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)


def answer_to(**attributes: object) -> HttpResponse:
    def view(request: HttpRequest) -> HttpResponse:
        response = HttpResponse()
        for name, value in attributes.items():
            setattr(response, name, value)
        return response

    return ContentSecurityPolicyMiddleware(view)(HttpRequest())


def test_a_policy_is_written_in_the_order_of_its_directives() -> None:
    policy = {"default-src": ["'none'"], "upgrade-insecure-requests": True, "img-src": None, "font-src": False}
    assert build_policy(policy) == "default-src 'none'; upgrade-insecure-requests"


def test_a_response_may_replace_its_policy() -> None:
    assert answer_to(_csp_config={"default-src": ["'self'"]})["Content-Security-Policy"] == "default-src 'self'"


def test_an_empty_replacement_leaves_the_header_out() -> None:
    assert "Content-Security-Policy" not in answer_to(_csp_config={})


def test_a_header_that_the_view_wrote_is_left_alone() -> None:
    assert answer_to(headers={"Content-Security-Policy": "default-src *"})["Content-Security-Policy"] == "default-src *"


def test_a_policy_can_be_tried_without_being_enforced() -> None:
    with override_settings(SECURE_CSP_REPORT_ONLY={"script-src": ["'none'"]}):
        assert answer_to()["Content-Security-Policy-Report-Only"] == "script-src 'none'"
    assert "Content-Security-Policy-Report-Only" not in answer_to()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/account/login/", 200),
        ("/admin/", 302),
        ("/no/such/page", 404),
        ("/d/unknown/", 404),
        ("/healthz", 200),
    ],
)
def test_every_answer_to_a_stranger_carries_the_strict_policy(address: str, status: int) -> None:
    response = Client().get(address)
    assert (response.status_code, response["Content-Security-Policy"]) == (status, STRICT)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "status"),
    [("/admin/", 200), ("/admin/auth/user/", 403), ("/no/such/page", 404), ("/admin/jsi18n/", 200)],
)
def test_every_answer_to_staff_carries_the_strict_policy(address: str, status: int) -> None:
    response = signed_in().get(address)
    assert (response.status_code, response["Content-Security-Policy"]) == (status, STRICT)


@pytest.mark.django_db
def test_a_refused_form_carries_the_strict_policy() -> None:
    response = Client(enforce_csrf_checks=True).post("/account/login/", {"login": "x"})
    assert (response.status_code, response["Content-Security-Policy"]) == (403, STRICT)
