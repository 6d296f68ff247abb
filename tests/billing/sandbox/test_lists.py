import pytest
import stripe


@pytest.fixture
def ids(stripe_sdk):
    made = [stripe_sdk.v1.customers.create({"name": str(number)}).id for number in range(25)]
    return made[::-1]


def test_a_page_holds_ten_and_says_whether_there_are_more(stripe_sdk, ids):
    page = stripe_sdk.v1.customers.list()
    assert ([row.id for row in page.data], page.has_more, page.url) == (ids[:10], True, "/v1/customers")


def test_the_next_page_starts_after_the_cursor(stripe_sdk, ids):
    page = stripe_sdk.v1.customers.list({"limit": 10, "starting_after": ids[19]})
    assert ([row.id for row in page.data], page.has_more) == (ids[20:], False)


def test_the_previous_page_ends_before_the_cursor(stripe_sdk, ids):
    page = stripe_sdk.v1.customers.list({"limit": 5, "ending_before": ids[10]})
    assert ([row.id for row in page.data], page.has_more) == (ids[5:10], True)
    assert stripe_sdk.v1.customers.list({"limit": 10, "ending_before": ids[3]}).has_more is False


def test_paging_meets_everything_once(stripe_sdk, ids):
    assert [row.id for row in stripe_sdk.v1.customers.list({"limit": 7}).auto_paging_iter()] == ids


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"limit": 0}, "between 1 and 100"),
        ({"limit": 101}, "between 1 and 100"),
        ({"starting_after": "cus_none"}, "No such object"),
        ({"starting_after": "cus_a", "ending_before": "cus_b"}, "only specify one"),
        ({"colour": "red"}, "unknown parameter"),
        ({"created": {"near": 1}}, "unknown parameter"),
    ],
)
def test_a_senseless_page_is_refused(stripe_sdk, params, message):
    with pytest.raises(stripe.InvalidRequestError, match=message):
        stripe_sdk.v1.customers.list(params)
