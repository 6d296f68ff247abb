"""How values look in the admin: badges, amounts, codes and JSON. Everything is escaped here and nowhere else."""

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal, get_currency_precision
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from config.admin.texts import Text

LOCALES = {"en": "en_US", "es": "es_SV", "ro": "ro_RO"}
"""Django's own Spanish format prints a decimal comma, which El Salvador does not write."""

TONES = ("good", "wait", "warn", "bad", "off")
EMPTY = "–"


def badge(text: Text, tone: str, *, title: Text = "") -> SafeString:
    """Return a coloured label; `tone` is one of TONES and the text always says the same as the colour."""
    return format_html('<span class="badge badge-{}" title="{}">{}</span>', tone, title, text)


def mode_badge(livemode: bool) -> SafeString:
    """Return the word TEST or LIVE, impossible to confuse."""
    return badge(_("LIVE"), "live") if livemode else badge(_("TEST"), "test")


def amount(value: Decimal | None, currency: str) -> str:
    """Return an amount in units with the currency's decimals and code; a digit that is there is never hidden."""
    if value is None:
        return EMPTY
    currency = currency.upper()
    wanted = _places(value, currency)
    text = format_decimal(value, format="#,##0." + "0" * wanted if wanted else "#,##0", locale=babel_locale())
    return f"{text} {currency}".strip()


def exact(value: Decimal | None, currency: str) -> Decimal | None:
    """Return an amount in units with the decimals that its currency has, for a file; no digit is lost."""
    return None if value is None else value.quantize(Decimal(1).scaleb(-_places(value, currency.upper())))


def babel_locale() -> str:
    """Return Babel's name of the language in which the page is shown."""
    return LOCALES.get((get_language() or "en")[:2], "en_US")


def code(text: object) -> SafeString | str:
    """Return an identifier in fixed-width letters."""
    return format_html("<code>{}</code>", text) if text not in ("", None) else EMPTY


def two_lines(first: str, second: str = "") -> SafeString:
    """Return a cell with a smaller second line."""
    return format_html('{}<span class="sub">{}</span>', first, second) if second else format_html("{}", first)


def moment(at: datetime | None) -> SafeString:
    """Return a time as day and hour, sortable by eye, in the time zone of the site."""
    if at is None:
        return format_html("{}", EMPTY)
    local = localtime(at)
    day, hour = f"{local:%Y-%m-%d}", f"{local:%H:%M}"
    return format_html('<time datetime="{}">{}<span class="sub">{}</span></time>', at.isoformat(), day, hour)


def trail(rows: Iterable[tuple[datetime, object, *tuple[object, ...]]]) -> SafeString:
    """Return what happened, a paragraph each: when, what in bold, and whatever else there is to say of it."""
    told = (
        (moment(at), what, " ".join(str(each) for each in rest if each not in ("", None))) for at, what, *rest in rows
    )
    return format_html_join("", "<p>{} <strong>{}</strong> {}</p>", told)


def minute(at: datetime | None) -> SafeString:
    """Return a time on one line, for a cell that holds two of them."""
    if at is None:
        return format_html("{}", EMPTY)
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), f"{localtime(at):%Y-%m-%d %H:%M}")


def next_move(at: datetime | None, *, is_with_person: bool) -> str:
    """Return who or what moves a row next, for the small line below its state; nothing where nobody has to."""
    if is_with_person:
        return gettext("waits for a person")
    return gettext("next attempt %(at)s") % {"at": f"{localtime(at):%m-%d %H:%M}"} if at is not None else ""


def pretty_json(value: Any) -> SafeString:
    """Return JSON as escaped, indented text."""
    return preformatted(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def preformatted(text: str) -> SafeString:
    """Return technical text as it is, escaped, in a box that scrolls and can be reached by keyboard."""
    return format_html('<pre class="raw" tabindex="0">{}</pre>', text)


def _places(value: Decimal, currency: str) -> int:
    return max(get_currency_precision(currency) if currency else 2, _decimals(value))


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
