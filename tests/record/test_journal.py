"""The journal survives a crash at any byte."""

from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome
from pacsconf.core.errors import LockHeld, RecordError
from pacsconf.core.resource import State
from pacsconf.record.journal import Journal
from pacsconf.record.standing import Heads

ID = "20261124-141205-5be1"
ADDRESSES = [Address.of("directory", "device", f"ct-{number}") for number in range(4)]
CHANGES = [Change("create", None, State(address, address, {"note": "s3cret"})) for address in ADDRESSES]
APPLIED = [Outcome(address, "create", "applied", milliseconds=4.0) for address in ADDRESSES]


@pytest.fixture
def journal(tmp_path):
    return Journal.open(tmp_path, "lab")


def unknown(address):
    return Outcome(address, "create", "unknown", "interrupted before it was answered")


def write(journal):
    writer = journal.write(ID)
    writer.intend(CHANGES[:2])
    writer.result(APPLIED[:1])
    writer.result(APPLIED[1:2])
    writer.intend(CHANGES[2:])
    writer.result(APPLIED[2:3])
    writer.close()


def test_intended_without_a_result_is_unknown(journal):
    write(journal)
    assert journal.outcomes(ID) == {
        **{outcome.address: outcome for outcome in APPLIED[:3]},
        ADDRESSES[3]: unknown(ADDRESSES[3]),
    }


def test_a_result_is_with_the_system_at_once_though_the_disk_is_asked_for_many(journal, monkeypatch):
    """A killed process loses nothing; intents are on the disk before anything is sent."""
    synced = []
    monkeypatch.setattr("pacsconf.record.journal.GROUP", 3600.0)
    monkeypatch.setattr(os, "fsync", synced.append)
    writer = journal.write(ID)
    synced.clear()
    writer.intend(CHANGES)
    assert len(synced) == 1

    for outcome in APPLIED:
        writer.result([outcome])

    assert len(synced) == 1
    assert journal.outcomes(ID) == {outcome.address: outcome for outcome in APPLIED}
    writer.close()


def test_a_layer_of_intents_is_one_line_and_one_trip_to_the_disk(journal, monkeypatch):
    synced = []
    layer = [Address.of("directory", "device", f"ct-{number}") for number in range(5_000)]
    writer = journal.write(ID)
    monkeypatch.setattr(os, "fsync", synced.append)
    writer.intend(Change("create", None, State(address, address, {})) for address in layer)
    assert (len(synced), journal._path(ID).read_bytes().count(b"\n")) == (1, 1)
    assert journal.outcomes(ID) == {address: unknown(address) for address in layer}
    writer.close()


def test_values_are_never_in_it(journal, tmp_path):
    write(journal)
    assert all(b"s3cret" not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_a_change_set_that_nobody_knows_has_no_outcomes(journal):
    assert (journal.outcomes(ID), journal.unfinished()) == ({}, ())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(data=st.data())
def test_cut_at_any_byte_it_reads_as_what_was_whole_and_goes_on(journal, data):
    write(journal)
    path = journal._path(ID)
    whole = path.read_bytes()
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    kept = path.read_bytes().count(b"\n")
    lines = [json.loads(line) for line in whole.splitlines()[:kept]]
    intended = {body["address"] for line in lines for body in line.get("intents", ())}
    done = {body["address"] for line in lines for body in line.get("outcomes", ())}
    read = journal.outcomes(ID)
    assert {str(address) for address in read} == intended | done
    assert {str(address) for address, outcome in read.items() if outcome.status == "applied"} == done

    again = journal.write(ID, resumed=True)
    again.result(APPLIED[3:])
    again.close()
    assert journal.outcomes(ID) == {**read, ADDRESSES[3]: APPLIED[3]}


def test_a_damaged_line_is_left_out(journal):
    write(journal)
    path = journal._path(ID)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"\0\0\0\n", *lines[2:]]))
    assert journal.outcomes(ID)[ADDRESSES[0]] == unknown(ADDRESSES[0])


def test_a_change_set_opened_anew_begins_anew(journal):
    write(journal)
    journal.write(ID).close()
    assert journal.outcomes(ID) == {}


def test_finished_is_forgotten(journal):
    writer = journal.write(ID)
    writer.intend(CHANGES)
    assert journal.unfinished() == (ID,)
    writer.finish()
    assert (journal.outcomes(ID), journal.unfinished()) == ({}, ())


def test_one_writer_at_a_time_and_the_other_is_told_who(journal):
    writer = journal.write(ID)
    with pytest.raises(LockHeld) as caught:
        journal.write("another")
    assert caught.value.message.startswith(f"process {os.getpid()} on ")
    writer.close()
    writer.close()
    journal.write("another").close()


def test_heads_are_remembered(journal):
    assert journal.heads() == Heads()
    journal.note(Heads("a", "b"))
    assert journal.heads() == Heads("a", "b")


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff"])
def test_a_damaged_note_of_heads_is_no_note(journal, tmp_path, damage):
    journal.note(Heads("a", "b"))
    (tmp_path / "pacsconf" / "lab" / "heads.json").write_bytes(damage)
    assert journal.heads() == Heads()


def test_a_clone_that_cannot_be_written_is_a_clear_error(tmp_path):
    (tmp_path / "pacsconf").write_text("a file where the folder belongs")
    journal = Journal.open(tmp_path, "lab")
    for attempt in (lambda: journal.write(ID), lambda: journal.note(Heads("a"))):
        with pytest.raises(RecordError, match="cannot be written: ") as caught:
            attempt()
        assert caught.value.fix == "Make room, or make it writable"


def test_a_full_disk_is_a_clear_error_and_lets_others_apply(journal):
    writer = journal.write(ID)
    with Path("/dev/full").open("ab") as full:
        os.dup2(full.fileno(), writer._file.fileno())
    with pytest.raises(RecordError, match="cannot be written: No space left"), closing(writer):
        writer.result(APPLIED)
    journal.write(ID).close()


@pytest.mark.parametrize("id_", ["../x", "", "a/b", "."])
def test_an_id_cannot_leave_the_folder(journal, id_):
    with pytest.raises(RecordError, match="is no id of a change set"):
        journal.outcomes(id_)
