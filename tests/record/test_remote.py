"""A bare repository and two clones of it: the remote decides."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from pacsconf.core.address import Address
from pacsconf.core.errors import LockHeld, Overtaken, RecordError, RecordUnknown, StalePlan
from pacsconf.record.record import Record

CT = Address.of("directory", "device", "ct-1")
NEW = Address.of("directory", "device", "ct-er-2")
REF = "refs/heads/pacsconf/lab"
TRACKING = "refs/remotes/origin/pacsconf/lab"


@pytest.fixture
def begun(one, states):
    """The record of clone one, begun and pushed."""
    record = one.record()
    record.init(states)
    return record


def apply(record, work):
    with record.begin(work.changeset, record.state()) as lock:
        return lock.close(outcomes=work.outcomes, owned=work.owned)


def empty_commit(clone, *parents):
    """A commit of an empty tree, as somebody makes who does not know the record."""
    options = [part for parent in parents for part in ("-p", parent)]
    return clone.git("commit-tree", *options, "-m", "by hand", clone.git("mktree", stdin=""))


def test_init_reaches_the_remote_and_every_other_clone(begun, one, two, server, states):
    head = begun.state().head
    assert (server.head(), one.head(), one.head(TRACKING)) == (head, head, head)
    state = two.record().state()
    assert (state.head, state.owned, two.head(), two.head(TRACKING)) == (head, states, head, head)


def test_a_clone_that_never_fetched_does_not_know(two, begun):
    state = two.record().state(fetch=False)
    assert (state.exists, state.known) == (True, False)
    assert state.why_unknown == "pacsconf/lab is not in this clone, and origin was not asked for it"
    assert state.fix == "git fetch origin refs/heads/pacsconf/lab:refs/remotes/origin/pacsconf/lab"
    two.git(*state.fix.split()[1:])
    assert two.record().state(fetch=False).known


def test_the_second_clone_is_locked_out_and_told_by_whom(begun, two, work, server):
    other = two.record()
    on = other.state()
    with begun.begin(work.changeset, begun.state()) as lock:
        assert server.head() == lock.commit
        for attempt in (
            lambda: other.begin(work.changeset, on),
            lambda: other.begin(work.changeset, other.state()),
        ):
            with pytest.raises(
                LockHeld, match=f"change set {work.changeset.id} is open on lab: by Maria Weber"
            ):
                attempt()
        lock.close(outcomes=work.outcomes, owned=work.owned)
    assert other.state().owned == work.owned


def test_of_clones_that_begin_at_once_exactly_one_wins(begun, server, work, clones, clock):
    def contend(number):
        path = server.path.parent / f"racer-{number}"
        subprocess.run(["git", "clone", "-q", str(server.path), str(path)], check=True)
        with Record.open(path, "lab", clock=clock) as record:
            state = record.state()
            mine = replace(work.changeset, id=f"20261124-141205-000{number}")
            try:
                with record.begin(mine, state):
                    return mine.id
            except LockHeld as exc:
                return exc.message.split()[2]

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(contend, range(4)))
    # The winner names itself, and every loser names the winner.
    assert told == [begun.state().open.id] * 4


def test_a_change_set_is_resumed_from_another_clone(begun, two, work, clock, server):
    lock = begun.begin(work.changeset, begun.state())
    clock.advance(minutes=16)
    with two.record().resume() as taken:
        assert taken.changeset.plan == work.changeset.plan
        assert taken.journalled() == {}
        with pytest.raises(Overtaken, match="resumed by Maria Weber"):
            lock.renew()
        taken.close(outcomes=work.outcomes, owned=work.owned)
    lock.result(work.outcomes)
    with pytest.raises(Overtaken, match="closed by Maria Weber"):
        lock.close(outcomes=work.outcomes, owned=work.owned)
    lock.release()
    assert begun.journal.outcomes(work.changeset.id) == {NEW: work.outcomes[0]}
    assert begun.state().owned == work.owned


def test_two_clones_that_resume_at_once(begun, one, two, work, clock):
    begun.begin(work.changeset, begun.state()).release()
    clock.advance(minutes=16)
    with two.record().resume(), pytest.raises(LockHeld, match="its lease runs until 24 Nov 2026 14:43 UTC"):
        one.record().resume()


def test_abandoned_in_another_clone_is_overtaken_here(begun, two, work):
    with begun.begin(work.changeset, begun.state()) as lock:
        two.record().abandon("dead runner")
        with pytest.raises(Overtaken, match=r"abandoned by Maria Weber .* \(dead runner\)"):
            lock.renew()


def test_moved_by_another_clone_since_it_was_read_is_stale(begun, two, work):
    on = begun.state()
    two.record().hold({CT: ""}, reason="repair")
    with pytest.raises(StalePlan, match="hold by Maria Weber"):
        begun.begin(work.changeset, on)


def test_writers_of_small_entries_do_not_lose_each_other(begun, two):
    begun.hold({CT: ""}, reason="here")
    two.record().hold({NEW: ""}, reason="there")
    assert set(begun.state().held) == {CT, NEW}


# --- refusals -------------------------------------------------------------------------------------------------


def test_a_push_that_the_server_refuses_changes_nothing(begun, one, server, work):
    server.hook("pre-receive", 'printf "only \\033[31mrelease managers\\033[0m may push here\\n" >&2; exit 1')
    before = (server.head(), one.head(), one.head(TRACKING))
    with pytest.raises(RecordError) as caught:
        begun.begin(work.changeset, begun.state())
    assert "only \\x1b[31mrelease managers\\x1b[0m may push here" in caught.value.message
    assert caught.value.message.startswith("origin did not take the record: ")
    assert caught.value.fix == "Whoever runs origin can allow pushes to pacsconf/lab"
    assert (server.head(), one.head(), one.head(TRACKING)) == before
    assert begun.state().open is None


def test_a_close_that_cannot_be_pushed_stays_open_and_keeps_its_outcomes(begun, two, server, work, clock):
    with begun.begin(work.changeset, begun.state()) as lock:
        server.hook("pre-receive", "exit 1")
        with pytest.raises(RecordError, match="origin did not take the record"):
            lock.close(outcomes=work.outcomes, owned=work.owned)
    assert begun.journal.outcomes(work.changeset.id) == {NEW: work.outcomes[0]}
    (server.path / "hooks" / "pre-receive").unlink()
    clock.advance(minutes=16)
    with begun.resume() as again:
        assert again.journalled() == {NEW: work.outcomes[0]}
        again.close(outcomes=tuple(again.journalled().values()), owned=work.owned)
    assert two.record().state().owned == work.owned


def test_a_pre_push_hook_of_the_user_is_heard(begun, one, work):
    one.hook("pre-push", "echo run the linter first >&2; exit 1")
    with pytest.raises(RecordError, match="origin did not take the record: run the linter first"):
        begun.begin(work.changeset, begun.state())


def test_a_hook_that_refuses_the_reference_here_is_heard(alone, states, work):
    record = alone.record()
    record.init(states)
    alone.hook("reference-transaction", '[ "$1" = prepared ] && { echo frozen >&2; exit 1; }; exit 0')
    head = alone.head()
    with pytest.raises(RecordError) as caught:
        record.begin(work.changeset, record.state())
    assert caught.value.message.startswith("git did not update refs/heads/pacsconf/lab: frozen")
    assert caught.value.fix == "If a hook of this repository refuses it, let it pass this branch"
    assert alone.head() == head


def test_a_clone_that_may_not_follow_the_remote_still_reads_and_locks(begun, two, work, states):
    two.hook("reference-transaction", '[ "$1" = prepared ] && grep -q refs/remotes && exit 1; exit 0')
    other = two.record()
    assert other.state().owned == states
    with other.begin(work.changeset, other.state()) as lock:
        assert begun.state().head == lock.commit
        lock.renew()
        lock.close(outcomes=work.outcomes, owned=work.owned)
    assert begun.state().owned == work.owned


def test_a_remote_that_does_not_answer_is_a_note_for_reading_and_an_error_for_writing(
    begun, server, work, states
):
    server.path.rename(server.path.with_name("moved.git"))
    state = begun.state()
    assert (state.known, state.owned) == (True, states)
    assert state.note.startswith("origin does not answer: ")
    assert state.note.endswith("; the record may be newer there")
    with pytest.raises(RecordError, match="origin does not answer"):
        begun.begin(work.changeset, state)
    with pytest.raises(RecordError, match="origin does not answer"):
        begun.fetch()


def test_a_password_in_a_remote_url_is_never_shown(one, begun):
    one.git("remote", "set-url", "origin", "http://ci:s3cret@127.0.0.1:1/x.git")
    note = begun.state().note
    assert "s3cret" not in note
    assert "127.0.0.1" in note


def test_a_remote_that_lost_the_lock_while_it_was_held(begun, server, work):
    with begun.begin(work.changeset, begun.state()) as lock:
        server.git("update-ref", "-d", REF)
        with pytest.raises(Overtaken):
            lock.renew()


# --- which head to believe ------------------------------------------------------------------------------------


def test_a_record_made_before_there_was_a_remote_is_pushed_with_the_next_write(server, alone, states):
    record = alone.record()
    head = record.init(states)
    alone.git("remote", "add", "origin", str(server.path))
    record = alone.record()
    assert (record.remote, record.state().head) == ("origin", head)
    record.hold({CT: ""}, reason="x")
    assert server.head() == alone.head() != head


def test_a_local_branch_ahead_of_the_remote_is_pushed_with_the_next_write(begun, one, server):
    ahead = one.record(remote="")
    head = ahead.hold({CT: ""}, reason="written while the server was down")
    assert server.head() != head
    assert begun.state().head == head
    begun.release([CT])
    assert server.head() == one.head()
    assert server.git("rev-parse", f"{REF}~1") == head


def test_a_diverged_branch_is_unknown_until_accepted(begun, one, two, server, states):
    kept = one.record(remote="").hold({CT: ""}, reason="here")
    there = two.record().hold({NEW: ""}, reason="there")
    state = begun.state()
    assert (state.exists, state.known, state.last, state.owned) == (True, False, None, {})
    assert (
        state.why_unknown
        == "pacsconf/lab has commits here that origin does not have, and the other way round"
    )
    assert one.head() == kept
    with pytest.raises(RecordUnknown):
        begun.hold({CT: ""}, reason="x")
    begun.init({}, reason="the server is right", accept=True)
    state = begun.state()
    assert (state.known, set(state.held), state.owned) == (True, {NEW}, states)
    assert server.git("rev-parse", f"{REF}~1") == there
    assert one.head(f"refs/pacsconf/kept/lab/{kept[:12]}") == kept
    assert begun.history(limit=1)[0].reason == "the server is right"


def test_a_rewritten_branch_is_unknown_until_accepted_with_a_reason(begun, one, two, server):
    seen = begun.hold({CT: ""}, reason="x")
    server.git("update-ref", REF, f"{seen}~1")
    for record in (begun, one.record()):
        state = record.state()
        assert (state.exists, state.known, state.owned) == (True, False, {})
        assert state.why_unknown == (
            f"pacsconf/lab was rewritten: commit {seen[:10]}, seen here before, is not in its history any more"
        )
        assert "record init --accept --reason TEXT" in state.fix
    assert two.record().state().known  # never saw the other
    with pytest.raises(RecordError, match="is accepted with a reason only"):
        begun.init({}, accept=True)
    begun.init({}, reason="restored from backup", accept=True)
    assert begun.state().known
    assert begun.state().held == {}


def test_a_forced_fetch_by_the_user_does_not_hide_that_history_was_rewritten(begun, one, server):
    seen = begun.hold({CT: ""}, reason="x")
    server.git("update-ref", REF, f"{seen}~1")
    one.git("fetch", "-q", "origin")
    one.git("update-ref", REF, f"{seen}~1")
    assert not begun.state().known


def test_a_branch_deleted_in_the_remote_is_unknown(begun, one, server, states):
    head = begun.state().head
    server.git("update-ref", "-d", REF)
    one.git("fetch", "-q", "--prune", "origin")
    state = begun.state()
    assert (state.exists, state.known) == (True, False)
    assert state.why_unknown == f"pacsconf/lab was deleted from origin; it was at {head[:10]}"
    assert state.fix.startswith(f"Put it back: git push origin {head[:10]}:refs/heads/pacsconf/lab. ")
    one.git("push", "-q", "origin", f"{head[:10]}:refs/heads/pacsconf/lab")
    assert begun.state().owned == states


def test_a_branch_deleted_here_without_a_remote_is_unknown_and_can_be_put_back(alone, states):
    record = alone.record()
    head = record.init(states)
    alone.git("branch", "-D", "pacsconf/lab")
    state = record.state()
    assert (state.exists, state.known) == (True, False)
    assert state.why_unknown == f"pacsconf/lab was deleted here; it was at {head[:10]}"
    alone.git("branch", "pacsconf/lab", head)
    assert record.state().owned == states


def test_a_deleted_branch_can_be_begun_anew_by_accepting(alone, states):
    record = alone.record()
    record.init(states)
    alone.git("branch", "-D", "pacsconf/lab")
    record.init({}, reason="cleaned up", accept=True)
    assert record.state().known


def test_a_shallow_clone_that_cuts_the_record_is_unknown(begun, server, clones, clock, tmp_path):
    begun.hold({CT: ""}, reason="x")
    path = tmp_path / "shallow"
    url = f"file://{server.path}"
    subprocess.run(["git", "clone", "-q", "--depth=1", "--no-single-branch", url, str(path)], check=True)
    with Record.open(path, "lab", clock=clock) as record:
        state = record.state()
        assert (state.exists, state.known) == (True, False)
        assert state.why_unknown == "this clone is shallow and holds only a part of pacsconf/lab"
        with pytest.raises(RecordUnknown, match="this clone is shallow"):
            record.init({}, reason="never mind", accept=True)
        subprocess.run(["git", "-C", str(path), *state.fix.split()[1:], "-q"], check=True)
        assert record.state().known


def test_a_shallow_clone_of_the_inventory_alone_has_the_whole_record(begun, server, clock, tmp_path, states):
    begun.hold({CT: ""}, reason="x")
    path = tmp_path / "shallow"
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{server.path}", str(path)], check=True)
    with Record.open(path, "lab", clock=clock) as record:
        assert record.state().owned == states
        assert [entry.type for entry in record.history()] == ["hold", "init"]


def test_contents_that_cannot_be_read_are_unknown(begun, one, server, states):
    head = empty_commit(one, begun.state().head)
    one.git("push", "-q", "origin", f"{head}:{REF}")
    state = begun.state()
    assert (state.exists, state.known) == (True, False)
    assert state.why_unknown.startswith(f"pacsconf/lab cannot be read at {head[:10]}: ")
    with pytest.raises(RecordUnknown):
        begun.abandon("x")
    begun.init(states, reason="somebody committed by hand", accept=True)
    assert begun.state().owned == states


def test_a_damaged_line_is_named(begun, one, server):
    blob = one.git("hash-object", "-w", "--stdin", stdin='{"address":"directory/device/ct-1"}\n')
    index = {**os.environ, "GIT_INDEX_FILE": str(one.path / "scratch-index")}
    for command in (
        ["read-tree", begun.state().head],
        ["update-index", "--cacheinfo", f"100644,{blob},owned/directory/device.jsonl"],
    ):
        subprocess.run(["git", "-C", str(one.path), *command], env=index, check=True)
    written = subprocess.run(
        ["git", "-C", str(one.path), "write-tree"], env=index, check=True, capture_output=True, text=True
    )
    head = one.git("commit-tree", "-p", begun.state().head, "-m", "x", written.stdout.strip())
    one.git("push", "-q", "origin", f"{head}:{REF}")
    assert begun.state().why_unknown == (
        f"pacsconf/lab cannot be read at {head[:10]}: owned/directory/device.jsonl:1 cannot be understood: 'root'"
    )


# --- which remote ---------------------------------------------------------------------------------------------


def test_git_configuration_names_the_remote(one, tmp_path):
    assert one.record().remote == "origin"
    one.git("remote", "rename", "origin", "hospital")
    assert one.record().remote == ""
    one.git("config", "pacsconf.remote", "hospital")
    assert one.record().remote == "hospital"
    one.git("config", "pacsconf.remote", "--upload-pack=touch x")
    with pytest.raises(RecordError, match='git knows no remote "--upload-pack=touch x" here'):
        one.record()


def test_processes_in_one_clone_do_not_apply_at_once(begun, one, work, clock):
    with begun.begin(work.changeset, begun.state()):
        script = (
            "import sys; from pathlib import Path; from pacsconf.record.journal import Journal\n"
            "from pacsconf.core.errors import LockHeld\n"
            "try: Journal.open(Path(sys.argv[1]), 'lab').write('x')\n"
            "except LockHeld as exc: print(exc.message)"
        )
        folder = Path(one.path / ".git")
        ran = subprocess.run(
            [sys.executable, "-c", script, folder], capture_output=True, text=True, check=True
        )
    assert ran.stdout.startswith(f"process {os.getpid()} on ")
    assert ran.stdout.rstrip().endswith("is applying from this clone")
