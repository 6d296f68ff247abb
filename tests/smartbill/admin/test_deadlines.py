"""What the pages say about until when a document can be corrected, and which line took a cent."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now

from smartbill.drafts import Conversion, Line, Residual
from smartbill.lifecycle import Kind, Status
from smartbill.models import Holiday
from tests.factories.documents import make_document
from tests.factories.people import signed_in
from tests.factories.smartbill import COMPANY, IssuerFactory, make_draft

pytestmark = pytest.mark.django_db
LIST = "/admin/smartbill/document/"
STAMPED = datetime(2026, 12, 1, 18, tzinfo=UTC)
RATE = Conversion(currency="EUR", total=Decimal("104.27"), rate=Decimal("1.0837"), on=date(2026, 11, 20), source="BCE")


def page(document, *rights):
    return signed_in("smartbill.view_document", *rights).get(f"{LIST}{document.pk}/change/").content.decode()


def test_the_page_says_both_ends_with_source_and_certainty():
    text = page(make_document(kind=Kind.CCF, stamped_at=STAMPED))
    for each in (
        "2026-12-02 23:59 UTC-06:00",
        "2027-01-15 23:59",
        "annex V no. 43-48",
        "table p. 11",
        "2027-03-01 23:59",
    ):
        assert each in text
    assert "published by the authority" in text
    assert "quoted by others from the authority&#x27;s text" in text


@pytest.mark.parametrize("status", [Status.HELD, Status.INVALIDATED, Status.CONTINGENCY])
def test_a_document_that_cannot_be_invalidated_has_no_deadline(status):
    assert "Legal deadlines" not in page(make_document(status))


def test_the_question_before_an_invalidation_names_the_window_and_blocks_nothing():
    document = make_document(stamped_at=STAMPED - timedelta(days=300))
    browser = signed_in("smartbill.view_document", "smartbill.invalidate_document")
    asked = browser.post(LIST, {"action": "invalidate", "index": "0", "_selected_action": [document.pk]})
    text = asked.content.decode()
    assert f"{document}: safe until 2026-05-04 23:59" in text
    assert '<button type="submit" class="button default button-danger">Invalidate</button>' in text


def test_the_question_names_each_documents_own_window():
    rows = [make_document(kind=kind, stamped_at=STAMPED) for kind in (Kind.CCF, Kind.FACTURA)]
    browser = signed_in("smartbill.view_document", "smartbill.invalidate_document")
    asked = browser.post(LIST, {"action": "invalidate", "index": "0", "_selected_action": [row.pk for row in rows]})
    text = asked.content.decode()
    assert f"{rows[0]}: safe until 2026-12-02 23:59" in text
    assert f"{rows[1]}: safe until 2027-03-01 23:59" in text


def test_the_list_shows_and_filters_by_the_safe_end():
    issuer = IssuerFactory.create()
    soon = make_document(issuer=issuer, kind=Kind.CCF, stamped_at=now())
    later = make_document(issuer=issuer, kind=Kind.FACTURA, stamped_at=now())
    make_document(Status.HELD, issuer=issuer)
    browser = signed_in("smartbill.view_document")
    seen = browser.get(LIST)
    assert seen.context["cl"].result_list[0].window is None
    for days, wanted in (("2", {soon.pk}), ("30", {soon.pk}), ("nonsense", None)):
        found = {row.pk for row in browser.get(LIST, {"safe": days}).context["cl"].result_list}
        assert found == wanted or wanted is None and len(found) == 3
    assert later.pk not in {row.pk for row in browser.get(LIST, {"safe": "30"}).context["cl"].result_list}


def test_the_page_says_which_line_took_a_cent_and_why():
    issuer = IssuerFactory.create()
    draft = make_draft(issuer)
    residual = Residual(line=0, part="tax", amount=Decimal("-0.01"), cause="invoice_tax")
    text = page(make_document(issuer=issuer, draft=replace(draft, residuals=(residual,))))
    assert "Residual cents" in text
    assert "−0.01 USD" in text
    assert "Stripe rounded the tax once for the whole invoice" in text


def test_the_page_says_what_the_form_itself_had_to_add():
    issuer = IssuerFactory.create()
    lines = (Line(description="Plan", quantity=Decimal(1), subtotal=Decimal("1.00"), tax=Decimal("0.12")),)
    draft = make_draft(issuer, total="1.00", kind="ccf", party=COMPANY, lines=lines)
    text = page(make_document(issuer=issuer, draft=draft))
    assert "Rounding line" in text
    assert "+0.01 USD" in text
    coarse = Line(description="Calls", quantity=Decimal(3_000_000), subtotal=Decimal("0.01"))
    draft = make_draft(issuer, total="0.01", lines=(coarse,), source="invoice:in_2")
    assert "A price of 8 decimals cannot carry this amount" in page(make_document(issuer=issuer, draft=draft))


def test_a_document_without_residual_cents_says_nothing_of_them():
    assert "Residual cents" not in page(make_document())


def test_a_held_document_of_any_sort_has_a_page():
    draft = make_draft(IssuerFactory.create(), lines=(Line(description="", quantity=Decimal(0), subtotal=Decimal(1)),))
    problems = [{"field": "lines", "code": "quantity", "message": "The quantity must be above zero."}]
    assert "The quantity must be above zero." in page(make_document(Status.HELD, draft=draft, problems=problems))


def test_the_page_shows_what_was_charged_the_rate_its_day_and_its_source():
    issuer = IssuerFactory.create()
    draft = replace(make_draft(issuer), conversion=RATE)
    columns = {"charged_currency": "EUR", "charged_total": RATE.total, "exchange_rate": RATE.rate}
    document = make_document(issuer=issuer, draft=draft, **columns)
    text = page(document)
    for each in ("104.27 EUR", "1 EUR = 1.0837 USD", "2026-11-20", "BCE", "113.00 USD"):
        assert each in text
    listed = signed_in("smartbill.view_document").get(LIST).content.decode()
    assert '113.00 USD<span class="sub">104.27 EUR</span>' in listed


def test_holidays_are_entered_by_those_with_the_right_and_the_usual_ones_are_shown():
    address = "/admin/smartbill/holiday/"
    manager = signed_in("smartbill.view_holiday", "smartbill.add_holiday", "smartbill.change_holiday")
    entered = {"country": "SV", "on": "2027-01-06", "scope": "general", "name": "Decreto 1"}
    assert manager.post(f"{address}add/", entered).status_code == 302
    assert Holiday.objects.get().name == "Decreto 1"
    text = manager.get(address).content.decode()
    assert "Decreto 1" in text
    assert "Holidays that count without being entered" in text
    looking = signed_in("smartbill.view_holiday")
    assert looking.get(address).status_code == 200
    assert looking.post(f"{address}add/", entered | {"on": "2027-01-07"}).status_code == 403
    assert Holiday.objects.count() == 1
