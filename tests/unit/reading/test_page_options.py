"""What a person may say about a page."""

from __future__ import annotations

import pytest

from digitry.errors import SettingError
from digitry.reading.page_options import PageOptions, page_options_from_words, page_options_of


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"rotate": "9"}, "unknown rotate '9'; did you mean '90'"),
        ({"rotate": 45}, "unknown rotate '45'"),
        ({"only": "print"}, "unknown only 'print'; did you mean 'printed'"),
        ({"decimal": "coma"}, "unknown decimal 'coma'; did you mean 'comma'"),
        ({"signs": "no"}, "signs must be true or false, not 'no'"),
        ({"sign": True}, "unknown option of pages 'sign'; did you mean 'signs'"),
    ],
)
def test_what_does_not_exist_is_refused_with_what_is_near(given: dict[str, object], words: str):
    with pytest.raises(SettingError, match=words):
        page_options_of("page", given)


def test_degrees_may_be_a_number():
    assert PageOptions(rotate=90) == PageOptions(rotate="90")


def test_what_is_said_of_pages_is_refused_where_none_is_expected():
    with pytest.raises(SettingError, match="rotate is for pages, and expect is 'digit'"):
        page_options_of("digit", {"rotate": "90"})
    with pytest.raises(SettingError, match="signs is for pages and numbers, and expect is 'digit'"):
        page_options_of("digit", {"signs": False})
    assert page_options_of("digit", {"rotate": "auto", "signs": True}) == PageOptions()


def test_how_a_number_is_written_can_be_said_where_one_is_expected():
    assert page_options_of("number", {"signs": False, "decimal": "comma"}) == PageOptions(signs=False, decimal="comma")
    with pytest.raises(SettingError, match="rotate is for pages, and expect is 'number'"):
        page_options_of("number", {"rotate": "90"})


def test_words_and_values_say_the_same():
    options = page_options_from_words("page", {"signs": "no", "rotate": "180", "only": "all", "decimal": "comma"})
    assert options == PageOptions(rotate="180", only="all", signs=False, decimal="comma")
    assert page_options_from_words("page", options.to_words()) == options
    assert page_options_of("page", options.to_values()) == options
    with pytest.raises(SettingError, match="unknown signs 'maybe'; did you mean 'yes'"):
        page_options_from_words("page", {"signs": "maybe"})
