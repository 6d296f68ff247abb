import pytest

from billing.kinds import kind_of
from billing.parties import buyer_from


def decided(**facts):
    found = kind_of(buyer_from({name.replace("__", "."): value for name, value in facts.items()}))
    return found.kind.value, [problem.code for problem in found.problems]


NRC = {"customer__metadata__sv_nrc": "1234"}
NIT = {"customer__metadata__sv_nit": "06140101900018"}
ABROAD = {"customer__address__country": "US"}
HOME = {"customer__address__country": "SV"}


def asked(kind):
    return {"customer__metadata__document_kind": kind}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, ("factura", [])),
        (HOME, ("factura", [])),
        (NRC, ("ccf", [])),
        (NIT | NRC | HOME, ("ccf", [])),
        (asked("ccf"), ("ccf", [])),
        (asked("CRÉDITO_FISCAL"), ("ccf", [])),
        (NIT, ("ccf", ["ccf_or_factura"])),
        (NIT | asked("factura"), ("factura", [])),
        (NRC | asked("factura"), ("factura", [])),
        ({"customer__metadata__sv_nit": "012345678"}, ("factura", [])),
        ({"customer__metadata__sv_dui": "01234567-8"}, ("factura", [])),
        (ABROAD, ("export", [])),
        (ABROAD | NRC, ("export", [])),
        (ABROAD | asked("export"), ("export", [])),
        (ABROAD | asked("ccf"), ("export", ["kind_contradicts_country"])),
        (ABROAD | asked("factura"), ("export", ["kind_contradicts_country"])),
        (asked("recibo"), ("factura", ["kind_unknown"])),
        (NRC | asked("recibo"), ("ccf", ["kind_unknown"])),
    ],
)
def test_the_kind_follows_from_the_buyer(facts, expected):
    assert decided(**facts) == expected


def test_the_kind_says_where_it_comes_from():
    found = kind_of(buyer_from({"session.custom_fields.svnrc": "12-3"}))
    assert (found.provenance.source, found.provenance.raw) == ("session.custom_fields.svnrc", "12-3")
    assert found.provenance.rule == "an NRC was given"
