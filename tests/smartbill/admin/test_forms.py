from dataclasses import replace
from typing import Any

import pytest

from smartbill.admin.forms import CORRECTED, CorrectForm
from smartbill.drafts import Party, Provenance
from smartbill.lifecycle import Status
from smartbill.models import Document
from tests.factories.documents import make_document
from tests.factories.people import signed_in
from tests.factories.smartbill import COMPANY, IssuerFactory, make_draft

pytestmark = pytest.mark.django_db
LIST = "/admin/smartbill/document/"


@pytest.fixture
def document() -> Document:
    """A company without NRC, which cannot have a CCF."""
    issuer = IssuerFactory.create()
    draft = make_draft(
        issuer,
        kind="ccf",
        party=replace(COMPANY, nrc=""),
        provenance={"party.name": Provenance(source="customer.name", raw=COMPANY.name)},
    )
    problem = {"field": "party.nrc", "code": "missing", "message": "Enter the NRC; without one issue a factura."}
    return make_document(Status.HELD, issuer=issuer, draft=draft, problems=[problem])


def typed(form: CorrectForm, **changes: str) -> dict[str, str]:
    values = {name: form.get_initial_for_field(field, name) or "" for name, field in form.fields.items()}
    return {**values, "reason": "The customer wrote to us.", **changes}


def answered(document: Document, **changes: str) -> CorrectForm:
    return CorrectForm(typed(CorrectForm(rows=[document]), **changes), rows=[document])


def test_the_form_begins_with_what_the_document_says(document: Document) -> None:
    form = CorrectForm(rows=[document])
    assert form.initial["name"] == "Ferretería Ñandú, S.A. de C.V."
    assert (form.initial["kind"], form.initial["department"], form.initial["nrc"]) == ("ccf", "06", "")


def test_what_must_be_mended_stands_beside_its_field(document: Document) -> None:
    form = CorrectForm(rows=[document])
    assert form.todo == {"nrc"}
    assert form.fields["nrc"].help_text == "Enter the NRC; without one issue a factura."
    assert CorrectForm.todo == frozenset()


def test_what_is_still_wrong_is_told_at_once(document: Document) -> None:
    form = answered(document)
    assert not form.is_valid()
    assert set(form.errors) == {"nrc"}


def test_a_corrected_draft_changes_the_buyer_alone(document: Document) -> None:
    form = answered(document, nrc=" 123456 ", line="Calle Nueva 2")
    assert form.is_valid(), form.errors
    before = document.revisions.get().draft
    draft = form.service_fields()["draft"]
    assert draft.party == replace(
        before.party, nrc="123456", address=replace(before.party.address, line="Calle Nueva 2")
    )
    assert replace(draft, party=before.party, provenance=before.provenance) == before


def test_a_changed_field_says_that_a_person_changed_it(document: Document) -> None:
    form = answered(document, nrc="123456")
    assert form.is_valid(), form.errors
    assert form.service_fields()["draft"].provenance == {
        "party.name": Provenance(source="customer.name", raw=COMPANY.name),
        "party.nrc": Provenance(source=CORRECTED, raw="", rule="The customer wrote to us."),
    }


def test_every_field_of_the_buyer_can_be_corrected(document: Document) -> None:
    names = set(CorrectForm(rows=[document]).fields)
    wanted = set(Party.__dataclass_fields__) - {"address"} | set(COMPANY.address.__dataclass_fields__)
    assert names == wanted | {"kind", "reason"}


def test_correcting_from_the_page_queues_a_new_revision(document: Document) -> None:
    client = signed_in("smartbill.view_document", "smartbill.correct_document")
    data: dict[str, Any] = {"action": "correct", "_selected_action": [document.pk], "_page": "1"}
    page = client.post(LIST, data)
    fields = {f"confirm-{name}": value for name, value in typed(CorrectForm(rows=[document]), nrc="123456").items()}
    answer = client.post(LIST, {**data, **fields, "_confirmed": page.context["token"]})
    assert answer["Location"] == f"{LIST}{document.pk}/change/"
    document.refresh_from_db()
    assert (document.status, document.revision) == (Status.READY, 2)
    assert document.revisions.get(number=2).draft.party.nrc == "123456"


def test_what_was_typed_is_not_lost_when_it_is_still_wrong(document: Document) -> None:
    client = signed_in("smartbill.view_document", "smartbill.correct_document")
    data: dict[str, Any] = {"action": "correct", "_selected_action": [document.pk]}
    page = client.post(LIST, data)
    fields = {f"confirm-{name}": value for name, value in typed(CorrectForm(rows=[document]), name="New").items()}
    again = client.post(LIST, {**data, **fields, "_confirmed": page.context["token"]})
    assert 'value="New"' in again.content.decode()
    assert Document.objects.get().revision == 1


def test_a_number_that_looks_like_a_typing_error_is_asked_about_once(
    document: Document,
) -> None:
    changes = {"nrc": "123456", "tax_id": "06140000000015"}
    form = answered(document, **changes)
    assert not form.is_valid()
    assert set(form.errors) == {"is_right"}
    assert list(form.fields).index("is_right") == list(form.fields).index("tax_id") + 1
    assert not answered(document, **changes, is_right="06140000000026").is_valid()
    assert answered(document, **changes, is_right="06140000000015").is_valid()
    doubted = make_draft(document.issuer, source="invoice:in_d", party=replace(COMPANY, tax_id="06140000000015"))
    assert answered(make_document(issuer=document.issuer, draft=doubted), name="Other").is_valid()
