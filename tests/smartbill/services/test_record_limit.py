"""The rows of the law in the database: those of the release once, those of people with who and why, none changed."""

from datetime import UTC, date, datetime
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction

from smartbill.drafts import Party
from smartbill.models import Document, LegalLimit
from smartbill.services.create import create_document
from smartbill.services.record_limit import NewLimit, install_limits, record_limit
from tests.factories.people import make_staff, signed_in
from tests.factories.smartbill import IssuerFactory, make_draft

pytestmark = pytest.mark.django_db

NEW = NewLimit(
    country="SV", kind="factura", demand="identity", effect="block", amount=Decimal("500.00"), currency="USD",
    valid_from=date(2026, 12, 1), source="Decreto 123", certainty="published",
)  # fmt: skip
RIGHT = "smartbill.add_legallimit"
EVENING = datetime(2026, 12, 1, 5, 59, tzinfo=UTC)


def anonymous(source: str, total: str) -> Document:
    return create_document(draft=make_draft(IssuerFactory(), total=total, source=source, party=Party()))


def test_the_release_brings_its_rows_once():
    before = sorted(LegalLimit.objects.values_list("key", flat=True))
    install_limits(using="default")
    assert sorted(LegalLimit.objects.values_list("key", flat=True)) == before
    assert "sv-identity-required-2024" in before


def test_a_new_limit_holds_from_its_day_of_issue_at_the_issuer():
    record_limit(NEW, actor=make_staff(RIGHT), reason="New law")
    with patch("smartbill.services.create.now", return_value=EVENING):
        assert anonymous("a", "600.00").status == "ready"
    with patch("smartbill.services.create.now", return_value=EVENING.replace(hour=6)):
        held = anonymous("b", "600.00")
    assert held.status == "held"
    assert "Decreto 123" in held.reason


def test_a_warning_is_kept_with_the_document_and_stops_nothing():
    document = anonymous("a", "2000.00")
    assert document.status == "ready"
    (warning,) = document.revisions.get().warnings
    assert (warning["field"], warning["code"]) == ("party.tax_id", "identity_asked")


def test_only_a_person_with_the_right_enters_one():
    with pytest.raises(PermissionDenied):
        record_limit(NEW, actor=make_staff(), reason="x")
    assert LegalLimit.objects.filter(key="").count() == 0


def test_a_row_is_never_changed():
    row = record_limit(NEW, actor=make_staff(RIGHT), reason="New law")
    with pytest.raises(DatabaseError), transaction.atomic():
        LegalLimit.objects.filter(pk=row.pk).update(amount=1)


def test_staff_see_what_is_in_force_and_enter_the_next():
    browser = signed_in(RIGHT, "smartbill.view_legallimit")
    fields = {
        "country": "sv", "kind": "factura", "demand": "identity", "effect": "block", "amount": "500.00",
        "currency": "usd", "valid_from": "2026-12-01", "source": "Decreto 123", "certainty": "published",
    }  # fmt: skip
    assert browser.post("/admin/smartbill/legallimit/add/", fields).status_code == 200, "a reason is wanted"
    answer = browser.post("/admin/smartbill/legallimit/add/", {**fields, "reason": "New law"})
    assert answer.status_code == 302
    row = LegalLimit.objects.get(key="")
    assert (row.country, row.amount, row.reason) == ("SV", Decimal("500.00"), "New law")
    page = browser.get("/admin/smartbill/legallimit/").content.decode()
    assert "Decreto 123" in page
    assert page.count("badge-good") == 3
