"""Which characters the printed document can show: read from the fonts themselves, so that it is never out of date."""

import struct
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

SUBSTITUTE = "?"
INVISIBLE = {"Cc", "Cf", "Mn"}
"""Controls, joiners and variation selectors: they have no glyph of their own."""


def fonts_folder() -> Path:
    """Return where the fonts of the PDF lie."""
    return Path(settings.BASE_DIR) / "templates" / "pdf" / "fonts"


def printable(value: Any) -> Any:
    """Return JSON values in which every character that no font of ours has is replaced by a visible sign.

    PDF/A forbids a missing glyph, and one emoji in a name must not cost the customer the PDF; the data file keeps it.
    """
    if isinstance(value, str):
        return "".join(_shown(character) for character in value)
    if isinstance(value, list):
        return [printable(item) for item in value]
    if isinstance(value, dict):
        return {name: printable(item) for name, item in value.items()}
    return value


def _shown(character: str) -> str:
    if ord(character) in covered() or character == "\n":
        return character
    kind = unicodedata.category(character)
    if kind.startswith("Z"):
        return " "
    return "" if kind in INVISIBLE else SUBSTITUTE


@cache
def covered() -> frozenset[int]:
    """Return the code points that every font of ours has."""
    sets = [_code_points(path.read_bytes()) for path in sorted(fonts_folder().glob("*.ttf"))]
    return frozenset.intersection(*sets)


def _code_points(font: bytes) -> frozenset[int]:
    """Read the character map of a TrueType font (OpenType specification, table cmap, subtable format 4)."""
    tables = struct.unpack_from(">H", font, 4)[0]
    records = [struct.unpack_from(">4sLLL", font, 12 + 16 * number) for number in range(tables)]
    cmap = next(offset for tag, _checksum, offset, _length in records if tag == b"cmap")
    count = struct.unpack_from(">H", font, cmap + 2)[0]
    subtables = [struct.unpack_from(">HHL", font, cmap + 4 + 8 * number) for number in range(count)]
    found: set[int] = set()
    for _platform, _encoding, offset in subtables:
        if struct.unpack_from(">H", font, cmap + offset)[0] == 4:
            found |= _segments(font, cmap + offset)
    return frozenset(found)


def _segments(font: bytes, start: int) -> set[int]:
    count = struct.unpack_from(">H", font, start + 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", font, start + 14)
    starts = struct.unpack_from(f">{count}H", font, start + 16 + 2 * count)
    return {point for first, last in zip(starts, ends, strict=True) for point in range(first, last + 1)} - {0xFFFF}
