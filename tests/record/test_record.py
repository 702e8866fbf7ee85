"""One repository without a remote: what the record keeps, and that it locks."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from datetime import date

import pytest

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome
from pacsconf.core.changeset import Proof
from pacsconf.core.errors import LockHeld, Overtaken, RecordError, RecordUnknown, StalePlan
from pacsconf.core.planning import state_digest
from pacsconf.record.contents import Held, Waiting
from pacsconf.record.record import Record

CT = Address.of("directory", "device", "ct-1")
NEW = Address.of("directory", "device", "ct-er-2")
MARIA = "Maria Weber <mweber@example.org>"


@pytest.fixture
def record(alone, states):
    record = alone.record()
    record.init(states, reason="first day")
    return record


def apply(record, work):
    with record.begin(work.changeset, record.state()) as lock:
        lock.intend(work.changeset.plan.changes)
        lock.result(work.outcomes)
        return lock.close(outcomes=work.outcomes, owned=work.owned)


def test_there_is_no_record_before_init(alone):
    state = alone.record().state()
    assert (state.exists, state.known, state.last, state.head) == (False, False, None, "")
    assert state.why_unknown == "there is no record of lab yet (branch pacsconf/lab)"
    assert state.fix == "pacsconf -e lab record init"


def test_init_owns_what_it_is_given(record, states):
    state = record.state()
    assert (state.exists, state.known, state.owned, state.open) == (True, True, states, None)
    assert state.last == states


def test_init_happens_once(record, states):
    with pytest.raises(RecordError, match="lab has a record already, at "):
        record.init(states)


def test_the_tree_is_readable_without_pacsconf(record, alone):
    assert alone.git("ls-tree", "-r", "--name-only", record.branch).split() == [
        "held.json",
        "owned/directory/device.jsonl",
        "record.json",
        "reserved.json",
        "waiting.json",
    ]
    lines = alone.git("show", f"{record.branch}:owned/directory/device.jsonl").splitlines()
    assert [json.loads(line)["address"] for line in lines] == [
        "directory/device/ct-1",
        "directory/device/mr-1",
    ]
    assert json.loads(alone.git("show", f"{record.branch}:record.json")) == {
        "at": "2026-11-24T14:12:05Z",
        "by": MARIA,
        "changeset": "",
        "counts": {"resources": 2},
        "format_version": 1,
        "reason": "first day",
        "type": "init",
    }


def test_the_log_reads_as_a_history(record, alone, work):
    apply(record, work)
    record.hold({CT: "0" * 64}, reason="rolled back")
    id_ = work.changeset.id
    assert alone.git("log", "--format=%s", record.branch).splitlines() == [
        "hold lab: 1 address",
        f"close {id_}: 1 applied",
        f"open {id_}: 1 change",
        "begin lab: 2 resources",
    ]
    trailers = alone.git("log", "-1", "--skip=1", "--format=%(trailers:only)", record.branch).splitlines()
    assert trailers[:3] == [f"Changeset: {id_}", "Environment: lab", f"Operator: {MARIA}"]
    assert alone.git("log", "-1", "--format=%ad %cd", "--date=iso", record.branch) == (
        "2026-11-24 14:12:05 +0000 2026-11-24 14:12:05 +0000"
    )


def test_a_reason_of_several_lines_forges_no_trailer(record, alone):
    record.hold({CT: ""}, reason="because\n\nOperator: Somebody Else <x@example.org>")
    assert alone.git("log", "-1", "--format=%(trailers:key=Operator,valueonly)", record.branch).split(
        "\n"
    ) == [MARIA]


def test_nothing_that_the_user_sees_moves(record, alone, work):
    before = (
        alone.git("rev-parse", "HEAD"),
        alone.git("status", "--porcelain"),
        alone.git("symbolic-ref", "HEAD"),
    )
    apply(record, work)
    after = (
        alone.git("rev-parse", "HEAD"),
        alone.git("status", "--porcelain"),
        alone.git("symbolic-ref", "HEAD"),
    )
    assert before == after == (before[0], "", "refs/heads/main")
    alone.git("fsck", "--strict")


def test_open_is_a_lock_for_everybody_else(record, alone, work):
    on = record.state()
    lock = record.begin(work.changeset, on)
    lock.release()  # the process is gone; the record stays open
    other = alone.record()
    assert other.state().open == replace(work.changeset, lease_until="2026-11-24T14:27:05Z")
    said = (
        f"change set {work.changeset.id} is open on lab: by {MARIA} (mweber@ws-3:4711) "
        "since 24 Nov 2026 14:12 UTC; its lease runs until 24 Nov 2026 14:27 UTC"
    )
    attempts = (
        lambda: other.begin(work.changeset, other.state()),
        lambda: other.begin(work.changeset, on),  # read before the lock was there
        other.resume,
        lambda: other.hold({CT: ""}, reason="x"),
        lambda: other.release([CT]),
    )
    for attempt in attempts:
        with pytest.raises(LockHeld) as caught:
            attempt()
        assert caught.value.message == said
        assert caught.value.fix == (
            "Wait until then. If that run is certainly dead: pacsconf -e lab unlock --reason TEXT"
        )


def test_close_records_what_became_of_it(record, work):
    proofs = (Proof("ct-er-2", "healthy", "C-ECHO 3 ms"),)
    with record.begin(work.changeset, record.state()) as lock:
        commit = lock.close(outcomes=work.outcomes, owned=work.owned, proofs=proofs)
    state = record.state()
    assert (state.head, state.owned, state.open) == (commit, work.owned, None)
    closed = record.load(work.changeset.id)
    assert closed == replace(
        work.changeset,
        status="closed",
        lease_until="2026-11-24T14:27:05Z",
        closed="2026-11-24T14:12:05Z",
        outcomes=work.outcomes,
        proofs=proofs,
    )
    assert record.load(commit[:7]) == closed
    assert record.journal.unfinished() == ()


def test_what_close_is_not_told_stays(record, work, states):
    record.hold({CT: state_digest(states[CT])}, reason="rolled back")
    apply(record, work)
    held = Held(CT, state_digest(states[CT]), "rolled back", MARIA, "2026-11-24T14:12:05Z")
    assert record.state().held == {CT: held}


def test_a_change_that_waits_keeps_its_day(record, work, clock):
    change = work.changeset.plan.changes[0]
    waiting = (Outcome(NEW, "create", "waiting"),)
    with record.begin(work.changeset, record.state()) as lock:
        lock.close(outcomes=waiting, owned=record.state().owned, waiting=[change])
    first = Waiting(change, "2026-11-24T14:12:05Z", work.changeset.id)
    assert record.state().waiting == {NEW: first}

    clock.advance(days=1)
    later = replace(work.changeset, id="20261125-141205-5be1")
    with record.begin(later, record.state()) as lock:
        lock.close(outcomes=waiting, owned=record.state().owned, waiting=[change])
    assert record.state().waiting == {NEW: first}

    other = Change("create", None, change.state.with_fields({"port": 11112}), None)
    with record.begin(replace(later, id="20261125-141205-5be2"), record.state()) as lock:
        lock.close(outcomes=waiting, owned=record.state().owned, waiting=[other])
    assert record.state().waiting == {NEW: Waiting(other, "2026-11-25T14:12:05Z", "20261125-141205-5be2")}


def test_reserved_names_are_kept_with_their_day(record, work):
    title = Address.of("directory", "unique-ae-title", "OLD CT")
    with record.begin(work.changeset, record.state()) as lock:
        lock.close(outcomes=work.outcomes, owned=work.owned, reserved={title: date(2027, 2, 24)})
    assert record.state().reserved == {title: date(2027, 2, 24)}


def test_hold_and_release(record, states):
    digest = state_digest(states[CT])
    record.hold({CT: digest}, reason="wrong station name")
    assert record.state().held == {CT: Held(CT, digest, "wrong station name", MARIA, "2026-11-24T14:12:05Z")}
    record.release([CT], reason="corrected")
    assert record.state().held == {}


def test_release_of_what_is_not_held_names_what_is(record):
    record.hold({CT: ""}, reason="x")
    head = record.state().head
    with pytest.raises(RecordError) as caught:
        record.release([NEW])
    assert (caught.value.message, caught.value.fix) == (
        "not held: directory/device/ct-er-2",
        "Held is: directory/device/ct-1",
    )
    assert record.state().head == head


def test_begin_on_a_record_that_moved_is_stale(record, work):
    on = record.state()
    record.hold({CT: ""}, reason="scanner under repair")
    with pytest.raises(StalePlan) as caught:
        record.begin(work.changeset, on)
    assert caught.value.message == (
        f"pacsconf/lab moved while this was prepared: hold by {MARIA} at 24 Nov 2026 14:12 UTC "
        "(scanner under repair)"
    )
    assert record.state().open is None
    apply(record, work)  # the clone is free again


def test_the_lease_is_extended_when_half_of_it_is_over(record, work, clock, alone):
    with record.begin(work.changeset, record.state()) as lock:
        first = lock.commit
        clock.advance(minutes=7)
        lock.renew()
        assert lock.commit == first
        clock.advance(minutes=1)
        lock.renew()
        assert lock.commit != first
        assert record.state().open == replace(work.changeset, lease_until="2026-11-24T14:35:05Z")
        lock.close(outcomes=work.outcomes, owned=work.owned)
    assert [entry.type for entry in record.history()] == ["closed", "renewed", "open", "init"]


def test_an_open_change_set_is_resumed_after_its_lease(record, work, clock, alone):
    with record.begin(work.changeset, record.state()) as lock:
        lock.intend(work.changeset.plan.changes)
    clock.advance(minutes=15)
    other = alone.record()
    with pytest.raises(LockHeld, match=r"its lease ended at 24 Nov 2026 14:27 UTC") as caught:
        other.begin(work.changeset, other.state())
    assert caught.value.fix == "Finish what it began: pacsconf -e lab resume"
    with other.resume() as taken:
        assert taken.changeset.plan == work.changeset.plan
        assert (taken.changeset.operator, taken.changeset.lease_until) == (MARIA, "2026-11-24T14:42:05Z")
        assert taken.journalled() == {
            NEW: Outcome(NEW, "create", "unknown", "interrupted before it was answered")
        }
        taken.close(outcomes=work.outcomes, owned=work.owned)
    assert [entry.type for entry in record.history()] == ["closed", "resumed", "open", "init"]


def test_nothing_open_is_nothing_to_resume(record):
    with pytest.raises(RecordError, match="no change set is open on lab"):
        record.resume()
    with pytest.raises(RecordError, match="no change set is open on lab"):
        record.abandon("why not")


def test_an_abandoned_run_stops_at_its_next_layer_and_keeps_its_outcomes(record, work, alone):
    with record.begin(work.changeset, record.state()) as lock:
        lock.result(work.outcomes)
        alone.record().abandon("the runner was switched off")
        with pytest.raises(Overtaken) as caught:
            lock.renew()
        assert caught.value.message == (
            f"change set {work.changeset.id} is not ours any more: abandoned by {MARIA} at 24 Nov 2026 14:12 UTC "
            "(the runner was switched off). What was done so far is in the journal of this clone"
        )
        with pytest.raises(Overtaken):
            lock.close(outcomes=work.outcomes, owned=work.owned)
    assert record.journal.outcomes(work.changeset.id) == {NEW: work.outcomes[0]}
    assert record.state().open is None
    assert record.load(work.changeset.id).status == "abandoned"


def test_history_tells_who_when_why_and_how_many(record, work, clock):
    apply(record, work)
    (closed, opened, init) = record.history()
    assert (closed.type, closed.by, closed.at, closed.reason, closed.changeset, closed.counts) == (
        "closed",
        MARIA,
        "2026-11-24T14:12:05Z",
        "new scanner in the emergency room",
        work.changeset.id,
        {"applied": 1},
    )
    assert (opened.type, opened.counts, init.counts) == ("open", {"changes": 1}, {"resources": 2})
    assert record.history(limit=1) == (closed,)
    assert closed.commit == record.state().head


def test_an_entry_of_the_history_leads_to_its_change_set_as_it_stood_there(record, work):
    apply(record, work)
    closed, opened, _ = record.history()
    found = record.changesets([closed, opened])
    assert [one.status for one in found] == ["closed", "open"]
    assert found[0] == record.load(work.changeset.id)


@pytest.mark.parametrize("which", ["20990101-000000-0000", "abc", "--all", "HEAD", "main"])
def test_a_change_set_that_is_not_there(record, which):
    with pytest.raises(RecordError, match="pacsconf/lab holds no change set"):
        record.load(which)


def test_environments_have_records_of_their_own(alone, record, states):
    production = alone.record("production")
    assert production.state().exists is False
    production.init({})
    assert (production.state().owned, record.state().owned) == ({}, states)


@pytest.mark.parametrize("name", ["", "Lab", "../x", "--all", "a b", "lab.lock"])
def test_an_environment_that_can_be_no_branch(alone, name):
    with pytest.raises(RecordError, match="cannot name an environment"):
        alone.record(name)


def test_the_record_works_from_a_folder_below_and_from_another_work_tree(alone, record, tmp_path, clock):
    alone.git("worktree", "add", "-q", str(tmp_path / "beside"))
    head = record.state().head
    for folder in (alone.path / "inventory", tmp_path / "beside"):
        with Record.open(folder, "lab", clock=clock) as other:
            assert other.state().head == head
            assert other.journal.heads() == record.journal.heads()


def test_the_inventory_commit_says_whether_files_differ(alone):
    record = alone.record()
    head = alone.git("rev-parse", "HEAD")
    stood = record.inventory_commit("inventory")
    assert (stood.commit, stood.branch, stood.clean, str(stood)) == (head, "main", True, head)
    (alone.path / "notes.txt").write_text("x")
    assert record.inventory_commit("inventory").clean
    (alone.path / "inventory" / "new.yaml").write_text("{}")
    assert str(record.inventory_commit("inventory")) == f"{head}-dirty"


def test_the_inventory_commit_of_a_detached_head_has_no_branch_and_of_an_empty_repository_no_commit(
    alone, tmp_path, clock
):
    head = alone.git("rev-parse", "HEAD")
    alone.git("checkout", "-q", "--detach")
    stood = alone.record().inventory_commit()
    assert (stood.commit, stood.branch, alone.record().inventory_branch()) == (head, "", "")

    subprocess.run(["git", "-C", str(tmp_path), "init", "-q", "empty"], check=True)
    with Record.open(tmp_path / "empty", "lab", clock=clock) as empty:
        stood = empty.inventory_commit()
    assert (stood.commit, stood.branch, stood.clean) == ("", "main", True)


def test_what_was_written_is_remembered_as_it_is_read_by_others(record, alone, work):
    apply(record, work)
    assert record.state() == alone.record().state()


def test_a_record_that_is_missing_is_written_to_by_nobody(alone, work):
    record = alone.record()
    with pytest.raises(RecordUnknown, match="there is no record of lab yet"):
        record.begin(work.changeset, record.state())
    with pytest.raises(RecordUnknown, match="there is no record of lab yet"):
        record.hold({CT: ""}, reason="x")


def test_a_record_set_aside_is_kept_and_may_be_begun_anew(record, alone, states):
    head = record.state().head

    assert record.set_aside() == head

    assert not record.state().exists
    assert alone.git("rev-parse", f"refs/pacsconf/kept/lab/{head[:12]}").strip() == head
    record.init({}, reason="a new lab")
    assert record.state().known
    assert alone.record("other").set_aside() == ""


def test_a_shared_record_is_never_set_aside(one):
    with pytest.raises(RecordError, match="is shared through origin"):
        one.record().set_aside()
