import pytest

from ps_integration.domain.text import match_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Cafe\u0301", "Caf\u00e9"),
        ("  US-101\u200b ", "us-101"),
        ("US\u00a0101", "us 101"),
        ("STRASSE", "stra\u00dfe"),
    ],
)
def test_spellings_a_person_would_call_the_same_give_one_key(one, other):
    assert match_key(one) == match_key(other)


def test_look_alikes_of_another_script_and_leading_zeros_stay_different():
    assert match_key("\u0410CME") != match_key("ACME")
    assert match_key("00123") != match_key("123")


def test_nothing_visible_is_no_key():
    assert match_key(" \u200b\u00a0") is None
