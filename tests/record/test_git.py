"""What git is asked to do, and what is said when it does not."""

from __future__ import annotations

import os
import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pacsconf.core.errors import RecordError
from pacsconf.record._git import Repository
from pacsconf.record._words import explain
from pacsconf.record.record import Record

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
REF = "refs/heads/pacsconf/lab"


@pytest.fixture
def repository(alone):
    repository = Repository.open(alone.path)
    yield repository
    repository.close()


def test_a_folder_outside_any_repository(tmp_path, clock):
    with pytest.raises(RecordError) as caught:
        Record.open(tmp_path, "lab", clock=clock)
    assert caught.value.message == (
        f"{tmp_path} is not in a git repository, where the record of what was applied is kept"
    )
    assert caught.value.fix == 'git init && git add . && git commit -m "Begin"'


def test_a_folder_that_is_not_there(tmp_path, clock):
    with pytest.raises(RecordError, match="is not in a git repository"):
        Record.open(tmp_path / "$HOME" / "nowhere", "lab", clock=clock)


def test_a_bare_repository(server, clock):
    with pytest.raises(RecordError, match="is a bare repository, without the inventory's files"):
        Record.open(server.path, "lab", clock=clock)


def test_a_repository_that_belongs_to_somebody_else(alone, clock, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(RecordError) as caught:
        Record.open(alone.path, "lab", clock=clock)
    assert "detected dubious ownership" in caught.value.message
    assert f"git config --global --add safe.directory {alone.path}" in caught.value.message


def test_a_repository_of_a_format_that_cannot_be_read(tmp_path, clock):
    subprocess.run(["git", "init", "-q", "--object-format=sha256", str(tmp_path)], check=True)
    with pytest.raises(RecordError, match="git cannot use this repository: its object format is sha256"):
        Record.open(tmp_path, "lab", clock=clock)


def test_without_an_identity_the_two_commands_are_given(alone, tmp_path, states):
    (tmp_path / "home" / ".gitconfig").write_text("")
    record = alone.record()
    for attempt in (record.identity, lambda: record.init(states)):
        with pytest.raises(RecordError) as caught:
            attempt()
        assert caught.value.message == "git does not know who you are, and the record names who applied what"
        assert caught.value.fix.splitlines() == [
            'git config --global user.name "Your Name"',
            "git config --global user.email you@example.org",
        ]
    assert record.state().exists is False


def test_the_identity_of_a_runner_comes_from_its_environment(alone, monkeypatch, tmp_path):
    (tmp_path / "home" / ".gitconfig").write_text("")
    monkeypatch.setenv("GIT_COMMITTER_NAME", "ci")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "ci@example.org")
    record = alone.record()
    assert record.identity() == "ci <ci@example.org>"
    record.init({})
    assert (
        alone.git("log", "-1", "--format=%an %ae %cn %ce", record.branch)
        == "ci ci@example.org ci ci@example.org"
    )


def test_the_environment_of_a_hook_leads_to_no_other_repository(alone, tmp_path, states, clock, monkeypatch):
    other = tmp_path / "other"
    subprocess.run(["git", "init", "-q", str(other)], check=True)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    with Record.open(alone.path, "lab", clock=clock) as record:
        head = record.init(states)
    monkeypatch.delenv("GIT_DIR")
    assert alone.head() == head


def test_nothing_to_sign_unless_git_is_told(repository):
    assert not repository.is_signed(repository.commit({"a": b"1"}, "m", parent="", when=NOON))


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


def test_commits_are_signed_when_git_is_configured_to(alone, key, states, work, tmp_path):
    for setting in (("commit.gpgsign", "yes"), ("gpg.format", "ssh"), ("user.signingkey", str(key))):
        alone.git("config", *setting)
    record = alone.record()
    record.init(states)
    with record.begin(work.changeset, record.state()) as lock:
        lock.close(outcomes=work.outcomes, owned=work.owned)
    allowed = tmp_path / "allowed"
    allowed.write_text(f'mweber@example.org namespaces="git" {key.with_suffix(".pub").read_text()}')
    for entry in record.history():
        alone.git("-c", f"gpg.ssh.allowedSignersFile={allowed}", "verify-commit", entry.commit)


def test_a_key_that_is_not_there_stops_the_commit(alone, states, tmp_path):
    for setting in (
        ("commit.gpgsign", "yes"),
        ("gpg.format", "ssh"),
        ("user.signingkey", str(tmp_path / "no")),
    ):
        alone.git("config", *setting)
    record = alone.record()
    with pytest.raises(RecordError, match=r"git commit-tree failed: .*/no"):
        record.init(states)
    assert record.state().exists is False


def test_files_that_did_not_change_are_not_written_again(repository):
    first = repository.commit({"a/b": b"1", "c": b"2"}, "m", parent="", when=NOON)
    second = repository.commit({"a/b": b"1", "c": b"3"}, "m", parent=first, when=NOON)
    assert repository.files(first)["a/b"] == repository.files(second)["a/b"]
    assert (repository.read(second, "a/b"), repository.read(second, "c")) == (b"1", b"3")
    assert list(repository.line(second)) == [second, first]


