"""Credit notes and the document they correct: what is left of it is a promise of the database."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from smartbill.drafts import Draft, Line
from smartbill.errors import PreconditionFailed, TransitionRefused
from smartbill.models import Document
from smartbill.services.abandon import abandon_document
from smartbill.services.accept import mark_invalidated
from smartbill.services.credit import issue_credit_note
from smartbill.services.invalidate import invalidation_blockers, request_invalidation
from tests.factories.documents import make_document
from tests.factories.people import make_staff
from tests.factories.smartbill import COMPANY, ApiKeyFactory, IssuerFactory, make_draft

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 21, 18, tzinfo=UTC)


def ccf(status="stamped", **changes):
    issuer = IssuerFactory()
    ApiKeyFactory(issuer=issuer)
    return make_document(status, issuer=issuer, draft=make_draft(issuer, kind="ccf", party=COMPANY, **changes))


def credit(document, amount="40.00", key="1.0", **more):
    return issue_credit_note(document, key=key, amount=Decimal(amount), description="Refund", at=AT, **more)


def credited(document):
    return Document.objects.get(pk=document.pk).credited


def test_a_note_names_what_it_corrects_and_is_ready_to_be_sent():
    document = ccf()
    note = credit(document)
    assert (note.kind, note.status, note.series, note.corrects, note.total, note.source) == (
        "credit_note", "ready", "05", document, Decimal("40.00"), document.source,
    )  # fmt: skip
    draft = note.revisions.get().draft
    assert Draft.from_json(draft.as_json()) == draft
    assert (draft.corrects.generation_code, draft.corrects.total) == (document.generation_code, Decimal("113.00"))
    assert (draft.party, draft.payments, draft.occurred_at) == (COMPANY, (), AT)
    assert credited(document) == Decimal("40.00")


def test_a_note_over_a_part_has_one_line_with_its_share_of_the_tax():
    line = Line(description="Plan", quantity=Decimal(1), subtotal=Decimal("100.00"), tax=Decimal("13.00"),
                tax_inclusive=False, tax_rate=Decimal(13))  # fmt: skip
    (part,) = credit(ccf(lines=(line,)), "33.33").revisions.get().draft.lines
    assert (part.description, part.total, part.tax, part.tax_rate) == (
        "Refund", Decimal("33.33"), Decimal("3.83"), Decimal(13),
    )  # fmt: skip


def test_the_same_key_never_makes_a_second_note():
    document = ccf()
    assert credit(document) == credit(document)
    assert credited(document) == Decimal("40.00")
    assert document.corrections.count() == 1


def test_notes_never_pass_the_document():
    document = ccf()
    credit(document, "73.00")
    with pytest.raises(PreconditionFailed, match="more than is left"):
        credit(document, "40.01", key="2.0")
    assert document.corrections.count() == 1
    credit(document, "40.00", key="3.0")
    assert credited(document) == Decimal("113.00")


@pytest.mark.parametrize("amount", ["0.00", "-1.00"])
def test_a_note_takes_something_back(amount):
    with pytest.raises(PreconditionFailed):
        credit(ccf(), amount)


@pytest.mark.parametrize("status", ["contingency", "invalidating", "invalidated", "ready", "unknown"])
def test_only_what_is_stamped_and_in_force_is_credited(status):
    document = ccf(status)
    with pytest.raises(PreconditionFailed, match="in force"):
        credit(document)
    assert Document.objects.count() == 1


def test_a_factura_has_no_credit_note():
    issuer = IssuerFactory()
    with pytest.raises(PreconditionFailed, match="CCF"):
        credit(make_document(issuer=issuer, draft=make_draft(issuer)))


@pytest.mark.parametrize(("amount", "status", "codes"), [("40.00", "held", ["only_whole"]), ("113.00", "ready", [])])
def test_a_note_over_a_part_of_untaxed_lines_is_held_with_the_reason(amount, status, codes):
    exempt = Line(description="Book", quantity=Decimal(1), subtotal=Decimal("113.00"), tax_class="exempt")
    note = credit(ccf(lines=(exempt,)), amount)
    assert (note.status, [row["code"] for row in note.revisions.get().problems]) == (status, codes)


def test_a_document_with_a_live_note_is_not_invalidated_and_is_again_when_the_note_died(admin_user):
    document = ccf()
    note = credit(document)
    document.refresh_from_db()
    assert any("credit note" in blocker for blocker in invalidation_blockers(document))
    with pytest.raises(PreconditionFailed, match="credit note"):
        request_invalidation(document, actor=admin_user, reason="x")
    abandon_document(note, actor=admin_user, reason="Wrong amount")
    assert credited(document) == 0
    request_invalidation(document, actor=admin_user, reason="x")
    assert document.status == "invalidating"


def test_a_stale_copy_does_not_get_past_a_note(admin_user):
    document = ccf()
    stale = Document.objects.get(pk=document.pk)
    credit(document)
    with pytest.raises(PreconditionFailed, match="credit note"):
        request_invalidation(stale, actor=admin_user, reason="x")


def test_an_invalidated_note_gives_back_what_it_took():
    document = ccf()
    note = credit(document)
    numbers = {"generation_code": "AAAA0001-0000-4000-8000-000000000001", "seal": "S" * 40}
    Document.objects.filter(pk=note.pk).update(status="invalidating", **numbers)
    note.refresh_from_db()
    mark_invalidated(note)
    assert credited(document) == 0


@pytest.mark.parametrize(
    "changes",
    [{"credited": Decimal("113.01")}, {"credited": Decimal("-0.01")}, {"status": "invalidating", "credited": 1}],
)
def test_the_database_itself_refuses(changes):
    document = ccf()
    with pytest.raises(IntegrityError), transaction.atomic():
        Document.objects.filter(pk=document.pk).update(**changes)


def test_the_database_refuses_a_note_of_nothing_and_a_sale_that_corrects():
    document = ccf()
    with pytest.raises(IntegrityError), transaction.atomic():
        make_document(kind="credit_note")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_document(corrects=document)


def test_a_person_needs_the_right():
    document = ccf()
    with pytest.raises(PermissionDenied):
        credit(document, actor=make_staff("smartbill.invalidate_document"))
    assert credit(document, actor=make_staff("smartbill.credit_document")).status == "ready"


def test_a_hundred_odd_cents_sum_exactly():
    document = ccf(total="33.00")
    for number in range(100):
        credit(document, "0.33", key=f"{number}.0")
    assert credited(document) == Decimal("33.00")
    with pytest.raises(PreconditionFailed):
        credit(document, "0.01", key="over")


def test_giving_up_another_document_takes_nothing_from_anybody(admin_user):
    note = credit(ccf())
    sale = replace(make_draft(note.issuer, source="other"), kind="factura")
    plain = make_document("held", issuer=note.issuer, draft=sale)
    abandon_document(plain, actor=admin_user, reason="x")
    assert plain.status == "abandoned"
    with pytest.raises(TransitionRefused):
        abandon_document(plain, actor=admin_user, reason="x")
