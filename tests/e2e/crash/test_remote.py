"""The record between clones and their remote, as the command line shows it."""

from __future__ import annotations

import pytest

from tests.e2e.crash.hospital import AFTER_THE_LEASE, SECOND, git

REF = "refs/heads/pacsconf/test"
REFUSE = """
while read -r before after ref; do
  [ "$ref" = refs/heads/pacsconf/test ] || continue
  case "$(git log -1 --format=%s "$after")" in
    {kind}*) echo "the vault is closed until Monday" >&2; exit 1;;
  esac
done"""
GONE = SECOND[: SECOND.index("  us-1")] + SECOND[SECOND.index("  mr-1") :]


def words(ran):
    """What a command printed, without its line ends."""
    return " ".join(ran.text.split())


def require_untouched(clone, head):
    assert (clone.stage.directory.writes().total(), clone.record_head()) == (0, head)


# --- a push that is refused -------------------------------------------------------------------------------------


def test_an_open_that_the_remote_refuses_changes_nothing(one, server):
    server.hook("pre-receive", REFUSE.format(kind="open"))
    head = one.record_head()
    ran = one.run("apply", one.stage.plan)
    assert ran.code == 1, ran.text
    assert "origin did not take the record" in words(ran)
    assert "the vault is closed until Monday" in words(ran)
    assert "can allow pushes to pacsconf/test" in words(ran)
    require_untouched(one, head)
    assert one.git("rev-parse", REF) == head
    assert one.journal() == {}


def test_a_close_that_the_remote_refuses_keeps_its_outcomes_and_is_resumed(one, server):
    server.hook("pre-receive", REFUSE.format(kind="close"))
    ran = one.run("apply", one.stage.plan)
    assert ran.code == 8, ran.text
    assert "the vault is closed until Monday" in words(ran)
    assert "what was done is kept in the journal of this clone, and the change set stays open" in words(ran)
    assert sorted(one.journal().values()) == ["applied"] * 9
    again = one.run("resume", later=AFTER_THE_LEASE)
    assert again.code == 8, again.text
    (server.path / "hooks" / "pre-receive").unlink()
    resumed = one.run("resume", later=2 * AFTER_THE_LEASE)
    assert (resumed.code, "9 of 9 changes done" in resumed.text) == (0, True)
    assert one.journal() == {}
    one.require_converged()


def test_a_renewal_that_the_remote_refuses_ends_it_in_order(one, server):
    server.hook("pre-receive", REFUSE.format(kind="renew"))
    ran = one.run("apply", one.stage.plan, tick=300)
    assert ran.code == 8, ran.text
    assert "the lock could not be checked: origin did not take the record" in words(ran)
    assert one.run("apply", str(one.plan())).code == 0
    one.require_converged()


def test_without_the_right_to_push_plan_and_drift_work(one, server):
    server.hook("pre-receive", "exit 1")
    assert (one.run("plan").code, one.run("drift").code) == (0, 0)


# --- a record that is not to be believed ------------------------------------------------------------------------


def require_no_deletes(clone, why, code=5):
    """Plan shows no delete and apply refuses, saying why."""
    head = clone.record_head()
    planned = clone.run("plan", "--out", "../unknown.json")
    assert planned.code == code, planned.text
    assert " - directory/" not in planned.text
    applied = clone.run("apply", "../unknown.json")
    assert applied.code == 5, applied.text
    for ran in (planned, applied):
        assert why in words(ran), ran.text
    require_untouched(clone, head)


def test_a_clone_that_fetched_main_alone_fetches_the_record_itself(cloned):
    two = cloned("two", "--single-branch")
    assert two.run("apply", two.stage.plan).code == 0
    two.require_converged()


def test_a_shallow_clone_of_main_has_the_whole_record(cloned):
    two = cloned("two", "--depth=1")
    assert two.run("apply", two.stage.plan).code == 0
    two.require_converged()


def test_a_shallow_record_is_unknown_until_it_is_fetched(cloned):
    two = cloned("two", "--depth=1", "--no-single-branch")
    require_no_deletes(two, "this clone is shallow and holds only a part of pacsconf/test")
    two.git("fetch", "-q", "--unshallow", "origin")
    assert two.run("apply", str(two.plan())).code == 0
    two.require_converged()


def test_a_record_that_was_never_fetched_is_unknown_while_the_remote_is_down(cloned, server):
    two = cloned("two", "--single-branch")
    server.path.rename(server.path.with_name("away.git"))
    planned = two.run("plan", "--out", "../unknown.json")
    assert planned.code == 5, planned.text
    assert " - directory/" not in planned.text
    assert "git fetch origin refs/heads/pacsconf/test:refs/remotes/origin/pacsconf/test" in words(planned)
    assert two.run("apply", "../unknown.json").code == 5
    assert two.stage.directory.writes().total() == 0


def test_a_record_that_was_deleted_is_unknown_until_it_is_put_back(one, server):
    assert one.run("plan").code == 0
    head = one.git("rev-parse", REF)
    git(server.path, "update-ref", "-d", REF, home=one.stage.home)
    require_no_deletes(one, f"pacsconf/test was deleted from origin; it was at {head[:10]}")
    one.git("push", "-q", "origin", f"{head[:10]}:{REF}")
    assert one.run("apply", str(one.plan())).code == 0
    one.require_converged()


