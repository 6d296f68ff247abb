from smartbill.providers.el_salvador.catalogues import catalogue, districts, municipalities


def test_the_lists_are_complete() -> None:
    assert len(catalogue("CAT-019")) == 774
    assert len(catalogue("CAT-020")) == 249
    assert len(catalogue("CAT-012")) == 15
    assert sum(len(municipalities(code)) for code in catalogue("CAT-012") if code != "00") == 44
    assert sum(len(districts(code)) for code in catalogue("CAT-012")) == 262


def test_headings_and_footnotes_are_no_values() -> None:
    assert all(code.isdigit() for code in catalogue("CAT-014"))
    assert all(5 <= len(code) <= 6 and code.isdigit() for code in catalogue("CAT-019"))


def test_a_municipality_belongs_to_its_department() -> None:
    assert municipalities("06")["23"] == "SAN SALVADOR CENTRO"
    assert "28" in municipalities("05")
    assert "28" not in municipalities("06")
    assert municipalities("99") == {}
