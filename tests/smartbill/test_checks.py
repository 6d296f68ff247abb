from typing import Any

import pytest
from django.test import override_settings

from smartbill.checks import check_encryption_keys, check_smartbill

KEY = "Zp0-gXk2bQ7yWm4RtL9vCs3HdJf8NaUe1TiOo5P6"


def found(**changed: Any) -> list[str | None]:
    with override_settings(**changed):
        return [message.id for message in [*check_encryption_keys(None), *check_smartbill(None)]]


def test_the_settings_of_the_suite_pass() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("changed", "ids"),
    [
        ({"FIELD_ENCRYPTION_KEYS": []}, ["sello.E201"]),
        ({"FIELD_ENCRYPTION_KEYS": ["short"]}, ["sello.E202"]),
        ({"FIELD_ENCRYPTION_KEYS": ["Zp0-gXk2bQ7yWm4RtL9vCs3HdJf8NaUe1TiOo5P"]}, ["sello.E202"]),
        ({"FIELD_ENCRYPTION_KEYS": ["abcdefg" * 9]}, ["sello.E202"]),
        ({"FIELD_ENCRYPTION_KEYS": ["Change-Me-" + "x1y2z3w4" * 6]}, ["sello.E202"]),
        ({"FIELD_ENCRYPTION_KEYS": [KEY]}, []),
        ({"FIELD_ENCRYPTION_KEYS": [KEY, KEY]}, ["sello.E203"]),
        ({"SMARTBILL_SV_BASE_URL": ""}, ["sello.E204"]),
        ({"SMARTBILL_SV_BASE_URL": "api.smartbill.lat/v1"}, ["sello.E204"]),
        ({"SMARTBILL_SV_BASE_URL": "ftp://api.smartbill.lat"}, ["sello.E204"]),
        ({"SMARTBILL_SV_BASE_URL": "https://user:pw@api.smartbill.lat"}, ["sello.E204"]),
        ({"SMARTBILL_SV_BASE_URL": "http://api.smartbill.lat/v1"}, ["sello.E205"]),
        ({"SMARTBILL_SV_BASE_URL": "http://127.0.0.1:9001/v1"}, []),
        ({"SMARTBILL_SV_BASE_URL": "http://127.0.0.1:9001/v1", "SELLO_SANDBOX": False}, ["sello.E205"]),
        ({"SMARTBILL_CONNECT_TIMEOUT": 0}, ["sello.E206"]),
        ({"SMARTBILL_READ_TIMEOUT": -1}, ["sello.E206"]),
        ({"SMARTBILL_READ_TIMEOUT": 5}, []),
        ({"SMARTBILL_READ_TIMEOUT": 5, "SELLO_SANDBOX": False}, ["sello.W206"]),
        ({"SMARTBILL_SV_CONTRACT": {"quiet.period": -1}}, ["sello.E207"]),
        ({"SMARTBILL_SV_CONTRACT": {"quiet.period": 1}}, []),
        ({"SMARTBILL_SV_CONTRACT": {"quiet.period": 1}, "SELLO_SANDBOX": False}, ["sello.E208"]),
        ({"SMARTBILL_SV_CONTRACT": {"quiet.period": 700, "quiet.contingency": 699}}, ["sello.E211"]),
        ({"SMARTBILL_SV_CONTRACT": []}, ["sello.E209"]),
        ({"SMARTBILL_SV_CONTRACT": {"route.factura": "/x"}}, []),
        ({"SMARTBILL_SV_CONTRACT": {"route.facture": "/x", "limit.name": "150"}}, ["sello.E210", "sello.E210"]),
    ],
)
def test_each_mistake_has_its_id(changed: dict[str, Any], ids: list[str]) -> None:
    assert found(**changed) == ids


def test_a_mistake_never_prints_a_key() -> None:
    with override_settings(FIELD_ENCRYPTION_KEYS=["my-own-secret"]):
        (message,) = check_encryption_keys(None)
    assert "my-own-secret" not in f"{message.msg}{message.hint}"
