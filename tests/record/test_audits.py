"""Audits in the record: kept, found again by every name, and held against the chain of change sets."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from pacsconf.core.errors import LockHeld, RecordError, RecordUnknown
from pacsconf.policy.audit import Chain, Point
from pacsconf.policy.audit_json import audit_to_lines
from pacsconf.record.record import Record
from tests.audits import audit_of

RULE = "PACS-AE-001"


@pytest.fixture
def record(alone, states):
    record = alone.record()
    record.init(states, reason="first day")
    return record


def keep(record, number: int, **more) -> str:
    audit = audit_of({(RULE, "ct-1"): "fail", (RULE, "mr-1"): "pass"}, number=number, **more)
    return record.audited(audit_to_lines(audit), reason="nightly")


def apply(record, work, clock) -> str:
    """Apply the same plan once more, under an id of its own."""
    clock.advance(minutes=1)
    opened = replace(work.changeset, id=f"{clock.time:%Y%m%d-%H%M%S}-aaaa")
    with record.begin(opened, record.state()) as lock:
        return lock.close(outcomes=work.outcomes, owned=work.owned)


# --- kept and found -----------------------------------------------------------------------------------------------


def test_an_audit_is_kept_whole_and_told_in_the_history(record):
    commit = keep(record, 1)
    found = record.audit()
    assert (found.entry.commit, found.audit.id) == (commit, "20261101-120000")
    newest = record.history(1)[0]
    assert (newest.type, newest.audit, newest.reason) == ("audit", "20261101-120000", "nightly")
    assert dict(newest.counts) == {"failed": 1, "passed": 1}


def test_the_commit_says_what_was_audited(record, alone):
    keep(record, 1)
    said = alone.git("log", "-1", "--format=%B", "pacsconf/lab")
    assert said.startswith("audit 20261101-120000: 1 failed, 1 passed\n\nnightly\n\n")
    assert "Inventory: 3f2a9c1" in said


def test_the_trend_is_told_without_the_audits(record):
    for number in (1, 2, 3):
        keep(record, number)
    states = {"fail": 1, "pass": 1}
    assert record.audits() == tuple(
        Point(f"2026110{day}-120000", f"2026-11-0{day}T12:00:00Z", "3f2a9c1", states, {"high": 1})
        for day in (3, 2, 1)
    )


def test_without_an_audit_there_is_no_trend(record):
    assert record.audits() == ()


def test_an_audit_is_found_by_every_name(record, clock):
    commits = []
    for number in (1, 2, 3):
        clock.advance(days=1)
        commits.append(keep(record, number))
        record.hold({}, reason="in between")
    names = {
        "last": 3,
        "last~0": 3,
        "last~1": 2,
        "last~2": 1,
        "20261102-120000": 2,
        commits[0][:7]: 1,
        commits[1]: 2,
        clock.time.date().isoformat(): 3,
        "2026-11-26": 2,
    }
    assert {name: record.audit(name).audit.at[9] for name in names} == {
        name: str(number) for name, number in names.items()
    }


@pytest.mark.parametrize("name", ["last~3", "2026-11-01", "0000000", "nonsense", "", "--all", "last~-1"])
def test_one_that_is_not_there_is_told(record, name):
    keep(record, 1)
    with pytest.raises(RecordError, match="pacsconf/lab holds no audit") as told:
        record.audit(name)
    assert "audit list" in told.value.fix


def test_what_cannot_be_read_again_is_not_kept(record):
    before = record.state().head
    with pytest.raises(RecordError):
        record.audited(b"{}\n")
    with pytest.raises(RecordError, match="an audit of production does not belong to lab"):
        keep(record, 1, environment="production")
    assert record.state().head == before


def test_without_a_record_there_is_nothing_to_keep_it_in(alone):
    with pytest.raises(RecordUnknown):
        keep(alone.record(), 1)


def test_while_a_change_set_is_open_no_audit_is_kept(record, work):
    with record.begin(work.changeset, record.state()), pytest.raises(LockHeld):
        keep(record, 1)


def test_audits_that_end_at_once_are_all_kept(alone):
    alone.record().init({})
    begin = threading.Barrier(4)

    def audit(number: int) -> None:
        with Record.open(alone.path, "lab", clock=alone.clock) as record:
            begin.wait()
            keep(record, number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(audit, range(1, 5)))
    record = alone.record()
    assert sorted(one.id[6:8] for one in record.audits()) == ["01", "02", "03", "04"]
    assert {record.audit(one.id).audit.id for one in record.audits()} == {one.id for one in record.audits()}


def test_those_between_two_are_read_newest_first(record):
    for number in (1, 2, 3, 4):
        keep(record, number)
    first, last = record.audit("last~3").entry, record.audit().entry
    assert [one.audit.id[6:8] for one in record.audits_between(first, last)] == ["03", "02"]


def test_an_audit_that_was_damaged_names_its_commit(record, alone):
    commit = keep(record, 1)
    record.keep("probe", {"audits/last.jsonl": b"{}\n"}, reason="somebody else's tool")
    assert record.audit().entry.commit == commit  # an entry of another kind is no audit
    damaged = _rewritten(alone, commit, "evidence/audits/last.jsonl", b"[]\n")
    alone.git("update-ref", "refs/heads/pacsconf/lab", damaged)
    with pytest.raises(RecordError, match=f"in commit {damaged[:10]}: it is no audit"):
        record.audit()


# --- the chain ----------------------------------------------------------------------------------------------------


def test_each_change_set_names_the_one_before_it(record, work, clock, alone):
    first = apply(record, work, clock)
    keep(record, 1)
    record.hold({}, reason="in between")
    second = apply(record, work, clock)
    one, two = record.load(first[:7]), record.load(second[:7])
    file = alone.git("show", f"{first}:changeset.json") + "\n"
    assert one.follows is None
    assert (two.follows.id, two.follows.number) == (one.id, 1)
    assert two.follows.digest == hashlib.sha256(file.encode()).hexdigest()
    end = record.chain()
    assert (end.head, end.changeset, end.length) == (second, two.id, 2)
    assert record.chain_flaws() == ()


def test_an_abandoned_change_set_is_a_link_too(record, work, clock):
    record.begin(work.changeset, record.state()).release()
    record.abandon("the laptop died")
    commit = apply(record, work, clock)
    assert record.load(commit[:7]).follows.id == work.changeset.id
    assert record.chain_flaws() == ()


def test_one_that_was_resumed_keeps_its_predecessor(record, work, clock):
    first = apply(record, work, clock)
    opened = replace(work.changeset, id="20270101-000000-bbbb")
    record.begin(opened, record.state()).release()
    clock.advance(minutes=20)
    with record.resume() as lock:
        assert lock.changeset.follows.id == record.load(first[:7]).id
        lock.close(outcomes=work.outcomes, owned=work.owned)
    assert record.chain().length == 2


def test_while_one_is_open_the_chain_ends_before_it(record, work, clock):
    first = apply(record, work, clock)
    with record.begin(replace(work.changeset, id="20270101-000000-bbbb"), record.state()):
        assert record.chain().changeset == record.load(first[:7]).id


def test_who_began_at_the_same_time_forks_nothing(record, work, alone, clock):
    apply(record, work, clock)
    state = record.state()
    other = alone.record()
    with record.begin(replace(work.changeset, id="20270101-000000-bbbb"), state) as lock:
        with pytest.raises(LockHeld):
            other.begin(replace(work.changeset, id="20270101-000000-cccc"), state)
        lock.close(outcomes=work.outcomes, owned=work.owned)
    apply(other, work, clock)
    assert (record.chain().length, record.chain_flaws()) == (3, ())


def test_a_record_without_change_sets_has_a_chain_without_end(record):
    assert record.chain() == Chain(record.state().head)
    assert record.chain_flaws() == ()


def test_change_sets_of_older_versions_name_nobody_and_are_followed(record, work, clock, alone):
    first = apply(record, work, clock)
    assert "follows" not in json.loads(alone.git("show", f"{first}:changeset.json"))
    apply(record, work, clock)
    assert record.chain_flaws() == ()


def test_a_rewritten_record_does_not_lead_to_the_end_that_an_audit_saw(record, work, clock, alone):
    first = apply(record, work, clock)
    apply(record, work, clock)
    seen = record.chain()
    keep(record, 1, chain=seen)
    assert record.chain_flaws() == ()
    told = json.loads(alone.git("show", f"{first}:changeset.json"))
    rewritten = _rewritten(alone, first, "changeset.json", _spelt({**told, "reason": "another"}))
    alone.git("replace", first, rewritten)
    broken = alone.record().chain_flaws()
    alone.git("replace", "-d", first)
    assert [one for one in broken if "it was altered since" in one]
    alone.git("update-ref", "refs/heads/pacsconf/lab", first)
    flaws = alone.record().chain_flaws(seen)
    assert flaws == (
        f"commit {seen.head[:10]} of the record, on which it was made, is not in its history any more",
        f"change set {seen.changeset}, the last one then, is not there any more",
    )


def _spelt(body) -> bytes:
    return json.dumps(body, indent=1, sort_keys=True).encode() + b"\n"


def _rewritten(clone, commit: str, path: str, data: bytes) -> str:
    """The commit as it would be with another file in it, on the same parent."""
    draft = clone.path / ".git" / "draft"
    draft.write_bytes(data)
    index = {"GIT_INDEX_FILE": str(clone.path / ".git" / "index-of-the-test")}

    def run(*args: str) -> str:
        env = {**os.environ, **index}
        return subprocess.run(
            ["git", "-C", str(clone.path), *args], env=env, capture_output=True, text=True, check=True
        ).stdout.strip()

    run("read-tree", commit)
    blob = run("hash-object", "-w", "--no-filters", str(draft))
    run("update-index", "--cacheinfo", f"100644,{blob},{path}")
    return run("commit-tree", "-p", f"{commit}^", "-m", "rewritten", run("write-tree"))
