"""Every character that a customer may have is printed or replaced by a sign; none costs the PDF."""

from smartbill.fonts import covered, printable


def test_the_languages_of_the_house_are_printed_as_they_are():
    text = "áéíóúüñÑ¿¡ ăâîșțĂÂÎȘȚ – “” € $ % 0123456789"
    assert printable(text) == text


def test_what_no_font_has_becomes_one_visible_sign():
    assert printable("Ana 👩‍💻 محمد 李") == "Ana ?? ???? ?"


def test_spaces_of_every_width_are_spaces_and_what_is_invisible_is_left_out():
    assert 0x202F not in covered()
    assert printable("9:03\u202fa.m.\ufe0f\u0007\n") == "9:03 a.m.\n"


def test_values_of_every_shape_are_gone_through():
    assert printable({"a": ["x", {"b": "y"}], "c": True, "d": None}) == {"a": ["x", {"b": "y"}], "c": True, "d": None}
