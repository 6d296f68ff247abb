from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from django.utils import translation

from notifications.emails import checked_context, checked_recipient, render, supported_language
from notifications.errors import InvalidMessage, InvalidRecipient
from tests.factories.notifications import DOCUMENT_ISSUED

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "{{ link }}{% load i18n %}",
    "%(seller_name)s %s",
    "&lt;b&gt; &amp; <!-- ",
    "</style><style>p{display:none}</style>",
    "\u202eetov",
    "a\r\nBcc: everyone@evil.example\r\n\r\nbody",
    "nul\x00 esc\x1b sep\u2028 lone\ud800",
]


class Outline(HTMLParser):
    """Elements and attribute names, with the addresses they lead to."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[str, ...]]] = []
        self.targets: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, tuple(name for name, _value in attrs)))
        self.targets += [value for name, value in attrs if name in {"href", "src"}]


def outline(html: str) -> Outline:
    parsed = Outline()
    parsed.feed(html)
    return parsed


def rendered(**changes):
    return render("document_issued", "en", checked_context("document_issued", {**DOCUMENT_ISSUED, **changes}))


def test_the_mail_says_what_was_issued_and_where_it_is():
    mail = rendered()
    assert mail.subject == "Factura DTE-01-M001P001-000000000000123 from Café Montaña, S.A. de C.V."
    for body in (mail.text, mail.html):
        for name in ("seller_name", "customer_name", "kind_label", "number", "issued_on", "link", "contact_email"):
            assert DOCUMENT_ISSUED[name] in body, name
        assert "$1,248.50 USD" in body
    assert "TEST" not in mail.subject
    assert "no fiscal value" not in mail.text + mail.html
    assert "stamp" not in mail.text + mail.html


def test_the_currency_is_not_said_twice():
    assert "12,50 USD USD" not in rendered(total="12,50 USD").text
    assert "Total: 12,50 USD\n" in rendered(total="12,50 USD").text


def test_a_test_document_says_so_in_subject_text_and_html():
    mail = rendered(livemode=False)
    assert mail.subject.startswith("[TEST] Factura")
    assert "no fiscal value" in mail.text
    assert "no fiscal value" in mail.html


def test_contingency_is_explained():
    mail = rendered(contingency=True)
    assert "its stamp follows later" in mail.text
    assert "its stamp follows later" in mail.html


def test_a_second_mail_by_the_provider_is_announced():
    assert "may write to you as well" in rendered(provider_mails=True).text
    assert "may write to you as well" not in rendered().text


def test_a_customer_without_a_name_is_greeted_without_one():
    assert rendered(customer_name="").text.startswith("Hello,\n")


def test_names_are_not_escaped_in_subject_and_text():
    mail = rendered(seller_name="O'Brien & Sons <Ltd>")
    assert mail.subject.endswith("from O'Brien & Sons <Ltd>")
    assert "O'Brien & Sons <Ltd> has issued" in mail.text
    assert "O'Brien &amp; Sons &lt;Ltd&gt;" in mail.html


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("field", ["seller_name", "customer_name", "kind_label", "number", "total", "issued_on"])
def test_hostile_text_adds_no_element_no_address_and_no_header(field, text):
    benign, hostile = rendered(), rendered(**{field: text})
    assert outline(hostile.html).seen == outline(benign.html).seen
    assert outline(hostile.html).targets == outline(benign.html).targets
    assert len(hostile.subject.splitlines()) == 1
    assert len(hostile.text.splitlines()) == len(benign.text.splitlines())
    mail = EmailMessage()
    mail["Subject"] = hostile.subject
    assert mail["Bcc"] is None
    assert not set("\u202e\x00\x1b\u2028") & set(hostile.text + hostile.html + hostile.subject)
    (hostile.text + hostile.html).encode()


def test_a_hostile_contact_address_stays_behind_mailto():
    targets = outline(rendered(contact_email='"><a href="https://evil.example">').html).targets
    assert [target for target in targets if target.startswith("https://evil")] == []


def test_styles_are_inlined_and_media_rules_kept():
    html = rendered().html
    assert 'class="button" href="https://billing.example.com/' in html
    assert "background-color: #1d4ed8" in html.split('class="button"')[1][:400]
    assert "@media (prefers-color-scheme: dark)" in html
    assert "@media (max-width: 480px)" in html


def test_nothing_is_loaded_from_anywhere():
    assert {tag for tag, _names in outline(rendered().html).seen} & {
        "img",
        "link",
        "script",
        "iframe",
        "object",
    } == set()
    assert "url(" not in rendered().html


def test_the_mail_names_its_language_and_leaves_the_senders_alone():
    values = checked_context("document_issued", DOCUMENT_ISSUED)
    with translation.override("ro"):
        assert '<html lang="es"' in render("document_issued", "es", values).html
        assert translation.get_language() == "ro"


@pytest.mark.parametrize(
    ("asked", "written"),
    [("es", "es"), ("ro", "ro"), ("en", "en"), ("ES-sv", "es"), ("fr", "en"), ("", "en"), ("..", "en")],
)
def test_a_language_we_do_not_write_becomes_english(asked, written):
    assert supported_language(asked) == written


def test_a_missing_value_is_an_error_when_the_message_is_queued():
    context = {name: value for name, value in DOCUMENT_ISSUED.items() if name != "total"}
    with pytest.raises(InvalidMessage, match="total"):
        checked_context("document_issued", context)


def test_an_unknown_value_is_an_error():
    with pytest.raises(InvalidMessage, match="secret"):
        checked_context("document_issued", {**DOCUMENT_ISSUED, "secret": "x"})


def test_an_unknown_template_is_an_error():
    with pytest.raises(InvalidMessage, match="no mail template"):
        checked_context("../admin/login", {})


@pytest.mark.parametrize("link", ["javascript:alert(1)", "ftp://x.example/", "https://x.example/ y", "", "/d/abc/"])
def test_a_link_is_a_web_address(link):
    with pytest.raises(InvalidMessage, match="link"):
        checked_context("document_issued", {**DOCUMENT_ISSUED, "link": link})


def test_a_flag_is_true_or_false():
    with pytest.raises(InvalidMessage, match="livemode"):
        checked_context("document_issued", {**DOCUMENT_ISSUED, "livemode": "no"})


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a@b",
        "a@b.example\r\nBcc: c@d.example",
        "a@b.example\n",
        "\ta@b.example",
        '"a\x01"@b.example',
        "a@b.example, c@d.example",
        "Ana <a@b.example>",
        "a\u202e@b.example",
        f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.example",
    ],
)
def test_an_impossible_address_is_refused(address):
    with pytest.raises(InvalidRecipient):
        checked_recipient(address)


def test_a_possible_address_loses_only_its_blanks():
    assert checked_recipient(" ana.maria+facturas@correo.com.sv ") == "ana.maria+facturas@correo.com.sv"
    assert checked_recipient("ana@münchen.example") == "ana@münchen.example"
