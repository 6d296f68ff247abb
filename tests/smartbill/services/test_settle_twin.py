"""Two documents at the provider for one sale: an incident that ends only when the provider says so."""

import time

import pytest

from smartbill.errors import PreconditionFailed
from smartbill.models import Document
from smartbill.providers import provider_for
from smartbill.providers.el_salvador.sandbox import SandboxControl
from smartbill.services.create import create_document
from smartbill.services.doubt import report_twin
from smartbill.services.invalidate import request_invalidation
from smartbill.services.resolve import send_again
from smartbill.services.settle_twin import settle_twin
from tests.factories.smartbill import make_draft
from tests.flows.engine import issuer_with_keys, let_quiet_period_pass, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_data(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def oracle(smartbill_sandbox):
    return SandboxControl(smartbill_sandbox.url)


@pytest.fixture
def issuer(oracle):
    return issuer_with_keys()


def two_at_the_provider(oracle, issuer, person):
    """Return a document that a person sent again although it had been issued, and the code of the first."""
    oracle.fault("reset_after")
    document = create_document(draft=make_draft(issuer))
    work()
    document.refresh_from_db()
    (first,) = oracle.documents()
    let_quiet_period_pass(document)
    send_again(document, actor=person, reason="I saw nothing")
    work()
    report_twin(Document.objects.get(pk=document.pk), first.code)
    document.refresh_from_db()
    assert (document.status, document.twin_code) == ("stamped", first.code)
    return document, first.code


def invalidate_there(issuer, code):
    """Invalidate a document on the provider's own pages."""
    provider, key = provider_for(issuer), issuer.api_keys.get(role="manager")
    answer = provider.send(provider.invalidation(code), key.credentials, not_after=time.monotonic() + 5)
    assert answer.status == 200


def test_an_incident_of_two_is_settled_only_when_the_provider_says_so(oracle, issuer, admin_user):
    document, first = two_at_the_provider(oracle, issuer, admin_user)
    with pytest.raises(PreconditionFailed, match="valid"):
        settle_twin(document, actor=admin_user, reason="Done")
    invalidate_there(issuer, first)
    settle_twin(document, actor=admin_user, reason="Done")
    document.refresh_from_db()
    assert document.twin_code == ""


def test_an_incident_of_two_is_settled_too_when_ours_is_the_invalidated_one(oracle, issuer, admin_user):
    document, first = two_at_the_provider(oracle, issuer, admin_user)
    request_invalidation(document, actor=admin_user, reason="The first one stays")
    work()
    document.refresh_from_db()
    assert document.status == "invalidated"
    settle_twin(document, actor=admin_user, reason="The first one stays")
    document.refresh_from_db()
    assert document.twin_code == ""


def test_a_code_of_another_sale_is_no_second_document(oracle, issuer, admin_user):
    document = create_document(draft=make_draft(issuer))
    other = create_document(draft=make_draft(issuer, source="invoice:in_2"))
    work()
    document.refresh_from_db()
    other.refresh_from_db()
    report_twin(document, other.generation_code, is_proved=False)
    settle_twin(document, actor=admin_user, reason="That one is of another sale")
    document.refresh_from_db()
    assert document.twin_code == ""


def test_an_incident_is_not_settled_while_the_provider_does_not_answer(oracle, issuer, admin_user):
    document, first = two_at_the_provider(oracle, issuer, admin_user)
    oracle.fault("500_before", times=0, route="get_json")
    with pytest.raises(PreconditionFailed, match="believed"):
        settle_twin(document, actor=admin_user, reason="Done")
    document.refresh_from_db()
    assert document.twin_code == first
