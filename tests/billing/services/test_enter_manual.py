"""A sale entered by hand goes the way of every other sale, once, and with the person who may let it go."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, IntegrityError, transaction

from billing.errors import EnteredAlready, InvalidProfile, KnownPayment, NotHeld, SecondPersonNeeded
from billing.manual import ManualLine
from billing.models import ManualEntry, Sale, SaleAlias, TaxProfile
from billing.services.decide_sale import decide_sale
from billing.services.enter_manual import draft_of_entered, enter_manual, look_alike
from billing.services.release_manual import release_manual, withdraw_manual
from smartbill.models import Document
from tests.factories.billing import SaleAliasFactory, StripeEndpointFactory
from tests.factories.held import COMPLETE
from tests.factories.manual import ANA, PAID_AT, RIGHTS, entered_sale, typed
from tests.factories.people import make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint():
    return StripeEndpointFactory()


@pytest.fixture
def manager():
    return make_staff(*RIGHTS)


@pytest.fixture
def clerk():
    return make_staff("billing.add_manualentry")


def reasons(sale):
    return [row["code"] for row in sale.reasons]


def test_what_was_entered_becomes_a_document_without_asking_stripe(endpoint, manager):
    sale = entered_sale(endpoint, manager, method="cash")
    document = Document.objects.get()
    assert (sale.outcome, sale.document) == ("document", document)
    assert (document.source, document.status) == (sale.key, "ready")
    assert (document.total, document.kind, document.customer_name) == (Decimal("113.00"), "factura", "Ana López")
    draft = document.revisions.get().draft
    assert [(row.method, row.amount) for row in draft.payments] == [("cash", Decimal("113.00"))]
    assert draft.provenance["party.name"].source == "tax_profile.legal_name"
    assert draft.provenance["lines.0.subtotal"].source == "manual.lines.0"
    assert (draft.lines[0].tax, draft.lines[0].tax_inclusive) == (Decimal("13.00"), True)


def test_lines_of_every_treatment_add_up_to_the_cent(endpoint, manager):
    lines = (
        ManualLine(description="a", quantity=Decimal(3), unit_price=Decimal("3.333"), inclusive=False),
        ManualLine(description="b", quantity=Decimal(2), unit_price=Decimal(10), discount=Decimal("1.50")),
        ManualLine(description="c", quantity=Decimal(1), unit_price=Decimal(5), tax_class="exempt"),
        ManualLine(description="d", quantity=Decimal(1), unit_price=Decimal(7), tax_class="not_subject", goods=True),
    )
    document = entered_sale(endpoint, manager, lines=lines).document
    draft = document.revisions.get().draft
    assert [line.total for line in draft.lines] == [Decimal("11.30"), Decimal("18.50"), Decimal(5), Decimal(7)]
    assert [line.tax_class for line in draft.lines] == ["standard", "standard", "exempt", "not_subject"]
    assert (document.total, document.status) == (Decimal("41.80"), "ready")


def test_a_known_customer_brings_their_tax_data_and_their_kind(endpoint, manager):
    entered_sale(endpoint, manager, buyer=COMPLETE)
    profile = TaxProfile.objects.get()
    TaxProfile.objects.filter(pk=profile.pk).update(customer_id="cus_9")
    sale = entered_sale(endpoint, manager, buyer=None, customer_id="cus_9", price="50.00")
    assert (sale.customer_id, sale.document.kind, sale.document.status) == ("cus_9", "ccf", "ready")


def test_a_kind_that_was_chosen_comes_before_the_profile(endpoint, manager):
    sale = entered_sale(endpoint, manager, buyer=COMPLETE, kind="factura")
    assert sale.document.kind == "factura"
    assert sale.document.revisions.get().draft.provenance["kind"].source == "manual.document_kind"


def test_the_same_form_sent_again_is_the_same_sale(endpoint, manager):
    token = uuid4()
    first = enter_manual(typed(endpoint), token=token, actor=manager)
    assert enter_manual(typed(endpoint, price="99.00"), token=token, actor=manager) == first
    assert ManualEntry.objects.count() == Sale.objects.count() == 1


def test_the_same_words_from_another_form_are_asked_about(endpoint, manager):
    enter_manual(typed(endpoint), token=uuid4(), actor=manager)
    with pytest.raises(EnteredAlready):
        enter_manual(typed(endpoint), token=uuid4(), actor=manager)
    enter_manual(typed(endpoint, is_another=True), token=uuid4(), actor=manager)
    assert sorted(ManualEntry.objects.values_list("copy", flat=True)) == [0, 1]


@pytest.mark.parametrize(
    "changes",
    [
        {"price": "113"},
        {"lines": (ManualLine(description="Plan  pro", quantity=Decimal("1.0"), unit_price=Decimal(113)),)},
        {"buyer": {**ANA, "legal_name": "ANA LOPEZ"}},
        {"payment_reference": "-"},
        {"method": "transfer"},
        {"expects_payment": False},
        {"paid_at": PAID_AT + timedelta(days=2)},
    ],
)
def test_nearly_the_same_words_of_the_same_buyer_are_asked_about(endpoint, manager, changes):
    first = enter_manual(typed(endpoint), token=uuid4(), actor=manager)
    with pytest.raises(EnteredAlready) as refused:
        enter_manual(typed(endpoint, **changes), token=uuid4(), actor=manager)
    assert refused.value.known == [str(first)]
    assert ManualEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "asked"),
    [({"method": "transfer"}, True), ({"paid_at": PAID_AT - timedelta(days=1)}, False), ({"price": "112.99"}, False)],
)
def test_nobody_is_like_nobody_on_the_same_day(endpoint, manager, changes, asked):
    enter_manual(typed(endpoint, buyer={}), token=uuid4(), actor=manager)
    again = typed(endpoint, buyer={}, **changes)
    assert bool(look_alike(again, draft_of_entered(again, token=uuid4()))) is asked


def test_what_was_withdrawn_is_not_asked_about(endpoint, clerk):
    withdraw_manual(entered_sale(endpoint, clerk), actor=clerk, reason="Wrong price")
    enter_manual(typed(endpoint), token=uuid4(), actor=clerk)
    assert sorted(ManualEntry.objects.values_list("copy", flat=True)) == [0, 1]


def test_the_database_takes_the_same_words_once(endpoint, manager):
    enter_manual(typed(endpoint), token=uuid4(), actor=manager)
    entry = ManualEntry.objects.get()
    entry.pk, entry.token, entry.sale = None, uuid4(), Sale.objects.create(key="x", endpoint=endpoint, livemode=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        entry.save(force_insert=True)


def test_what_was_entered_is_frozen(endpoint, manager):
    enter_manual(typed(endpoint), token=uuid4(), actor=manager)
    with pytest.raises(DatabaseError), transaction.atomic():
        ManualEntry.objects.update(amount_minor=1)
    for changes in ({"note": "Another"}, {"buyer": []}):
        with pytest.raises(DatabaseError), transaction.atomic():
            ManualEntry.objects.update(**changes)


def test_a_payment_that_stripe_announced_already_is_refused(endpoint, manager):
    SaleAliasFactory(kind="payment_intent", stripe_id="pi_9")
    with pytest.raises(KnownPayment):
        enter_manual(typed(endpoint, stripe_id="pi_9"), token=uuid4(), actor=manager)
    assert not ManualEntry.objects.exists()
    assert not Sale.objects.filter(key__startswith="manual:").exists()


def test_wrong_tax_data_store_nothing(endpoint, manager):
    with pytest.raises(InvalidProfile):
        enter_manual(typed(endpoint, buyer={**ANA, "nit": "1"}), token=uuid4(), actor=manager)
    assert (Sale.objects.count(), TaxProfile.objects.count()) == (0, 0)


def test_without_the_right_nothing_is_entered(endpoint):
    with pytest.raises(PermissionDenied):
        enter_manual(typed(endpoint), token=uuid4(), actor=make_staff())
    assert not Sale.objects.exists()


def test_who_may_not_let_it_go_leaves_it_to_another(endpoint, clerk, manager):
    sale = entered_sale(endpoint, clerk)
    assert (sale.outcome, reasons(sale), sale.document) == ("held", ["not_released"], None)
    with pytest.raises(PermissionDenied):
        release_manual(sale, actor=clerk, reason="x")
    release_manual(sale, actor=manager, reason="Checked")
    decide_sale(sale_id=sale.pk)
    assert Document.objects.get().source == sale.key
    with pytest.raises(NotHeld):
        release_manual(sale, actor=manager, reason="again")


def test_above_the_amount_of_the_issuer_another_person_lets_it_go(endpoint, manager):
    endpoint.issuer.second_person_above = Decimal("100.00")
    endpoint.issuer.save()
    sale = entered_sale(endpoint, manager)
    assert reasons(sale) == ["not_released"]
    with pytest.raises(SecondPersonNeeded):
        release_manual(sale, actor=manager, reason="mine")
    with pytest.raises(IntegrityError), transaction.atomic():
        ManualEntry.objects.update(released_by=manager, released_at=sale.created_at)
    release_manual(sale, actor=make_staff(*RIGHTS), reason="Checked")
    decide_sale(sale_id=sale.pk)
    assert Document.objects.count() == 1


def test_what_is_withdrawn_is_never_issued_and_frees_the_expected_payment(endpoint, clerk):
    sale = entered_sale(endpoint, clerk, stripe_id="in_1")
    withdraw_manual(sale, actor=clerk, reason="Wrong customer")
    assert (sale.outcome, reasons(sale)) == ("not_applicable", ["withdrawn"])
    assert list(SaleAlias.objects.values_list("kind", flat=True)) == ["manual"]
    assert not Document.objects.exists()
    with pytest.raises(NotHeld):
        withdraw_manual(sale, actor=clerk, reason="again")


def test_a_document_over_zero_follows_the_issuer(endpoint, manager):
    none = entered_sale(endpoint, manager, price="0.00")
    assert (none.outcome, reasons(none)) == ("not_applicable", ["zero_total"])
    endpoint.issuer.zero_total = "document"
    endpoint.issuer.save()
    issued = entered_sale(endpoint, manager, price="0.00", is_another=True)
    assert (issued.outcome, issued.document.total, issued.document.status) == ("document", Decimal(0), "ready")


def test_extra_properties_reach_the_provider_where_the_contract_knows_them(endpoint, manager):
    known = entered_sale(endpoint, manager, extras={"notes": "Orden 77"}).document.revisions.get().draft
    assert known.extras == {"notes": "Orden 77"}
    unknown = entered_sale(endpoint, manager, price="9.00", extras={"colour": "red"})
    assert unknown.document.status == "held"
    assert "colour" in unknown.document.reason
