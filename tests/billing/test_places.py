import pytest

from billing import places


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("06", "06"),
        ("6", "06"),
        ("San Salvador", "06"),
        ("SAN  SALVADOR", "06"),
        ("SV-SS", "06"),
        ("ss", "06"),
        ("usulutan", "11"),
    ],
)
def test_departments_are_known_by_code_name_and_letters(raw, code):
    assert places.department(raw)[0] == code


@pytest.mark.parametrize("raw", ["00", "15", "", "Salvador", "٠٦"])
def test_an_unknown_department_has_no_code(raw):
    assert places.department(raw) == ("", "")


def test_municipalities_are_looked_for_within_their_department():
    assert places.municipality("San Salvador Centro", within="06") == ("23", places.BY_NAME)
    assert places.municipality("San Salvador Centro", within="05") == ("", "")
    assert places.municipality("23", within="06") == ("23", "")


def test_a_district_is_no_municipality():
    assert places.municipality("San Salvador", within="06") == ("", "")
    assert places.district("San Salvador", within="06")[0] == "14"
