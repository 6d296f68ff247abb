from datetime import date
from decimal import Decimal

import pytest
from django.test import override_settings

from smartbill.providers.el_salvador.contract import CONTRACT_VERSION, ROWS, current, dated, override_errors


def test_every_path_is_there_once_and_says_where_it_comes_from() -> None:
    assert len({row.path for row in ROWS}) == len(ROWS)
    assert all(row.source for row in ROWS)


def test_what_the_public_pages_do_not_state_is_marked_as_assumed() -> None:
    known = {row.path: row.known for row in ROWS}
    assert known["route.factura"]
    assert known["field.receptor.comercialName"]
    assert not known["route.ccf"]
    assert not known["answer.data.selloRecibido"]


def test_the_contract_without_changes_has_its_plain_version() -> None:
    assert current().version == CONTRACT_VERSION
    assert current()["route.factura"] == "/dte/factura"


def test_a_change_is_in_force_at_once_and_names_another_version() -> None:
    with override_settings(SMARTBILL_SV_CONTRACT={"route.factura": "/dte/facturas"}):
        changed = current()
    assert changed["route.factura"] == "/dte/facturas"
    assert changed["route.fex"] == "/dte/fex"
    assert changed.version.startswith(f"{CONTRACT_VERSION}+")
    assert len(changed.version) <= 40
    assert current()["route.factura"] == "/dte/factura"


def test_two_changes_have_two_versions() -> None:
    versions = set()
    for path in ("/a", "/b"):
        with override_settings(SMARTBILL_SV_CONTRACT={"route.factura": path}):
            versions.add(current().version)
    assert len(versions) == 2


@pytest.mark.parametrize(
    ("path", "value"),
    [("route.facture", "/x"), ("limit.name", "150"), ("address.send_district", 1), ("tax.rate", 0.13)],
)
def test_a_change_that_fits_no_row_is_an_error(path: str, value: object) -> None:
    assert list(override_errors({path: value, "route.ccf": "/dte/creditofiscal"})) == [path]


@pytest.mark.parametrize(("day", "figure"), [("2020-01-01", "0.13"), ("2026-11-30", "0.13"), ("2026-12-01", "0.15")])
def test_a_dated_figure_is_the_one_in_force_on_the_day(day: str, figure: str) -> None:
    assert dated([*current()["tax.rate"], ["2026-12-01", "0.15"]], date.fromisoformat(day)) == Decimal(figure)
