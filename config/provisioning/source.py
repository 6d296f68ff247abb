"""A provisioning file: its tables, the line on which each key stands, and the secrets it names."""

import os
import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

HEADER = re.compile(r"^\s*\[{1,2}\s*([\w.-]+)\s*\]{1,2}")
KEY = re.compile(r"^\s*([\w-]+)\s*=")


class ProvisioningError(Exception):
    """Mend the file or the environment: the text says where. Nothing was changed."""


class Entry:
    """One table of the file. Errors name its place, and `text` reads secrets from the environment."""

    def __init__(self, values: Mapping[str, Any], path: str, lines: Mapping[str, int]) -> None:
        self.values, self.path, self.lines = values, path, lines

    def error(self, key: str, problem: str) -> ProvisioningError:
        """Return an error that names line and field."""
        place = f"{self.path}.{key}" if self.path else key
        line = self.lines.get(place) or self.lines.get(self.path)
        return ProvisioningError(f"line {line}: {place}: {problem}" if line else f"{place}: {problem}")

    def accept(self, *, required: Collection[str], optional: Collection[str] = ()) -> None:
        """Refuse keys that nobody reads, and the lack of those that must be there."""
        known = {*required, *optional}
        for key in self.values:
            if key not in known:
                raise self.error(key, f"unknown field; known are {', '.join(sorted(known))}")
        for key in required:
            if key not in self.values:
                raise self.error(key, "is missing")

    def secret(self, key: str) -> str:
        """Return the value of the environment variable that this field names."""
        return self._variable(key, self.text(key))

    def secrets(self, key: str) -> list[str]:
        """Return the values of one or several environment variables."""
        names = self.values[key]
        if isinstance(names, str):
            names = [names]
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise self.error(key, "must be the name of an environment variable, or a list of such names")
        return [self._variable(key, name) for name in names]

    def text(self, key: str) -> str:
        value = self.values[key]
        if not isinstance(value, str) or not value.strip():
            raise self.error(key, "must be a text")
        return value

    def entries(self, key: str) -> list["Entry"]:
        """Return the tables `[[key]]` below this one."""
        tables = self.values.get(key, [])
        place = f"{self.path}.{key}" if self.path else key
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            header = re.sub(r"\[\d+\]", "", place)
            raise self.error(key, f"must be written as [[{header}]]")
        return [Entry(table, f"{place}[{number}]", self.lines) for number, table in enumerate(tables)]

    def _variable(self, key: str, name: str) -> str:
        value = os.environ.get(name, "").strip()
        if not value:
            raise self.error(key, f"the environment variable {name} is not set")
        return value


def read(path: Path) -> Entry:
    """Read the file, or raise ProvisioningError."""
    try:
        text = path.read_text(encoding="utf-8")
        return Entry(tomllib.loads(text), "", line_numbers(text))
    except OSError as error:
        raise ProvisioningError(str(error.strerror)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProvisioningError(str(error)) from error


def line_numbers(text: str) -> dict[str, int]:
    """Return the line of each key by its path, such as `issuers[0].api_keys[1].role`; tomllib does not tell."""
    found: dict[str, int] = {}
    counts: dict[str, int] = {}
    path = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := HEADER.match(line):
            path = _indexed(header[1].split("."), counts)
            found.setdefault(path, number)
        elif key := KEY.match(line):
            found.setdefault(f"{path}.{key[1]}" if path else key[1], number)
    return found


def _indexed(names: list[str], counts: dict[str, int]) -> str:
    """Return the path of a header `[[a.b]]` and count it: the last name is a new table, those before are the latest."""
    path = ""
    for name in names[:-1]:
        path += f"{'.' if path else ''}{name}"
        path += f"[{max(counts.get(path, 1) - 1, 0)}]"
    path += f"{'.' if path else ''}{names[-1]}"
    counts[path] = counts.get(path, 0) + 1
    return f"{path}[{counts[path] - 1}]"
