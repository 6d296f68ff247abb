"""Machines that hold a token of the API."""

from rest_framework.test import APIClient

from config.tokens import make_token


def api_client(*scopes: str) -> APIClient:
    """Return a client with a fresh token of these scopes, by default of all."""
    _token, secret = make_token(name="dashboard", scopes=scopes or ("read",))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client
