"""The tax authority's JSON Schemas of both generations, and the question whether a document obeys them."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

from smartbill.providers.el_salvador.sandbox import jsonio

V2 = "v2"
LEGACY = "legacy"
INVALIDATION = "invalidation"

_FILES: Mapping[str, Mapping[str, str]] = {
    V2: {
        "01": "fe-f-v2.json",
        "03": "fe-ccf-v4.json",
        "05": "fe-nc-v4.json",
        "11": "fe-fex-v3.json",
        INVALIDATION: "invalidacion-schema-v3.json",
    },
    LEGACY: {
        "01": "fe-fc-v1.json",
        "03": "fe-ccf-v3.json",
        "05": "fe-nc-v3.json",
        "11": "fe-fex-v1.json",
        INVALIDATION: "anulacion-schema-v2.json",
    },
}
_DATA = Path(__file__).parent / "data"


def schema_errors(generation: str, document_type: str, document: Any) -> list[str]:
    """Return what the schema has against this document, each with its path; empty when it passes."""
    return [
        f"{'/'.join(str(part) for part in error.path) or '.'}: {error.message[:200]}"
        for error in _validator(generation, document_type).iter_errors(document)
    ]


@cache
def _validator(generation: str, document_type: str) -> Draft7Validator:
    path = _DATA / generation / _FILES[generation][document_type]
    schema = jsonio.loads(path.read_bytes())
    for party in ("emisor", "receptor"):
        _forget_old_municipalities(schema["properties"].get(party, {}))
    return Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)


def _forget_old_municipalities(party: dict[str, Any]) -> None:
    """Drop the rules that know only the municipalities of before 2024; real documents with the new codes pass."""
    party.get("properties", {}).get("direccion", {}).pop("allOf", None)
