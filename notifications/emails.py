"""The mails we can send, the values each of them needs, and how they become subject, text and HTML.

A mail is a folder: `templates/emails/<name>/{subject.txt,body.txt,body.html}`. Values are checked when a message is
queued, so that a mail can be rendered for as long as its row exists.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import css_inline
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils import translation

from notifications.errors import InvalidMessage, InvalidRecipient

SUBJECT_LENGTH = 200
ADDRESS_LENGTH = 254
LINK = re.compile(r"https?://[^\s<>\"']+\Z")
# Characters that turn the reading direction: with them a name could rearrange the sentence around it.
TURNS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class Template:
    """The names of the values of one mail, by what they may hold."""

    texts: frozenset[str]
    flags: frozenset[str]
    links: frozenset[str]

    @property
    def names(self) -> frozenset[str]:
        return self.texts | self.flags | self.links


ALERT = Template(
    texts=frozenset({"title", "subject", "meaning", "advice", "facts", "since", "over_at", "lasted"}),
    flags=frozenset({"last_of_burst"}),
    links=frozenset({"link", "matter"}),
)

TEMPLATES: Mapping[str, Template] = {
    "document_issued": Template(
        texts=frozenset(
            {
                "seller_name",
                "customer_name",
                "kind_label",
                "number",
                "total",
                "currency",
                "issued_on",
                "contact_email",
            }
        ),
        flags=frozenset({"contingency", "livemode", "provider_mails"}),
        links=frozenset({"link"}),
    ),
    "tax_data_wanted": Template(
        texts=frozenset({"seller_name", "customer_name", "purchase", "total", "until", "contact_email"}),
        flags=frozenset({"reminder", "livemode", "becomes_consumer"}),
        links=frozenset({"link"}),
    ),
    "correction_answer": Template(
        texts=frozenset(
            {"seller_name", "customer_name", "kind_label", "number", "old_number", "answer", "contact_email"}
        ),
        flags=frozenset({"replaced", "invalidated", "credited", "unchanged", "livemode"}),
        links=frozenset({"link"}),
    ),
    "rule_notice": Template(
        texts=frozenset({"rule", "purchase", "total"}), flags=frozenset(), links=frozenset({"link"})
    ),
    **dict.fromkeys(("alert_raised", "alert_resolved"), ALERT),
}


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    text: str
    html: str


def checked_context(template: str, context: Mapping[str, Any]) -> dict[str, str | bool]:
    """Return the values cleaned and ready for the database, or raise InvalidMessage."""
    if template not in TEMPLATES:
        raise InvalidMessage(f"There is no mail template {template!r}.")
    known = TEMPLATES[template]
    if wrong := sorted(known.names ^ context.keys()):
        raise InvalidMessage(f"The mail {template!r} has missing or unknown values: {', '.join(wrong)}.")
    return {name: _checked(known, name, context[name]) for name in sorted(known.names)}


def _checked(known: Template, name: str, value: Any) -> str | bool:
    if name in known.flags:
        if not isinstance(value, bool):
            raise InvalidMessage(f"The value {name!r} is not true or false.")
        return value
    text = one_line(str(value))
    if name in known.links and not LINK.match(text):
        raise InvalidMessage(f"The value {name!r} is not a web address.")
    return text


def one_line(text: str) -> str:
    """Return the text without control characters and line breaks: customers write names, and names end in headers."""
    kept = (
        " " if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} else char for char in text if char not in TURNS
    )
    return " ".join("".join(kept).split())


def checked_recipient(address: str) -> str:
    """Return the address without blanks around it, or raise InvalidRecipient; line breaks are never mended."""
    address = address.strip(" ")
    if len(address) > ADDRESS_LENGTH or any(char.isspace() or not char.isprintable() for char in address):
        raise InvalidRecipient
    try:
        validate_email(address)
    except ValidationError as error:
        raise InvalidRecipient from error
    return address


def supported_language(language: str) -> str:
    """Return the two letters of a language we write, English where we do not."""
    short = language[:2].lower()
    return short if short in dict(settings.LANGUAGES) else "en"


def render(template: str, language: str, context: Mapping[str, Any]) -> Rendered:
    """Render one mail in this language, its styles inlined for mail programs that drop style sheets."""
    folder = f"emails/{template}"
    values = {**context, "language": language}
    with translation.override(language):
        subject = render_to_string(f"{folder}/subject.txt", values)
        text = render_to_string(f"{folder}/body.txt", values)
        html = render_to_string(f"{folder}/body.html", values)
    # Without keep_at_rules the @media rules (narrow screens, dark mode) would vanish.
    inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
    return Rendered(one_line(subject)[:SUBJECT_LENGTH], text.strip() + "\n", inliner.inline(html))
