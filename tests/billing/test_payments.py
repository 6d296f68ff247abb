import pytest

from billing.payments import method_of
from billing.purchases import Paid


@pytest.mark.parametrize(
    ("method", "funding", "expected"),
    [
        ("card", "credit", "card_credit"),
        ("card", "debit", "card_debit"),
        ("card", "prepaid", "card_debit"),
        ("card", "unknown", "card_credit"),
        ("card", "", "card_credit"),
        ("card_present", "debit", "card_debit"),
        ("us_bank_account", "", "transfer"),
        ("sepa_debit", "", "transfer"),
        ("paypal", "", "wallet"),
        ("crypto", "", "crypto"),
        ("customer_balance", "", "other"),
        ("off_stripe", "", "other"),
        ("", "", "other"),
        ("something_new", "", "other"),
    ],
)
def test_methods_of_stripe_become_methods_of_the_document(method, funding, expected):
    assert method_of(Paid(reference="pi_1", amount=1, method=method, funding=funding)) == expected
