"""What a commit holds survives being written as files and read back."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.core.address import Address
from pacsconf.core.attestation import Attestation
from pacsconf.core.change import Change
from pacsconf.core.errors import RecordError
from pacsconf.core.resource import State
from pacsconf.record.contents import (
    Contents,
    Entry,
    Held,
    Waiting,
    entry_from_file,
    from_files,
    to_files,
)

ENTRY = Entry(
    "closed",
    "Maria Weber <m@example.org>",
    "2026-11-24T14:12:05Z",
    "why",
    "20261124-141205-5be1",
    {"applied": 2},
)

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
addresses = st.builds(
    Address.of,
    st.sampled_from(["directory", "orthanc", ".git", "a.b c"]),
    st.sampled_from(["device", "network-ae"]),
    words,
)
values = st.one_of(
    st.booleans(),
    st.integers(),
    words,
    st.lists(words, min_size=1, max_size=3, unique=True).map(lambda members: tuple(sorted(members))),
)
states = st.builds(
    State,
    addresses,
    addresses,
    st.dictionaries(words, values, max_size=4),
    st.frozensets(addresses, max_size=2),
    st.frozensets(words, max_size=2),
)
contents = st.builds(
    Contents,
    owned=st.lists(states, max_size=6).map(lambda many: {state.address: state for state in many}),
    held=st.lists(st.builds(Held, addresses, words, words, words, words), max_size=3).map(
        lambda many: {held.address: held for held in many}
    ),
    waiting=st.lists(
        st.builds(Waiting, states.map(lambda state: Change("create", None, state, state)), words, words),
        max_size=3,
    ).map(lambda many: {one.change.address: one for one in many}),
    reserved=st.dictionaries(addresses, st.dates(), max_size=3),
    attested=st.lists(
        st.builds(
            Attestation,
            addresses,
            st.none() | states,
            words,
            words,
            st.sampled_from(["attested", "observed"]),
            words,
            words,
        ),
        max_size=3,
    ).map(lambda many: {one.address: one for one in many}),
)


def read_back(files):
    return from_files(files, files.__getitem__)


@settings(max_examples=50, deadline=None)
@given(contents)
def test_contents_survive_their_files(contents):
    assert read_back(to_files(ENTRY, contents)) == contents


@settings(max_examples=50, deadline=None)
@given(contents)
def test_equal_contents_are_equal_files_whatever_order_they_came_in(contents):
    turned = Contents(
        **{
            name: dict(reversed(getattr(contents, name).items()))
            for name in ("owned", "held", "waiting", "reserved", "attested")
        }
    )
    assert to_files(ENTRY, turned) == to_files(ENTRY, contents)


def test_a_file_name_cannot_leave_its_folder():
    state = State(Address("..", ".git", "x"), Address("..", ".git", "x"), {})
    assert [
        path for path in to_files(ENTRY, Contents({state.address: state})) if path.startswith("owned")
    ] == ["owned/%2E%2E/%2Egit.jsonl"]


def test_an_entry_survives_its_file():
    assert entry_from_file(to_files(ENTRY, Contents())["record.json"]) == ENTRY


def test_a_newer_format_is_named_before_anything_else_is_read():
    files = {"record.json": b'{"format_version": 2}'}
    with pytest.raises(RecordError) as caught:
        read_back(files)
    assert caught.value.message == "the record has format version 2; this pacsconf reads 1"
    assert caught.value.fix == "Use the version of pacsconf that wrote it, or a newer one"


@pytest.mark.parametrize(
    ("path", "data", "message"),
    [
        ("record.json", b"{", "record.json cannot be understood: Expecting property name"),
        ("record.json", b"[]", "record.json cannot be understood: list indices"),
        ("held.json", b'[{"address": "x"}]', 'held.json cannot be understood: "x" is not an address'),
        ("waiting.json", b"[1]", "waiting.json cannot be understood: 'int' object"),
        (
            "reserved.json",
            b'{"a/b/c": "soon"}',
            "reserved.json cannot be understood: Invalid isoformat string",
        ),
        ("changeset.json", b"{}", "the record holds a change set that cannot be read"),
        ("owned/a/b.jsonl", b"\nnull\n", "owned/a/b.jsonl:1 cannot be understood"),
        ("owned/a/b.jsonl", b"null\n", "owned/a/b.jsonl:1 cannot be understood: a state is missing"),
        ("owned/a/b.jsonl", b"\xff\n", "owned/a/b.jsonl:1 cannot be understood: 'utf-8' codec"),
        ("attested/a.jsonl", b"{}\n", "attested/a.jsonl:1 cannot be understood: 'address'"),
        ("owned/a/b.jsonl", b"[" * 100_000, "owned/a/b.jsonl:1 cannot be understood: maximum recursion"),
    ],
)
def test_what_cannot_be_understood_is_named(path, data, message):
    with pytest.raises(RecordError) as caught:
        read_back({**to_files(ENTRY, Contents()), path: data})
    assert caught.value.message.startswith(message)


def test_five_thousand_resources_are_read_as_they_were_written(alone):
    fields = {
        "ae_title": "CT_ER_1",
        "port": 104,
        "uses": tuple(f"1.2.840.10008.5.1.4.1.1.{n}" for n in range(9)),
    }
    owned = {
        address: State(address, address, {**fields, "number": number})
        for number in range(5000)
        for address in [Address.of("directory", f"kind-{number % 5}", f"device-{number:04}")]
    }
    record = alone.record()
    record.init(owned)
    assert record.state().owned == owned


def test_days_are_dates():
    address = Address.of("directory", "unique-ae-title", "OLD")
    held = Contents(reserved={address: date(2027, 2, 24)})
    assert read_back(to_files(ENTRY, held)).reserved == {address: date(2027, 2, 24)}
