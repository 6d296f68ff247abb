"""Form bodies with nested brackets, as the SDKs send them, read with Stripe's own complaints about wrong types."""

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl

from billing.sandbox.errors import Json, StripeFault, refused

BRACKET = re.compile(r"\[([^\]]*)\]")
DEEPEST = 8


def decode(text: str) -> Json:
    """Turn `a[b][0][c]=1&d[]=2` into nested dictionaries and lists of text."""
    root: Json = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head, bracket, rest = name.partition("[")
        keys = [head, *BRACKET.findall(bracket + rest)]
        if len(keys) > DEEPEST:
            raise refused("Invalid request: the parameters are nested too deeply")
        _insert(root, keys, value)
    return {key: value if key == "metadata" else _listed(value) for key, value in root.items()}


def _insert(root: Json, keys: list[str], value: str) -> None:
    node = root
    for key in keys[:-1]:
        child = node.setdefault(key or str(len(node)), {})
        if not isinstance(child, dict):
            raise refused("Invalid request: a parameter is both a value and a hash", param=keys[0])
        node = child
    node[keys[-1] or str(len(node))] = value


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() for key in value):
        return [_listed(value[key]) for key in sorted(value, key=int)]
    return {key: child if key == "metadata" else _listed(child) for key, child in value.items()}


class Params:
    """The parameters of one call, or of one hash inside it."""

    def __init__(self, raw: Json, path: str = "") -> None:
        self.raw = raw
        self.path = path

    def name(self, key: str) -> str:
        """The parameter's full name, as an error message quotes it."""
        return f"{self.path}[{key}]" if self.path else key

    def has(self, key: str) -> bool:
        """Whether the parameter was sent, even empty."""
        return key in self.raw

    def refuse_others(self, known: Iterable[str]) -> None:
        """Refuse what the stand-in does not implement rather than ignore it."""
        for key in sorted(set(self.raw) - set(known)):
            raise refused(
                f"Received unknown parameter: {self.name(key)}", code="parameter_unknown", param=self.name(key)
            )

    def text(self, key: str) -> str | None:
        """The value, or None when it is absent or empty (Stripe's way to unset)."""
        value = self.raw.get(key)
        if value is not None and not isinstance(value, str):
            raise refused(f"Invalid string: {self.name(key)}", param=self.name(key))
        return value or None

    def needed(self, key: str) -> str:
        """The value, or Stripe's complaint that it is missing."""
        value = self.text(key)
        if value is None:
            raise refused(f"Missing required param: {self.name(key)}.", code="parameter_missing", param=self.name(key))
        return value

    def choice(self, key: str, choices: Iterable[str], default: str) -> str:
        """The value, which must be one of `choices`."""
        value = self.text(key) or default
        if value not in (allowed := tuple(choices)):
            raise refused(f"Invalid {self.name(key)}: must be one of {', '.join(allowed)}", param=self.name(key))
        return value

    def integer(self, key: str) -> int | None:
        """The value as a whole number."""
        value = self.text(key)
        if value is None:
            return None
        if not re.fullmatch(r"-?\d{1,18}", value):
            raise refused(f"Invalid integer: {value}", code="parameter_invalid_integer", param=self.name(key))
        return int(value)

    def needed_integer(self, key: str) -> int:
        """The value as a whole number, or the complaint that it is missing."""
        self.needed(key)
        return self.integer(key) or 0

    def decimal(self, key: str) -> Decimal | None:
        """The value as a decimal number."""
        value = self.text(key)
        if value is None:
            return None
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise refused(f"Invalid decimal: {value}", param=self.name(key))
        return number

    def flag(self, key: str, *, default: bool = False) -> bool:
        """The value as a boolean."""
        value = self.text(key)
        if value not in (None, "true", "false"):
            raise refused(f"Invalid boolean: {value}", param=self.name(key))
        return default if value is None else value == "true"

    def child(self, key: str) -> "Params":
        """The hash under this name, empty when absent."""
        value = self.raw.get(key) or {}
        if not isinstance(value, dict):
            raise refused(f"Invalid object: {self.name(key)}", param=self.name(key))
        return Params(value, self.name(key))

    def children(self, key: str) -> list["Params"]:
        """The list of hashes under this name."""
        found = self._list(key)
        if not all(isinstance(item, dict) for item in found):
            raise refused(f"Invalid array: {self.name(key)}", param=self.name(key))
        return [Params(item, f"{self.name(key)}[{index}]") for index, item in enumerate(found)]

    def texts(self, key: str) -> list[str]:
        """The list of texts under this name."""
        found = self._list(key)
        if not all(isinstance(item, str) for item in found):
            raise refused(f"Invalid array: {self.name(key)}", param=self.name(key))
        return found

    def _list(self, key: str) -> list[Any]:
        value = self.raw.get(key) or []
        if not isinstance(value, list):
            raise StripeFault(400, f"Invalid array: {self.name(key)}", param=self.name(key))
        return value
