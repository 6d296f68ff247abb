"""The cause that a document of a contingency states, read with suspicion."""

import json

import pytest

from smartbill.providers.el_salvador.contingency import stated_cause


def document(**head: object) -> bytes:
    return json.dumps({"identificacion": head}).encode()


@pytest.mark.parametrize(
    ("head", "cause"),
    [
        ({"tipoContingencia": 1, "motivoContin": None}, (1, "")),
        ({"tipoContingencia": 5, "motivoContin": " Mantenimiento "}, (5, "Mantenimiento")),
        ({"tipoContingencia": 3, "motivoContigencia": "Sin internet"}, (3, "Sin internet")),
        ({"tipoContingencia": None}, None),
        ({"tipoContingencia": 6}, None),
        ({"tipoContingencia": 1.5}, None),
        ({"tipoContingencia": "1"}, None),
        ({"tipoContingencia": 2, "motivoContin": ["x"]}, (2, "")),
        ({}, None),
    ],
)
def test_only_a_type_of_the_catalogue_is_a_cause(head: dict[str, object], cause: tuple[int, str] | None) -> None:
    assert stated_cause(document(**head)) == cause


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"identificacion": 1}', b"\xff\xfe"])
def test_what_is_no_document_states_nothing(body: bytes) -> None:
    assert stated_cause(body) is None


def test_a_sentence_is_cut_to_what_the_authority_allows() -> None:
    cause = stated_cause(document(tipoContingencia=5, motivoContin="x" * 900))
    assert cause == (5, "x" * 500)
