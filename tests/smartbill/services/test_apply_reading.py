"""What a look-up finds that does not fit is said on the document's page, and changes nothing else."""

import pytest

from smartbill.lifecycle import Status
from smartbill.providers.base import Identifiers, Reading
from smartbill.services.apply_reading import FILE_RETRIES, apply_reading
from tests.factories.documents import make_document

pytestmark = pytest.mark.django_db(transaction=True)
CODE = "3F2504E0-4F89-41D3-9A0C-0305E82C3301"


def stamped(**values):
    return make_document(status=Status.STAMPED, generation_code=CODE, seal="S" * 40, **values)


def test_a_document_that_carries_the_reference_of_another_of_ours_is_a_difference():
    document, other = stamped(), make_document()
    crossed = Reading(
        state="stamped",
        identifiers=Identifiers(generation_code=CODE, seal="S" * 40),
        total=document.total,
        references=(other.reference,),
        document=b"{}",
    )
    apply_reading(document, crossed, code=CODE)
    document.refresh_from_db()
    assert other.reference in document.difference
    assert document.status == Status.STAMPED


def test_a_reference_that_is_its_own_beside_others_is_none():
    document, other = stamped(), make_document()
    both = (document.reference, other.reference)
    fitting = Reading(state="stamped", total=document.total, references=both, document=b"{}")
    apply_reading(document, fitting, code=CODE)
    document.refresh_from_db()
    assert document.difference == ""


def test_a_stamped_document_that_the_provider_never_knows_is_a_difference_once_it_stops_asking():
    document = stamped(tries=FILE_RETRIES - 1)
    apply_reading(document, Reading(state="absent"), code=CODE)
    document.refresh_from_db()
    assert (document.difference, document.next_at is None) == ("", False)
    apply_reading(document, Reading(state="absent"), code=CODE)
    document.refresh_from_db()
    assert "does not know" in document.difference
    assert (document.status, document.next_at) == (Status.STAMPED, None)


def test_no_information_is_never_a_difference():
    document = stamped(tries=FILE_RETRIES)
    apply_reading(document, Reading(state="no_information"), code=CODE)
    document.refresh_from_db()
    assert document.difference == ""