def test_text_that_looks_like_an_option_stays_text(repository, alone):
    commit = repository.commit({"--all": b"--help"}, "--amend\n", parent="", when=NOON)
    assert alone.git("log", "-1", "--format=%s", commit) == "--amend"
    assert repository.read(commit, "--all") == b"--help"


def test_a_reference_moves_only_from_what_was_seen(repository):
    first = repository.commit({"a": b"1"}, "m", parent="", when=NOON)
    second = repository.commit({"a": b"2"}, "m", parent=first, when=NOON)
    assert repository.move(REF, first, seen="", why="x")
    assert not repository.move(REF, second, seen="", why="x")
    assert not repository.move(REF, second, seen=second, why="x")
    assert repository.move(REF, second, seen=first, why="x")
    assert repository.refs(REF, "refs/heads/none") == {REF: second}


def test_a_branch_of_the_name_pacsconf_is_in_the_way(alone, states):
    alone.git("branch", "pacsconf")
    with pytest.raises(RecordError, match="'refs/heads/pacsconf' exists; cannot create"):
        alone.record().init(states)


def test_a_missing_object_is_a_record_error(repository):
    with pytest.raises(RecordError, match="commit 1111111111 of the record cannot be read"):
        repository.files("1" * 40)
    commit = repository.commit({"a": b"1"}, "m", parent="", when=NOON)
    with pytest.raises(RecordError, match=f"commit {commit[:10]} of the record cannot be read"):
        repository.read(commit, "b")


def test_a_file_beyond_the_limit_is_not_read(repository, monkeypatch):
    commit = repository.commit({"a": b"12345"}, "m", parent="", when=NOON)
    monkeypatch.setattr("pacsconf.record._objects.MAX_FILE_BYTES", 4)
    with pytest.raises(RecordError, match="is 5 bytes long, too long to be read"):
        repository.read(commit, "a")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("fatal: no", "no"),
        ("remote: denied\nhint: try\nerror: failed", "denied; failed"),
        ("unable to access 'https://me:secret@host/x'", "unable to access 'https://***@host/x'"),
        ("a\x1b[31mb\x07", r"a\x1b[31mb\x07"),
        (
            "fatal: no\n\nPlease make sure you have the correct access rights\nand the repository exists.",
            "no",
        ),
        ("", "it gave no reason"),
        ("x" * 5000, "x" * 2000),
    ],
)
def test_what_git_says_is_made_safe_to_show(said, shown):
    assert explain(said) == shown


def test_the_folder_is_found_from_a_work_tree(alone, tmp_path):
    alone.git("worktree", "add", "-q", str(tmp_path / "beside"))
    repository = Repository.open(tmp_path / "beside")
    try:
        assert repository.common_dir == Path(alone.path / ".git").resolve()
    finally:
        repository.close()


def test_a_reader_that_was_stopped_by_ctrl_c_is_started_again(repository, alone):
    commit = repository.commit({"a": b"1"}, "a", parent="", when=NOON)
    assert repository.read(commit, "a") == b"1"
    for reader in _children_of(os.getpid(), "cat-file"):
        os.kill(reader, signal.SIGINT)
    assert repository.read(commit, "a") == b"1"


@pytest.mark.parametrize("state", ["prepared", "committed"])
def test_a_command_that_was_stopped_by_ctrl_c_is_given_again(repository, alone, state):
    commit = repository.commit({"a": b"1"}, "a", parent="", when=NOON)
    flag, hook = alone.path / "stop-once", alone.path / ".git" / "hooks" / "reference-transaction"
    flag.touch()
    hook.parent.mkdir(exist_ok=True)
    stop = f'rm "{flag}" 2>/dev/null && kill -INT $PPID && sleep 1'
    hook.write_text(f'#!/bin/sh\n[ "$1" = {state} ] && {stop}\nexit 0\n')
    hook.chmod(0o755)
    assert repository.move(REF, commit, seen="", why="a")
    assert (flag.exists(), repository.refs(REF)) == (False, {REF: commit})


def test_what_is_checked_out_builds_on_some_commits_only(alone, repository):
    first = alone.git("rev-parse", "HEAD")
    alone.git("commit", "--allow-empty", "-qm", "second")
    second = alone.git("rev-parse", "HEAD")
    alone.git("reset", "-q", "--hard", first)
    elsewhere = "1" * 40
    assert [repository.is_behind(one) for one in (first, second, elsewhere)] == [False, True, True]
    assert [repository.is_behind(one) for one in ("", "--help", first[:7])] == [False, False, False]


def test_a_shallow_clone_does_not_know_what_it_builds_on(alone, tmp_path):
    subprocess.run(
        ["git", "clone", "-q", "--depth=1", f"file://{alone.path}", str(tmp_path / "cut")], check=True
    )
    cut = Repository.open(tmp_path / "cut")
    assert not cut.is_behind("1" * 40)
    cut.close()


def _children_of(parent: int, command: str) -> list[int]:
    children = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and _is_child(entry, parent, command)
    ]
    assert children
    return children


def _is_child(entry: Path, parent: int, command: str) -> bool:
    try:
        after_name = (entry / "stat").read_text().rpartition(")")[2].split()
        words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:  # it ended meanwhile
        return False
    return after_name[1] == str(parent) and command in words
