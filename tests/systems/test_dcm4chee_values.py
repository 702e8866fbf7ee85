"""Values that LDAP knows as text alone: what is taken, how it is kept, and what is said of the rest."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.systems._dcm4chee.spelling import values

TITLES = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="\\[]:="),
    min_size=1,
    max_size=16,
)


@given(TITLES, st.integers(0, 999_999_999))
def test_a_title_with_a_number_is_kept_as_it_is(title, number):
    assert values.limit_of_title(f"{title}={number}") == f"{title}={number}"


@given(TITLES, TITLES)
def test_masked_titles_are_kept_as_they_are(one, other):
    assert values.masked_caller(one) == one
    assert values.masked_caller(f"[{one}]{other}") == f"[{one}]{other}"
    assert values.masked_called(f"{one}:{other}") == f"{one}:{other}"


@given(st.lists(st.text(st.characters(exclude_characters="{"), min_size=1), min_size=1, max_size=30))
def test_a_list_keeps_its_order_whichever_way_it_is_written(members):
    kept = values.ordered(members)
    assert [re.sub(r"^\{[0-9]+\}", "", each) for each in kept] == members
    assert values.ordered(list(reversed(kept))) == kept
    assert values.ordered(kept) == kept


@pytest.mark.parametrize(
    "wrong", [["{0}a", "b"], ["{0}a", "{2}b"], ["{1}a"], ["{0}a", "{0}b"], "{3}a", 7], ids=str
)
def test_numbers_in_a_list_are_whole_or_left_out(wrong):
    with pytest.raises(ValueError, match=r"order counts|this is a list"):
        values.ordered(wrong)


@given(st.integers(0, 0xFFFFFFFF))
def test_a_tag_is_eight_digits_in_capitals(number):
    assert values.tag(f"{number:08x}") == f"{number:08X}"


@pytest.mark.parametrize(
    ("check", "wrong", "told"),
    [
        (values.limit_of_title, "CT01", "AE_TITLE=number"),
        (values.limit_of_title, "CT01=04", "AE_TITLE=number"),
        (values.limit_of_title, "A_TITLE_OF_20_LETTERS=4", "at most 16"),
        (values.masked_caller, "[CT01]", "AE_TITLE"),
        (values.masked_caller, "[CT01", "AE_TITLE"),
        (values.masked_called, "CT01", "CONFIGURED:USED"),
        (values.masked_called, "CT01:", "at least one character"),
        (values.hl7_condition, "MSH4=HOSP", "SEGMENT-FIELD"),
        (values.hl7_condition, "msh-4=HOSP", "SEGMENT-FIELD"),
        (values.hl7_condition, "MSH-4", "SEGMENT-FIELD"),
        (values.tag, "(0010,0020)", "8 hexadecimal digits"),
        (values.ascii_text, "Röntgen", "ASCII"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_write(check, wrong, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        check(wrong)


@pytest.mark.parametrize("right", ["MSH-4=HOSP", "MSH-9!=ADT\\^A28\\^ADT_A05", "PID-3.4.1=.*", "OBR-24="])
def test_conditions_on_messages_are_kept(right):
    assert values.hl7_condition(right) == right


def test_a_long_wrong_value_is_shown_in_part():
    with pytest.raises(ValueError, match="no tag") as caught:
        values.tag("x" * 1000)
    assert len(str(caught.value)) < 200
