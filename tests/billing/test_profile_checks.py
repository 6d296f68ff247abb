import pytest

from billing.profile_checks import check_values


def check(name, raw, **known):
    found, problems = check_values({name: raw}, known=known)
    if problems:
        return [(problem.field, problem.message) for problem in problems]
    return found[name].value, found[name].rule, found[name].check


@pytest.mark.parametrize(
    ("name", "raw", "expected"),
    [
        ("nit", "0614-280390-112-1", ("06142803901121", "digits only", "fits")),
        ("nit", "0614-280390-112-2", ("06142803901122", "digits only", "doubt")),
        ("nit", "00000000-0", ("000000000", "digits only", "fits")),
        ("dui", "01234567-8", ("012345678", "digits only", "fits")),
        ("dui", "01234567-2", ("012345672", "digits only", "doubt")),
        ("nrc", "12345-6", ("123456", "digits only", "form")),
        ("passport", " A1234567 ", ("A1234567", "blanks at the ends removed", "form")),
        ("activity_code", "47300", ("47300", "", "listed")),
        ("country", "us", ("US", "capital letters", "listed")),
        ("department", "San Salvador", ("06", "the catalogue's code for this name", "listed")),
        ("email", "pagos@nandu.example", ("pagos@nandu.example", "", "form")),
        ("language", "ES", ("es", "small letters", "listed")),
        ("legal_name", "=1+1 <b>Ñandú</b>", ("=1+1 <b>Ñandú</b>", "", "")),
    ],
)
def test_a_value_its_rule_and_its_check(name, raw, expected):
    assert check(name, raw) == expected


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("nit", "0614", "14 digits"),
        ("nit", "no tengo", "nothing that can be used"),
        ("dui", "1234", "9 digits"),
        ("nrc", "1", "2 to 8"),
        ("nrc", "123456789", "2 to 8"),
        ("passport", "A1", "whole number"),
        ("passport", "A" * 21, "at most 20"),
        ("activity_code", "99", "not in the tax authority's list"),
        ("country", "XX", "not in the tax authority's list"),
        ("department", "Narnia", "not in the tax authority's list"),
        ("municipality", "23", "not in the tax authority's list"),
        ("email", "a@b\r\nBcc: x@y.example", "not valid"),
        ("email", "nobody", "not valid"),
        ("kind", "robot", "company, consumer, foreign"),
        ("language", "xx", "en, es, ro"),
        ("legal_name", "x" * 251, "at most 250"),
        ("legal_name", "\x00\x07", "nothing that can be used"),
    ],
)
def test_what_cannot_be_true_is_refused_in_words(name, raw, said):
    ((field, message),) = check(name, raw)
    assert field == name
    assert said in message


def test_a_municipality_is_looked_up_in_the_department_typed_beside_it_or_known():
    assert check("municipality", "San Salvador Centro", department="06")[0] == "23"
    found, problems = check_values({"municipality": "23", "department": "06"}, known={})
    assert (found["municipality"].value, problems) == ("23", [])
    assert check("municipality", "San Salvador Centro", department="01") != ("23", "", "listed")


@pytest.mark.parametrize(
    ("kind", "country", "wrong"),
    [("foreign", "SV", True), ("company", "US", True), ("foreign", "US", False), ("company", "SV", False)],
)
def test_kind_and_country_must_agree(kind, country, wrong):
    _found, problems = check_values({"kind": kind, "country": country}, known={})
    assert [problem.field for problem in problems] == (["country"] if wrong else [])


def test_all_problems_are_told_at_once():
    _found, problems = check_values({"nit": "1", "nrc": "1", "country": "XX", "kind": "company"}, known={})
    assert [problem.field for problem in problems] == ["nit", "nrc", "country"]


def test_what_is_left_empty_is_left_out():
    assert check_values({"nit": " ", "nrc": ""}, known={}) == ({}, [])
