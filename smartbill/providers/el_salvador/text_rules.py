"""Words for what is wrong with a text: too short, too long, not printable. Shared by the rules of parties and lines."""

import unicodedata
from collections.abc import Iterator

from django.utils.translation import gettext as _

from smartbill.errors import Problem

UNPRINTABLE = {"Cc", "Cs", "Cn", "Co"}


def clean(text: str) -> str:
    """Return the text as it is sent: composed characters, single spaces, no line breaks."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def digits(text: str) -> str:
    """Return an identifier without the hyphens, dots and spaces that people put into it."""
    return "".join(character for character in text if character not in "-. \u2010\u2011\u2013")


def text_problems(field: str, label: str, text: str, shortest: int, longest: int) -> Iterator[Problem]:
    """Yield what is wrong with a text that must be there; `label` names it to people."""
    cleaned = clean(text)
    if not cleaned:
        yield Problem(field, "missing", _("Enter the %(label)s.") % {"label": label})
    elif not cleaned.isprintable() and any(unicodedata.category(each) in UNPRINTABLE for each in cleaned):
        yield Problem(
            field, "unprintable", _("Remove the unprintable characters from the %(label)s.") % {"label": label}
        )
    elif not shortest <= len(cleaned) <= longest:
        yield Problem(
            field,
            "wrong_length",
            _("Give the %(label)s between %(shortest)d and %(longest)d characters; it has %(length)d.")
            % {"label": label, "shortest": shortest, "longest": longest, "length": len(cleaned)},
        )
