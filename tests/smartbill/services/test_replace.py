"""Replacements: one at a time, only of what is in force, and the order that the law wants."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from smartbill.drafts import Line, Party
from smartbill.errors import InvalidDraft, PreconditionFailed
from smartbill.models import Document
from smartbill.services.credit import issue_credit_note, line_rests
from smartbill.services.replace import codes_of_replacements, issue_replacement, successor_of
from tests.factories.documents import make_document
from tests.factories.people import make_staff
from tests.factories.smartbill import COMPANY, ApiKeyFactory, IssuerFactory, make_draft
from tests.smartbill.services.test_credit import AT, ccf

pytestmark = pytest.mark.django_db


@pytest.fixture
def document():
    issuer = IssuerFactory()
    ApiKeyFactory(issuer=issuer)
    return make_document(issuer=issuer, draft=make_draft(issuer))


def put(document, key="1", draft=None, actor=None):
    draft = draft or document.revisions.get(number=1).draft
    return issue_replacement(document, key=key, draft=draft, reason="Name", actor=actor)


def test_it_belongs_to_the_same_sale_and_the_same_key_never_makes_a_second(document):
    made = put(document)
    assert (made.source, made.purpose, made.replaces, made.status) == (
        document.source, "replace:1", document, "ready",
    )  # fmt: skip
    assert put(document) == made
    assert document.replacements.count() == 1


def test_one_stands_in_its_place_at_a_time(document):
    made = put(document)
    with pytest.raises(PreconditionFailed, match="already stands"):
        put(document, key="2")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_document("ready", issuer=document.issuer, replaces=document)
    Document.objects.filter(pk=made.pk).update(status="abandoned")
    assert put(document, key="2").pk != made.pk


@pytest.mark.parametrize("status", ["held", "contingency", "unknown", "invalidating", "invalidated"])
def test_only_what_is_in_force_is_replaced(status):
    with pytest.raises(PreconditionFailed):
        put(make_document(status))
    assert Document.objects.count() == 1


def test_a_credit_note_is_never_replaced():
    note = issue_credit_note(ccf(), key="1", amount=Decimal("40.00"), description="x", at=AT)
    with pytest.raises(PreconditionFailed, match="credit note"):
        put(note)
    with pytest.raises(IntegrityError), transaction.atomic():
        Document.objects.filter(pk=note.pk).update(replaces=note.corrects)


def test_what_is_known_to_be_wrong_replaces_nothing(document):
    draft = replace(document.revisions.get().draft, kind="ccf", party=Party(name="X"))
    with pytest.raises(InvalidDraft):
        put(document, draft=draft)
    assert document.replacements.count() == 0


def test_a_person_needs_the_right(document):
    with pytest.raises(PermissionDenied):
        put(document, actor=make_staff())


def test_the_successor_is_the_end_of_the_chain(document):
    assert successor_of(document) == document
    first = make_document(issuer=document.issuer, replaces=document)
    assert successor_of(document) == document
    assert codes_of_replacements([document]) == {document.pk: first.generation_code}
    Document.objects.filter(pk=document.pk).update(status="invalidated")
    second = make_document(issuer=document.issuer, replaces=first)
    Document.objects.filter(pk=first.pk).update(status="invalidated")
    document.refresh_from_db()
    assert successor_of(document) == second


def test_what_it_replaces_is_frozen_once_it_is_issued(document):
    made = make_document(issuer=document.issuer, replaces=document)
    with pytest.raises(IntegrityError), transaction.atomic():
        Document.objects.filter(pk=made.pk).update(replaces=None)


# Credit notes by line -------------------------------------------------------------------------------------------------


def two_lines(**changes):
    lines = (
        Line(description="Plan", quantity=Decimal(2), subtotal=Decimal("80.00"), tax=Decimal("10.40"),
             tax_inclusive=False, tax_rate=Decimal(13)),
        Line(description="User", quantity=Decimal(1), subtotal=Decimal("20.00"), tax=Decimal("2.60"),
             tax_inclusive=False, tax_rate=Decimal(13)),
    )  # fmt: skip
    return ccf(lines=lines, **changes)


def credit(document, key, **parts):
    lines = {int(name.removeprefix("line")): Decimal(value) for name, value in parts.items()}
    return issue_credit_note(document, key=key, amount=sum(lines.values()), lines=lines, description="x", at=AT)


def test_a_note_by_line_names_each_with_its_own_tax():
    note = credit(two_lines(), "1", line0="45.20", line1="11.30")
    lines = note.revisions.get().draft.lines
    assert [(line.description, line.total, line.tax, line.of_line) for line in lines] == [
        ("Plan", Decimal("45.20"), Decimal("5.20"), 0),
        ("User", Decimal("11.30"), Decimal("1.30"), 1),
    ]
    assert note.status == "ready"


def test_no_line_is_taken_back_twice():
    document = two_lines()
    credit(document, "1", line1="20.00")
    assert line_rests(document) == [Decimal("90.40"), Decimal("2.60")]
    with pytest.raises(PreconditionFailed, match="Line 2"):
        credit(document, "2", line1="2.61")
    credit(document, "3", line1="2.60")
    note = credit(document, "4", line0="90.40")
    assert line_rests(document) == [0, 0]
    assert Document.objects.get(pk=document.pk).credited == Decimal("113.00")
    Document.objects.filter(pk=note.pk).update(status="abandoned")
    assert line_rests(document) == [Decimal("90.40"), 0]


def test_hundred_parts_of_a_line_sum_to_it_exactly():
    document = two_lines()
    for number in range(100):
        credit(document, f"{number}", line1="0.22")
    credit(document, "last", line1="0.60")
    assert line_rests(document)[1] == 0


def test_a_company_is_the_buyer_of_the_note():
    assert credit(two_lines(), "1", line0="1.00").revisions.get().draft.party == COMPANY
