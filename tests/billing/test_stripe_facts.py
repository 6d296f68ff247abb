from billing.stripe_facts import facts_of
from tests.billing import shapes


def test_every_text_is_found_under_the_name_it_has_at_stripe():
    found = shapes.invoice(
        [shapes.included(11300)],
        metadata={"sv_nrc": "1"},
        customer_name="Frozen",
        customer_tax_ids=[{"type": "sv_nit", "value": "0614"}],
        customer_address={"country": "SV", "line1": None},
        parent={"subscription_details": {"subscription": "sub_1", "metadata": {"document_kind": "ccf"}}},
        customer=shapes.customer(
            metadata={"sv_nit": "9"},
            preferred_locales=["fr", "es"],
            tax_ids={"data": [{"type": "sv_nit", "value": "first"}, {"type": "sv_nit", "value": "second"}]},
        ),
    )
    session = shapes.session(
        11300,
        metadata={"legal_name": "S"},
        locale="es",
        custom_fields=[
            shapes.custom_field("SvNit", "77"),
            {"key": "kind", "type": "dropdown", "dropdown": {"value": "ccf"}},
            {"key": "empty", "type": "text", "text": {"value": None}},
        ],
    )
    facts = facts_of(shapes.of_invoice(found, session=session, signup_session=session))
    assert facts == {
        "invoice.metadata.sv_nrc": "1",
        "invoice.customer_name": "Frozen",
        "invoice.customer_tax_ids.sv_nit": "0614",
        "invoice.customer_address.country": "SV",
        "subscription.metadata.document_kind": "ccf",
        "session.metadata.legal_name": "S",
        "session.locale": "es",
        "session.custom_fields.svnit": "77",
        "session.custom_fields.kind": "ccf",
        "session.customer_details.name": "Ana López",
        "session.customer_details.email": "ana@example.com",
        "signup_session.custom_fields.svnit": "77",
        "signup_session.custom_fields.kind": "ccf",
        "customer.name": "Ana López",
        "customer.email": "ana@example.com",
        "customer.metadata.sv_nit": "9",
        "customer.tax_ids.sv_nit": "first",
        "customer.preferred_locales.fr": "fr",
        "customer.preferred_locales.es": "es",
    }


def test_a_deleted_customer_says_nothing():
    assert facts_of({"customer": {"id": "cus_1", "deleted": True}}) == {}
