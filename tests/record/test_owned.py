"""Lines that are read many at a time hold what they do when each is read by itself."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.core.address import Address
from pacsconf.core.change import state_to_json
from pacsconf.core.errors import RecordError
from pacsconf.core.resource import State
from pacsconf.record.owned import Reader, _state_from_json, from_lines, states_from_lines, states_to_lines

ADDRESS, OTHER = Address.parse("directory/device/ct"), Address.parse("directory/device/m%2Fr")
BODY = state_to_json(
    State(ADDRESS, OTHER, {"host": "ct", "port": 104, "uses": ("a", "b")}, frozenset({OTHER}), frozenset("x"))
)
LINE = json.dumps(BODY)
ODD = {
    "a set out of order": {"fields": {"uses": ["b", "a", "b"]}},
    "an address spelt otherwise": {
        "address": "directory/device/%63t",
        "depends_on": ["directory/device/%63t"],
    },
    "a key that means nothing": {"note": "x"},
    "no key": {"root": None},
    "claims that are nothing": {"claims": None},
    "claims that are no": {"claims": False},
    "claims that are numbers": {"claims": [1, 2]},
    "a member that is a number": {"fields": {"uses": ["a", 1]}},
    "a member that is a list": {"fields": {"uses": [["a"]]}},
    "a part of a number": {"fields": {"port": 1.5}},
    "nothing": {"fields": {"port": None}},
    "an address that is none": {"address": "ct"},
    "an address that is a list": {"address": ["ct"]},
    "a need that is none": {"depends_on": ["ct"]},
    "needs that are a text": {"depends_on": "ct"},
    "no needs in a way": {"depends_on": ""},
    "fields that are pairs": {"fields": [["port", 1]]},
    "fields that are a text": {"fields": "port"},
}
BROKEN = (b"", b"null", b"{}", b"[]", b"{", b"]", LINE[:40].encode(), LINE[40:].encode(), b"\xff")


def read(data: bytes, reader) -> list[State] | str:
    try:
        return list(reader(data))
    except RecordError as error:
        return error.message


def together(data: bytes) -> list[State] | str:
    return read(data, lambda data: states_from_lines(data, "owned", Reader()))


def one_by_one(data: bytes) -> list[State] | str:
    lines = enumerate(data.splitlines(), start=1)
    return read(data, lambda _: from_lines(lines, "owned", _state_from_json))


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_what_is_spelt_otherwise_is_read_as_by_itself(odd):
    data = f"{LINE}\n{json.dumps({**BODY, **odd})}\n{LINE}\n".encode()

    assert together(data) == one_by_one(data)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from((LINE.encode(), *BROKEN)), max_size=5),
    st.sampled_from([b"\n", b",", b"\r", b",\n"]),
)
def test_lines_that_only_together_make_sense_make_none(lines, between):
    data = b"\n".join(lines) + between + LINE.encode() + b"," + LINE.encode()

    assert together(data) == one_by_one(data)


@pytest.mark.parametrize("before", [0, 300])
def test_a_state_on_two_lines_is_not_made_up_for_by_two_on_one(before):
    first, rest = json.dumps(BODY, indent=0).replace("\n", "").split('",', 1)
    data = "\n".join([*[LINE] * before, f"{LINE},{LINE}", f'{first}"', rest]).encode()

    assert together(data) == one_by_one(data)
    assert together(data).startswith(f"owned:{before + 1} cannot be understood: Extra data")


def test_the_line_that_is_wrong_is_named_behind_many_that_are_right():
    lines = [LINE] * 1000
    lines[700] = "{}"

    assert together("\n".join(lines).encode()) == "owned:701 cannot be understood: 'address'"


def test_many_states_are_read_as_they_were_written():
    states = [
        State(
            Address.of("directory", "entity", f"ct {number}", "CT"),
            Address.of("directory", "device", f"ct {number}"),
            {
                "number": number,
                "text": f"\u2028\r\n{number}",
                "set": (str(number), "x"),
                "on": number % 2 == 0,
            },
            frozenset({Address.of("directory", "device", f"ct {number}")}),
            frozenset({f"ae-title:{number}"}),
        )
        for number in range(1000)
    ]

    assert together(states_to_lines(states)) == states
