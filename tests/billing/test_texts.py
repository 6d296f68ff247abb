from hypothesis import given
from hypothesis import strategies as st

from billing.texts import clean, digits, folded


def test_a_harmless_text_is_left_alone():
    assert clean("Ñandú & Cía. <b>") == ("Ñandú & Cía. <b>", "")


def test_halves_of_a_pair_are_removed():
    assert clean("a\ud800b") == ("ab", "control characters removed")


def test_digits_of_other_scripts_are_no_digits():
    assert digits("٠1-2") == ("12", "digits only")


def test_folding_forgets_accents_case_and_blanks():
    assert folded("  Usulután ") == "USULUTAN"


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text):
    once, _rule = clean(text)
    assert clean(once) == (once, "")
    once.encode()
