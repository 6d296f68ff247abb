"""Every text that a person sees exists in Spanish and Romanian, whole, compiled, and with the values it is filled with.

The texts are taken from the sources here, by Babel and Django's own template reader, so that no gettext is needed.
"""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(settings.BASE_DIR)
LANGUAGES = ["es", "ro"]
SOURCES = ["billing", "config", "notifications", "smartbill"]
FUNCTIONS = {
    **dict.fromkeys(["_", "gettext", "gettext_lazy", "gettext_noop"], (1,)),
    **dict.fromkeys(["ngettext", "ngettext_lazy"], (1, 2)),
    **dict.fromkeys(["pgettext", "pgettext_lazy"], ((1, "c"), 2)),
    **dict.fromkeys(["npgettext", "npgettext_lazy"], ((1, "c"), 2, 3)),
}
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sd%]|\{\w*\}|<[^>]+>")
BORROWED = {"Factura", "Factura de exportación", "Nota de crédito"}
"""Source texts that are Spanish already: the tax authority's own names of its documents."""
CEDILLAS = re.compile("[şţŞŢ]")

Key = tuple[str, tuple[str, ...]]


def folder(language: str) -> Path:
    return ROOT / "config" / "locale" / language / "LC_MESSAGES"


def catalogue(language: str) -> Catalog:
    with (folder(language) / "django.po").open("rb") as file:
        return read_po(file, locale=language)


def forms(text: Any) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def key(message: Message) -> Key:
    return message.context or "", forms(message.id)


def messages(language: str) -> list[Message]:
    return [message for message in catalogue(language) if message.id]


def texts_of_code(code: str) -> Iterator[Key]:
    for _line, found, _comments, context in extract("python", BytesIO(code.encode()), FUNCTIONS):
        yield context or "", forms(found)


def texts_of_sources() -> dict[Key, str]:
    """Return every text marked for translation and one file in which it stands."""
    found: dict[Key, str] = {}
    for path in (path for app in SOURCES for path in sorted((ROOT / app).rglob("*.py"))):
        found |= dict.fromkeys(texts_of_code(path.read_text("utf-8")), str(path.relative_to(ROOT)))
    for path in (path for end in ("html", "txt") for path in sorted((ROOT / "templates").rglob(f"*.{end}"))):
        code = templatize(path.read_text("utf-8"), origin=str(path))
        found |= dict.fromkeys(texts_of_template(code), str(path.relative_to(ROOT)))
    return found


def texts_of_template(code: str) -> Iterator[Key]:
    """Yield the texts of what templatize makes of a template: calls that stand in no Python grammar."""
    calls = re.findall(
        r"(?<!\w)(?:gettext|ngettext|pgettext|npgettext|_)\((?:[^()'\"]|u?'(?:[^'\\]|\\.)*'|u?\"(?:[^\"\\]|\\.)*\")*\)",
        code,
    )
    for call in calls:
        yield from texts_of_code(call)


@pytest.fixture(scope="module")
def sources() -> dict[Key, str]:
    return texts_of_sources()


def test_the_sources_are_read_at_all(sources: dict[Key, str]) -> None:
    assert sources["", ("View and download the document",)] == "templates/emails/document_issued/body.txt"
    assert sources["", ("%(tries)s try", "%(tries)s tries")] == "templates/admin/smartbill/document/page.html"
    assert sources["hosted page", ("Valid",)] == "smartbill/faces.py"
    assert sources["", ("%(days)d day", "%(days)d days")] == "smartbill/admin/keys.py"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_of_the_sources_is_missing(language: str, sources: dict[Key, str]) -> None:
    known = {key(message) for message in messages(language)}
    missing = {text: path for text, path in sources.items() if text not in known}
    assert missing == {}, "run `make messages`, translate what is new, and run it again"


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_kept_that_no_source_says(language: str, sources: dict[Key, str]) -> None:
    assert [key(message) for message in messages(language) if key(message) not in sources] == []
    assert list(catalogue(language).obsolete) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_and_none_is_a_guess(language: str) -> None:
    count = {"es": 3, "ro": 3}[language]
    for message in messages(language):
        translated = forms(message.string)
        assert not message.fuzzy, message.id
        assert len(translated) == (count if message.pluralizable else 1), message.id
        assert all(text.strip() for text in translated), message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_and_markup_are_those_of_the_source(language: str) -> None:
    for message in messages(language):
        wanted = sorted(PLACEHOLDER.findall(forms(message.id)[-1]))
        for text in forms(message.string):
            assert sorted(PLACEHOLDER.findall(text)) == wanted, message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_ends_as_the_source_does(language: str) -> None:
    for message in messages(language):
        source, text = forms(message.id)[0], forms(message.string)[0]
        assert text[-1:].isspace() == source[-1:].isspace(), message.id
        assert text.endswith((".", "…")) == source.endswith((".", "…")), message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_says_what_the_source_says(language: str) -> None:
    """A machine without gettext reads the compiled file alone, so it is kept with the sources and must not be older."""
    compiled = BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    with (folder(language) / "django.mo").open("rb") as file:
        kept = {key(message): forms(message.string) for message in read_mo(file) if message.id}
    assert kept == {key(message): forms(message.string) for message in read_mo(compiled) if message.id}


def test_romanian_letters_have_commas_below_not_cedillas() -> None:
    assert [message.id for message in messages("ro") if CEDILLAS.search("".join(forms(message.string)))] == []


def test_spanish_uses_the_words_of_the_tax_authority() -> None:
    said = {key(message): message.string for message in messages("es")}
    assert said["", ("Generation code",)] == "Código de generación"
    assert said["", ("Control number",)] == "Número de control"
    assert said["", ("Seal of reception",)] == "Sello de recepción"
    assert said["", ("In contingency",)] == "En contingencia"
    assert {name: said["", (name,)] for name in BORROWED} == {name: name for name in BORROWED}
