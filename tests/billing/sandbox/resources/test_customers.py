import pytest
import stripe


def test_a_customer_keeps_what_was_sent(stripe_sdk):
    made = stripe_sdk.v1.customers.create(
        {
            "name": "Ana López",
            "email": "ana@example.com",
            "address": {"line1": "Calle 1", "country": "SV"},
            "preferred_locales": ["es-419"],
            "metadata": {"nrc": "123456-7"},
        }
    )
    read = stripe_sdk.v1.customers.retrieve(made.id)
    assert (read.name, read.email, read.preferred_locales) == ("Ana López", "ana@example.com", ["es-419"])
    assert read.address.to_dict() == {
        "city": None,
        "country": "SV",
        "line1": "Calle 1",
        "line2": None,
        "postal_code": None,
        "state": None,
    }
    assert read.metadata.to_dict() == {"nrc": "123456-7"}


def test_metadata_is_merged_and_an_empty_value_removes_its_key(stripe_sdk):
    made = stripe_sdk.v1.customers.create({"metadata": {"a": "1", "b": "2"}})
    changed = stripe_sdk.v1.customers.update(made.id, {"metadata": {"a": "", "c": "3"}})
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}


def test_an_update_is_announced_with_what_it_was_before(stripe_sdk):
    made = stripe_sdk.v1.customers.create({"name": "Ana"})
    stripe_sdk.v1.customers.update(made.id, {"name": "Berta"})
    event = stripe_sdk.v1.events.list({"type": "customer.updated"}).data[0]
    assert event.data.object["name"] == "Berta"
    assert event.data["previous_attributes"].to_dict() == {"name": "Ana"}


def test_an_update_that_changes_nothing_is_not_announced(stripe_sdk):
    made = stripe_sdk.v1.customers.create({"name": "Ana"})
    stripe_sdk.v1.customers.update(made.id, {"name": "Ana"})
    assert stripe_sdk.v1.events.list({"type": "customer.updated"}).data == []


def test_a_deleted_customer_stays_readable_as_deleted(stripe_sdk):
    made = stripe_sdk.v1.customers.create({"name": "Ana"})
    stripe_sdk.v1.customers.delete(made.id)
    assert stripe_sdk.v1.customers.retrieve(made.id).to_dict() == {
        "id": made.id,
        "object": "customer",
        "deleted": True,
    }
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        stripe_sdk.v1.customers.update(made.id, {"name": "Berta"})


def test_a_missing_customer_is_404(stripe_sdk):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        stripe_sdk.v1.customers.retrieve("cus_nobody")
    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")


def test_customers_are_found_by_mail(stripe_sdk):
    wanted = stripe_sdk.v1.customers.create({"email": "a@example.com"})
    stripe_sdk.v1.customers.create({"email": "b@example.com"})
    assert [row.id for row in stripe_sdk.v1.customers.list({"email": "a@example.com"}).data] == [wanted.id]


def test_a_salvadoran_tax_id_is_attached_and_expanded(stripe_sdk):
    data = [{"type": "sv_nit", "value": "0614-290590-101-4"}]
    made = stripe_sdk.v1.customers.create({"name": "Talleres SA", "tax_id_data": data})
    added = stripe_sdk.v1.customers.tax_ids.create(made.id, {"type": "eu_vat", "value": "RO12345678"})
    assert (added.country, added.owner.customer) == ("RO", made.id)
    read = stripe_sdk.v1.customers.retrieve(made.id, {"expand": ["tax_ids"]})
    assert [(row.type, row.value) for row in read.tax_ids.data] == [
        ("eu_vat", "RO12345678"),
        ("sv_nit", "0614-290590-101-4"),
    ]
    assert [row.id for row in stripe_sdk.v1.customers.tax_ids.list(made.id).data] == [r.id for r in read.tax_ids.data]
    assert stripe_sdk.v1.tax_ids.retrieve(added.id).value == "RO12345678"


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("sv_dui", "01234567-8", "Invalid type"),
        ("sv_nit", "01234567-8", "Invalid value for sv_nit"),
        ("eu_vat", "12", "Invalid value for eu_vat"),
    ],
)
def test_a_tax_id_that_stripe_does_not_know_is_refused(stripe_sdk, kind, value, message):
    made = stripe_sdk.v1.customers.create({"name": "Ana"})
    with pytest.raises(stripe.InvalidRequestError, match=message):
        stripe_sdk.v1.customers.tax_ids.create(made.id, {"type": kind, "value": value})
    assert stripe_sdk.v1.customers.tax_ids.list(made.id).data == []


def test_a_tax_id_is_attached_once(stripe_sdk):
    data = {"type": "sv_nit", "value": "0614-290590-101-4"}
    made = stripe_sdk.v1.customers.create({"tax_id_data": [data]})
    with pytest.raises(stripe.InvalidRequestError, match="already has"):
        stripe_sdk.v1.customers.tax_ids.create(made.id, data)


def test_a_deleted_tax_id_is_gone(stripe_sdk):
    made = stripe_sdk.v1.customers.create({"tax_id_data": [{"type": "sv_nit", "value": "0614-290590-101-4"}]})
    (tax_id,) = stripe_sdk.v1.customers.tax_ids.list(made.id).data
    stripe_sdk.v1.customers.tax_ids.delete(made.id, tax_id.id)
    assert stripe_sdk.v1.customers.tax_ids.list(made.id).data == []
    assert stripe_sdk.v1.events.list({"type": "customer.tax_id.deleted"}).data[0].data.object["id"] == tax_id.id


def test_a_customers_discount_is_inherited_by_its_invoices(stripe_sdk, shop):
    customer, coupon = shop.customer("Ana", "a@example.com"), shop.coupon(percent_off="25")
    given = shop.control(f"customers/{customer['id']}/discount", coupon=coupon["id"])
    assert given["discount"]["source"] == {"coupon": coupon["id"], "type": "coupon"}
    assert "coupon" not in given["discount"]
    invoice = stripe_sdk.v1.invoices.create({"customer": customer["id"]})
    invoice = stripe_sdk.v1.invoices.add_lines(invoice.id, {"lines": [{"description": "Tea", "amount": 1000}]})
    assert (invoice.discounts, invoice.total) == ([given["discount"]["id"]], 750)
