"""What we change in a text that a customer or a seller typed: next to nothing, and it is written down.

A name is not ours to improve. Only what no document can carry goes: control characters, and another spelling of the
same characters (Unicode NFC). Markup, quotes and formulas stay as they are; whoever prints them escapes them.
"""

import unicodedata

from django.utils.translation import gettext_noop

# PostgreSQL cannot hold U+0000 in JSON; the snapshot keeps this visible sign in its place.
SIGN_FOR_NUL = "\u2400"
CONTROLS_REMOVED = gettext_noop("control characters removed")
COMPOSED = gettext_noop("Unicode NFC")
TRIMMED = gettext_noop("blanks at the ends removed")
DIGITS_ONLY = gettext_noop("digits only")


def clean(raw: str) -> tuple[str, str]:
    """Return a text fit to print and the rules that changed it, joined by commas; empty when none did."""
    rules = []
    # What Python calls printable holds no control character and no half of a pair; blanks other than a space aside,
    # nearly every text is, and need not be looked at character by character.
    plain = raw.isprintable() and SIGN_FOR_NUL not in raw
    text = raw if plain else "".join(_printable(character) for character in raw)
    if text != raw:
        rules.append(CONTROLS_REMOVED)
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
        rules.append(COMPOSED)
    if text != text.strip():
        text = text.strip()
        rules.append(TRIMMED)
    return text, ", ".join(rules)


def _printable(character: str) -> str:
    if character in "\t\n\r":
        return " "
    # Cc: control characters. Cs: halves of a pair, which no encoding can write.
    return "" if character == SIGN_FOR_NUL or unicodedata.category(character) in ("Cc", "Cs") else character


def digits(raw: str) -> tuple[str, str]:
    """Return the ASCII digits of a number that people write with hyphens, dots and blanks."""
    text = "".join(character for character in raw if character in "0123456789")
    return text, DIGITS_ONLY if text != raw else ""


def folded(text: str) -> str:
    """Return a name without accents, case and doubled blanks, to compare it with a catalogue."""
    plain = unicodedata.normalize("NFKD", text)
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).upper().split())
