from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.dicom.likeness import alike, difference


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ("CT_ER_1", "CT_ER_1", ""),
        ("CT_ER_1", "CT_ER1", "by one character (_ missing)"),
        ("CT_ER1", "CT_ER_1", "by one character (_ added)"),
        ("CT1", "CT2", "by one character (2 for 1)"),
        ("CT12", "CT21", "by two characters that changed places"),
        ("CT ER", "CTER", "by one character (a space missing)"),
        ("ARCHIVE", "archive", "by capitals alone"),
        ("CT1", "CT1 ", "by spaces before or after it"),
        ("CT_ER_1", "CT-ER-1", "by spaces, underscores or hyphens alone"),
        ("ARCHIVE", "ARCHIVE12", "by 2 characters"),
        ("ARCHIVE", "ARHCIVES", "entirely"),
        ("CT1", "MR7", "entirely"),
    ],
)
def test_how_two_titles_differ_in_words(one, other, words):
    assert difference(one, other) == words


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("CT_ER_1", "CT_ER1", True),
        ("CT_ER_1", "cter1", True),
        ("ARCHIVE", "ARCHIV", True),
        ("ARCHIVE", "ARHCIVE", True),
        ("CT1", "CT2", True),
        ("CT", "MR", False),
        ("ARCHIVE", "RESEARCH", False),
    ],
)
def test_what_looks_like_a_title_misspelled(one, other, same):
    assert alike(one, other) is same
    assert alike(other, one) is same


@given(st.text(max_size=16), st.text(max_size=16))
def test_a_difference_is_told_exactly_where_there_is_one(one, other):
    assert (difference(one, other) == "") == (one == other)
