"""Blank objects in the shape of API version 2026-08-26.dahlia, so that each resource names only what it fills.

`shapes.json` is written after the public examples of github.com/stripe/openapi (MIT licence): same fields,
neutral values.
"""

import json
from functools import cache
from importlib.resources import files
from typing import cast

from billing.sandbox.errors import Json

API_VERSION = "2026-08-26.dahlia"


@cache
def _texts() -> dict[str, str]:
    shapes = json.loads(files("billing.sandbox").joinpath("shapes.json").read_text())
    return {kind: json.dumps(shape) for kind, shape in shapes.items()}


def blank(kind: str) -> Json:
    """A new object of this kind with every field Stripe sends."""
    return copy_of_text(_texts()[kind])


def copy_of(value: Json) -> Json:
    """A copy that shares nothing with the original."""
    return copy_of_text(json.dumps(value))


def copy_of_text(text: str) -> Json:
    """The object that this JSON text describes."""
    return cast(Json, json.loads(text))
