"""Providers of fiscal documents, and which of them serves an issuer."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from smartbill.providers.base import Provider
from smartbill.providers.el_salvador.provider import ElSalvador

if TYPE_CHECKING:
    from smartbill.models.issuer import Issuer

PROVIDERS: Mapping[str, Callable[["Issuer"], Provider]] = {
    ElSalvador.name: ElSalvador.for_issuer,
}


def provider_for(issuer: "Issuer") -> Provider:
    """Return the provider of this issuer, with the issuer's choices frozen in it."""
    return PROVIDERS[issuer.provider](issuer)
