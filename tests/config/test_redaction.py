"""A customer's link is a secret: neither a log nor a report of an error holds it."""

import logging

from config.redaction import LinkFilter, without_links

LINK = "https://sello.example/d/abcDEF123_-xyz/document.pdf"


def test_a_log_line_keeps_the_path_and_loses_the_token():
    record = logging.LogRecord("django.request", logging.WARNING, __file__, 1, "Gone: %s", (LINK,), None)
    assert LinkFilter().filter(record)
    assert record.getMessage() == "Gone: https://sello.example/d/…/document.pdf"


def test_the_link_to_the_form_for_tax_data_is_as_secret():
    assert without_links("https://sello.example/t/abcDEF123_-xyz/") == "https://sello.example/t/…/"


def test_a_report_of_an_error_loses_the_token_wherever_it_stands():
    event = {"request": {"url": LINK, "headers": [("Referer", LINK)]}, "level": "error", "lines": 3}
    assert without_links(event) == {
        "request": {
            "url": "https://sello.example/d/…/document.pdf",
            "headers": [["Referer", "https://sello.example/d/…/document.pdf"]],
        },
        "level": "error",
        "lines": 3,
    }