def test_a_rewritten_record_is_trusted_by_a_person_with_a_reason(one, cloned):
    assert one.run("plan").code == 0
    head = one.git("rev-parse", REF)
    two = cloned("two")
    shorter = two.git("rev-parse", "origin/pacsconf/test~1")
    two.git("push", "-q", "--force", "origin", f"{shorter}:{REF}")
    require_no_deletes(one, f"pacsconf/test was rewritten: commit {head[:10]}, seen here before,")
    refused = one.run("record", "init", "--accept")
    assert (refused.code, "accepted with a reason only" in words(refused)) == (1, True), refused.text
    accepted = one.run("record", "init", "--accept", "--reason", "the backup was restored")
    assert accepted.code == 0, accepted.text
    # What was opened in that commit is open again, as the record now reads.
    assert one.run("resume", later=AFTER_THE_LEASE).code == 0
    assert one.run("apply", str(one.plan())).code == 0
    one.require_converged()
    two.require_converged()


# --- a remote that is down --------------------------------------------------------------------------------------


def test_while_the_remote_is_down_plan_says_so_and_apply_changes_nothing(one, server):
    assert one.run("plan").code == 0
    head = one.git("rev-parse", REF)
    away = server.path.rename(server.path.with_name("away.git"))
    planned = one.run("plan", "--out", "../down.json")
    assert planned.code == 0, planned.text
    assert "origin does not answer" in words(planned)
    assert "the record may be newer there" in words(planned)
    applied = one.run("apply", "../down.json")
    assert applied.code == 1, applied.text
    assert "What is applied must be recorded there first." in words(applied)
    assert one.stage.directory.writes().total() == 0
    assert one.git("rev-parse", REF) == head
    away.rename(server.path)
    assert one.run("apply", one.stage.plan).code == 0
    one.require_converged()


def test_a_remote_that_goes_away_meanwhile_leaves_it_open_to_be_resumed(one, server):
    living = one.stopped("apply", one.stage.plan, point="write.after", nth=2)
    away = server.path.rename(server.path.with_name("away.git"))
    ended = living.end()
    assert ended.code == 8, ended.text
    assert "the change set stays open" in words(ended)
    assert list(one.journal().values()).count("applied") == 4
    away.rename(server.path)
    assert one.run("resume", later=AFTER_THE_LEASE).code == 0
    one.require_converged()


# --- the clone itself -------------------------------------------------------------------------------------------


def test_without_a_git_identity_nothing_is_applied(alone):
    nobody = alone.path.parent / "nobody"
    nobody.mkdir()
    head = alone.record_head()
    ran = alone.run("apply", alone.stage.plan, environ={"HOME": str(nobody)})
    assert ran.code == 1, ran.text
    assert "git does not know who you are, and the record names who applied what" in words(ran)
    assert 'git config --global user.name "Your Name"' in words(ran)
    require_untouched(alone, head)


def test_hooks_for_commits_are_not_ours_to_run(alone):
    alone.hook("pre-commit", "exit 1")
    alone.hook("commit-msg", "exit 1")
    assert alone.run("apply", alone.stage.plan).code == 0
    alone.require_converged()


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("reference-transaction", '[ "$1" != prepared ] || { echo "references are frozen" >&2; exit 1; }'),
        ("pre-push", 'echo "references are frozen" >&2; exit 1'),
    ],
)
def test_a_hook_that_refuses_says_why_and_nothing_is_changed(alone, one, name, script):
    clone = one if name == "pre-push" else alone
    head = clone.record_head()
    clone.hook(name, script)
    ran = clone.run("apply", clone.stage.plan)
    assert ran.code == 1, ran.text
    if name == "reference-transaction":
        assert "git did not update refs/heads/pacsconf/test" in words(ran)
    assert "references are frozen" in words(ran)
    require_untouched(clone, head)


def test_a_lock_that_a_killed_git_left_is_named(alone):
    lock = alone.path / ".git" / "refs" / "heads" / "pacsconf" / "test.lock"
    lock.touch()
    head = alone.record_head()
    ran = alone.run("apply", alone.stage.plan)
    assert ran.code == 1, ran.text
    assert str(lock) in ran.text.replace("\n", "")
    require_untouched(alone, head)
    lock.unlink()
    assert alone.run("apply", alone.stage.plan).code == 0
    alone.require_converged()


def test_a_detached_head_and_changes_that_are_not_committed_are_shown(alone):
    commit = alone.git("rev-parse", "HEAD")[:7]
    assert f"inventory {commit} (main), clean" in words(alone.run("plan"))
    alone.git("checkout", "-q", "--detach")
    assert f"inventory {commit} (no branch: detached head), clean" in words(alone.run("plan"))
    (alone.path / "inventory" / "devices.yaml").write_text(SECOND + "\n")
    assert "detached head) with uncommitted changes" in words(alone.run("plan"))


def test_where_git_signs_every_commit_of_the_record_is_signed(alone, tmp_path):
    key = tmp_path / "key"
    alone.sign_with(key)
    before = alone.record_head()
    assert alone.run("apply", alone.stage.plan).code == 0
    made = alone.git("rev-list", f"{before}..{alone.record_head()}").split()
    assert len(made) == 2
    for commit in made:
        alone.git("verify-commit", commit)
    alone.require_converged()


def test_where_git_cannot_sign_nothing_is_applied(alone):
    alone.git("config", "commit.gpgsign", "true")
    alone.git("config", "gpg.format", "ssh")
    alone.git("config", "user.signingkey", "absent.pub")
    head = alone.record_head()
    ran = alone.run("apply", alone.stage.plan)
    assert ran.code == 1, ran.text
    require_untouched(alone, head)


# --- an empty or shrunken inventory beside a killed apply -------------------------------------------------------


def test_a_resume_is_what_was_reviewed_whatever_the_inventory_says_now(alone):
    assert alone.run("apply", alone.stage.plan, point="write.after", nth=2).code == -9
    alone.declare(GONE, "inventory: us-1 is not named any more")
    assert alone.run("resume", later=AFTER_THE_LEASE).code == 0
    alone.declare(SECOND, "inventory: us-1 is named again")
    alone.require_converged()
