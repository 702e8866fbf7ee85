"""What observers saw, kept in the record: in one repository, and from two clones at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pacsconf.core.errors import LockHeld, RecordUnknown
from pacsconf.record.record import Record

LAST = "probes/last.jsonl"


@pytest.fixture
def record(alone, states):
    record = alone.record()
    record.init(states, reason="first day")
    return record


def test_evidence_is_kept_beside_what_is_owned(record, states):
    record.keep("probe", {LAST: b"one\n"}, reason="1 healthy", count=1)
    record.keep("probe", {"probes/saved/before.jsonl": b"two\n"}, reason="saved", count=1)
    state = record.state()
    assert state.evidence == {LAST: b"one\n", "probes/saved/before.jsonl": b"two\n"}
    assert state.owned == states
    newest = record.history(1)[0]
    assert (newest.type, newest.reason, dict(newest.counts)) == ("probe", "saved", {"targets": 1})


def test_evidence_may_be_made_of_what_stands(record):
    record.keep("probe", {LAST: b"one\n"}, reason="")
    record.keep("probe", lambda now: {LAST: now[LAST] + b"two\n"}, reason="")
    assert record.state().evidence == {LAST: b"one\ntwo\n"}


def test_of_a_commit_its_own_evidence_is_found(record):
    record.keep("probe", {LAST: b"one\n"}, reason="first")
    first = record.state().head
    record.keep("probe", {LAST: b"two\n", "probes/saved/x.jsonl": b"x\n"}, reason="second")
    second = record.state().head
    entry, files = record.evidence(first[:7])
    assert (entry.reason, files) == ("first", {LAST: b"one\n"})
    entry, files = record.evidence(second)
    assert (entry.reason, files) == ("second", {LAST: b"two\n", "probes/saved/x.jsonl": b"x\n"})
    assert record.evidence(record.history(3)[2].commit) is None
    assert record.evidence("0" * 40) is None


def test_without_a_record_there_is_nothing_to_keep_it_in(alone):
    with pytest.raises(RecordUnknown, match="there is no record of lab yet"):
        alone.record().keep("probe", {LAST: b""}, reason="")


def test_while_a_change_set_is_open_nothing_is_kept(record, work):
    with record.begin(work.changeset, record.state()), pytest.raises(LockHeld):
        record.keep("probe", {LAST: b""}, reason="")


def test_those_who_report_at_once_lose_nothing(alone):
    alone.record().init({})
    begin = threading.Barrier(8)

    def report(name: str) -> None:
        with Record.open(alone.path, "lab", clock=alone.clock) as record:
            begin.wait()
            record.keep("probe", lambda now: {LAST: now.get(LAST, b"") + name.encode()}, reason="")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(report, "abcdefgh"))
    assert sorted(alone.record().state().evidence[LAST]) == sorted(b"abcdefgh")
