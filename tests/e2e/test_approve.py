"""A second person's yes: who may give it, what it counts for, and that nobody gives it to their own doing."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

NEXT = "memory/device/ct-1"
APPROVALS = "approvals: {workflow: {approvers: [anna@example.org, Ben Ito]}}"
ANNA, BEN, CLEO = (
    ("Anna Berg", "anna@example.org"),
    ("Ben Ito", "ben@example.org"),
    ("Cleo Vu", "c@example.org"),
)


@pytest.fixture
def guarded(small):
    """All applied, and from then on a second person approves what people work with."""
    small.ok("record", "init")
    small.ok("plan", "--out", "plan.json")
    small.ok("apply", "plan.json")
    small.edit("pacsconf: {", f"pacsconf: {{{APPROVALS}, ")
    return small


@pytest.fixture
def edited(guarded):
    """A change that needs an approval, saved as a plan."""
    guarded.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    guarded.ok("plan", "--out", "plan.json")
    return guarded


def by(who: tuple[str, str], hospital, monkeypatch):
    """The hospital as somebody else works in it."""
    for name, value in zip(("NAME", "EMAIL"), who, strict=True):
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", value)
        monkeypatch.setenv(f"GIT_AUTHOR_{name}", value)
    return hospital


def nobody_else(monkeypatch) -> None:
    for role in ("COMMITTER", "AUTHOR"):
        for name in ("NAME", "EMAIL"):
            monkeypatch.delenv(f"GIT_{role}_{name}")


def approved_by(who, hospital, monkeypatch, *args: str):
    """`approve` by somebody, and then Maria is at the keyboard again."""
    ran = by(who, hospital, monkeypatch)("approve", *(args or ("plan.json",)))
    nobody_else(monkeypatch)
    return ran


def manufacturer(memory) -> str:
    return memory.entries()[NEXT]["fields"]["manufacturer"]


def digest(hospital) -> str:
    return json.loads(hospital.plan_file.read_text())["digest"]


# --- what it is needed for ----------------------------------------------------------------------------------


def test_without_it_nothing_is_applied_and_it_is_said_who_may_give_it_and_how(edited, memory):
    ran = edited("apply", "plan.json")
    assert ran.code == 5
    assert "workflow: 0 of 1 approvals by somebody else than who applies" in ran.said
    assert "may be given by Ben Ito, anna@example.org" in ran.said
    assert "To be given by somebody else: pacsconf -e lab approve plan.json" in ran.said
    assert manufacturer(memory) == "SIEMENS"


def test_a_persons_yes_is_none(edited, memory):
    ran = edited.on_terminal("apply", answers="yes\n")
    assert ran.code == 5
    assert f"pacsconf -e lab approve {digest(edited)}" in ran.said
    assert manufacturer(memory) == "SIEMENS"


def test_with_it_the_plan_is_applied_and_all_that_is_kept(edited, memory, monkeypatch):
    ran = approved_by(ANNA, edited, monkeypatch, "plan.json", "--reason", "seen on screen")
    assert ran.code == 0
    assert f"Plan {digest(edited)[:8]} is approved by Anna Berg <anna@example.org>" in ran.said
    assert "manufacturer SIEMENS → Varian" in ran.said, "what is approved is shown"

    edited.ok("apply", "plan.json")

    assert manufacturer(memory) == "Varian"
    changeset = json.loads(edited.git("show", "pacsconf/lab:changeset.json"))
    (kept,) = changeset["approvals"]
    assert (kept["by"], kept["reason"], kept["key"]) == ("Anna Berg <anna@example.org>", "seen on screen", "")
    assert kept["digest"] == digest(edited)
    said = edited.ok("show", changeset["id"]).said
    assert "approved by Anna Berg <anna@example.org>" in said
    assert "seen on screen · signature not checked" in said
    commits = edited.ok("history", "--format", "json").json["entries"]
    (commit,) = [one["commit"] for one in commits if one["kind"] == "approve"]
    shown = edited.ok("show", commit).said
    assert f"Approved for lab, commit {commit[:7]} plan {digest(edited)} by Anna Berg" in shown
    assert "signature not checked" in shown
    (one,) = edited.ok("show", commit, "--format", "json").json["approvals"]
    assert (one["digest"], one["flaw"]) == (digest(edited), "")
    history = edited.ok("history").said
    assert f"approve Anna Berg 1 approval · plan {digest(edited)[:8]} · seen on screen" in history
    assert "Approved: Anna Berg <anna@example.org>" in edited.git("log", "-1", "--format=%B", "pacsconf/lab")


def test_the_plan_shows_what_is_missing_and_what_was_given(edited, monkeypatch):
    before = edited.ok("plan").said
    assert "Approvals, by somebody else than who applies ! workflow: 0 of 1" in before
    approved_by(ANNA, edited, monkeypatch)
    after = edited.ok("plan").said
    assert "✓ workflow: 1 of 1, by Ben Ito or anna@example.org Anna Berg <anna@example.org>," in after
    (needed,) = edited.ok("plan", "--format", "json").json["needs_approvals"]
    assert (needed["risk"], needed["count"], needed["met"]) == ("workflow", 1, True)
    assert [one["by"] for one in needed["given"]] == ["Anna Berg <anna@example.org>"]
    assert "- given: workflow: 1 of 1" in edited.ok("plan", "--format", "markdown").out
    assert "✓ workflow: 1 of 1" in edited.ok("show", "plan.json").out


def test_a_whole_digest_is_as_good_as_the_file(edited, memory, monkeypatch):
    assert approved_by(BEN, edited, monkeypatch, digest(edited)).code == 0
    edited.ok("apply", "--expect", digest(edited))
    assert manufacturer(memory) == "Varian"


@pytest.mark.parametrize("what", ["0123abcd", "none.json", "g" * 64, ""])
def test_what_is_neither_is_refused(edited, monkeypatch, what):
    assert approved_by(ANNA, edited, monkeypatch, what).code == 64


def test_changes_of_another_class_need_none(guarded, memory):
    guarded.edit("{approvals: {workflow:", "{approvals: {data-loss:")
    guarded.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    guarded.ok("plan", "--out", "plan.json")
    guarded.ok("apply", "plan.json")
    assert manufacturer(memory) == "Varian"


# --- who may ------------------------------------------------------------------------------------------------


def test_somebody_who_is_no_approver_is_refused(edited, memory, monkeypatch):
    ran = approved_by(CLEO, edited, monkeypatch)
    assert ran.code == 5
    assert "Cleo Vu <c@example.org> is not one of the approvers" in ran.said
    assert "workflow may be approved by Ben Ito, anna@example.org" in ran.said
    assert "approve" not in edited.ok("history").said
    assert edited("apply", "plan.json").code == 5


def test_nobody_approves_what_they_apply(edited, memory, monkeypatch):
    by(ANNA, edited, monkeypatch).ok("approve", "plan.json")
    ran = by(("ANNA  berg", "root@localhost"), edited, monkeypatch)("apply", "plan.json")
    assert ran.code == 5
    assert "Anna Berg <anna@example.org> is the one who applies" in ran.said
    assert manufacturer(memory) == "SIEMENS"


def test_two_are_two_people(guarded, memory, monkeypatch):
    guarded.edit("approvers: [anna@example.org, Ben Ito]", "count: 2, approvers: [anna@example.org, Ben Ito]")
    guarded.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    guarded.ok("plan", "--out", "plan.json")
    approved_by(ANNA, guarded, monkeypatch)
    approved_by(ANNA, guarded, monkeypatch, "plan.json", "--reason", "once more")
    assert "workflow: 1 of 2 approvals" in guarded("apply", "plan.json").said
    approved_by(BEN, guarded, monkeypatch)
    guarded.ok("apply", "plan.json")
    assert manufacturer(memory) == "Varian"


def test_where_nobody_need_approve_there_is_nothing_to_approve(small, monkeypatch):
    small.ok("record", "init")
    small.ok("plan", "--out", "plan.json")
    ran = approved_by(ANNA, small, monkeypatch)
    assert ran.code == 1
    assert "needs nobody's approval" in ran.said
    assert approved_by(ANNA, small, monkeypatch, "a" * 64).code == 1


def test_on_a_terminal_only_yes_is_yes(edited, monkeypatch):
    edited.env |= {"GIT_COMMITTER_NAME": ANNA[0], "GIT_COMMITTER_EMAIL": ANNA[1]}
    assert edited.on_terminal("approve", "plan.json", answers="y\n").code == 5
    assert "approve" not in edited.ok("history").said
    assert edited.on_terminal("approve", "plan.json", answers="yes\n").code == 0
    assert "1 approval" in edited.ok("history").said


# --- what it counts for -------------------------------------------------------------------------------------


def test_it_is_worth_nothing_for_another_plan(edited, memory, monkeypatch):
    approved_by(ANNA, edited, monkeypatch)
    edited.edit("manufacturer: Varian", "manufacturer: Canon")
    assert edited("apply", "plan.json").code == 6
    edited.ok("plan", "--out", "plan.json")
    ran = edited("apply", "plan.json")
    assert ran.code == 5
    assert "workflow: 0 of 1" in ran.said
    assert manufacturer(memory) == "SIEMENS"


def test_it_counts_once(ruled, memory, monkeypatch):
    """The very same plan, later: that it is to be done once more is another decision."""
    digests = []
    for now, then in (("SIEMENS", "Varian"), ("Varian", "SIEMENS"), ("SIEMENS", "Varian")):
        ruled.edit(f"manufacturer: {now}", f"manufacturer: {then}")
        ruled.ok("plan", "--out", "plan.json")
        digests.append(digest(ruled))
        if len(digests) < 3:
            assert approved_by(ANNA, ruled, monkeypatch).code == 0
            ruled.ok("apply", "plan.json")
    assert digests[0] == digests[2]
    ran = ruled("apply", "plan.json")
    assert ran.code == 5
    assert "workflow: 0 of 1" in ran.said
    assert manufacturer(memory) == "SIEMENS"


def test_a_plan_of_another_environment_is_not_approved_here(edited, monkeypatch):
    edited.edit("environments: {lab: {", "environments: {practice: {}, lab: {", "systems")
    by(ANNA, edited, monkeypatch)
    ran = edited.here("-e", "practice", "approve", "plan.json")
    assert ran.code == 6
    assert "the plan was made for environment lab, this is practice" in ran.said


def test_an_environment_may_ask_for_others_or_for_nobody(edited, memory):
    edited.edit("lab: {dial", "lab: {approvals: {workflow: null}, dial", "systems")
    edited.ok("plan", "--out", "plan.json")
    edited.ok("apply", "plan.json")
    assert manufacturer(memory) == "Varian"


# --- the rules themselves -----------------------------------------------------------------------------------


@pytest.fixture
def ruled(guarded):
    """The rules are in the record: nothing else was to be done."""
    ran = guarded.ok("plan", "--out", "plan.json")
    assert (
        "Into the record: who must approve what from now on workflow: 1 of Ben Ito, anna@example.org"
        in ran.said
    )
    guarded.ok("apply", "plan.json")
    assert "Into the record: who" not in guarded.ok("plan").said
    return guarded


@pytest.mark.parametrize(
    ("before", "after", "would_be"),
    [
        (APPROVALS + ", ", "", "nobody"),
        ("Ben Ito]", "Ben Ito, Eve]", "1 of Ben Ito, Eve, anna@example.org"),
        (
            "approvers: [anna@example.org, Ben Ito]",
            "approvers: [mweber@example.org]",
            "1 of mweber@example.org",
        ),
        ("approvers:", "count: 2, approvers:", "2 of Ben Ito, anna@example.org"),
    ],
    ids=["gone", "wider", "others", "more"],
)
def test_other_rules_are_guarded_and_judged_by_the_former_ones(ruled, monkeypatch, before, after, would_be):
    ruled.edit(before, after)
    ran = ruled("plan", "--out", "plan.json")
    assert ran.code == 5
    assert f"workflow: was 1 of Ben Ito, anna@example.org; would be {would_be}" in ran.said
    assert f"--ack {digest(ruled)[:8]}:GUARD-APPROVALS" in ran.said

    let = ("--ack", f"{digest(ruled)[:8]}:GUARD-APPROVALS", "--reason", "Ben left")
    ran = ruled("apply", "plan.json", *let)
    assert ran.code == 5, "who proposes other approvers is not let through by them"
    assert "workflow: 0 of 1" in ran.said
    assert "GUARD-APPROVALS is tripped" not in ran.said
    assert approved_by(ANNA, ruled, monkeypatch).code == 0
    assert ruled("apply", "plan.json").code == 5, "an approval is no ack"
    ruled.ok("apply", "plan.json", *let)
    assert "GUARD-APPROVALS" not in ruled("plan").said


def test_an_approval_of_other_rules_does_not_hold_for_yet_others(ruled, monkeypatch):
    """Both trip the guard of the same name: what the rules would be is part of what is approved."""
    ruled.edit("Ben Ito]", "Ben Ito, Cleo]")
    ruled("plan", "--out", "plan.json")
    approved_by(ANNA, ruled, monkeypatch)
    let = ("--ack", f"{digest(ruled)[:8]}:GUARD-APPROVALS", "--reason", "Cleo joins")
    ruled.edit("Ben Ito, Cleo]", "Ben Ito, Eve]")
    assert ruled("apply", "plan.json", *let).code == 6


def test_where_nobody_is_left_who_could_approve_the_record_is_begun_again_with_a_reason(ruled, memory):
    """Anna and Ben are gone. Whoever deletes the record's branch is seen to do it, and says why."""
    ruled.edit("approvers: [anna@example.org, Ben Ito]", "approvers: [c@example.org]")
    assert ruled("plan").code == 5
    ruled.git("branch", "-D", "pacsconf/lab")
    assert ruled("plan").code == 5
    ruled.ok("record", "init", "--accept", "--reason", "Anna and Ben left; agreed with the board")
    assert "GUARD-APPROVALS" not in ruled.ok("plan").said
    assert "agreed with the board" in ruled.ok("history").said


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ("{approvers: []}", "pacsconf.approvals.workflow.approvers"),
        ("{approvers: [a, A], count: 2}", "count must be between 1 and the 1 who may approve, not 2"),
        ("{approvers: [a], count: 0}", "count must be between 1 and the 1 who may approve, not 0"),
        ("{approvers: [' ']}", "an approver has no name"),
        (
            "{approver: [a]}",
            'Unknown key "approver" in pacsconf.approvals.workflow; did you mean "approvers"?',
        ),
        ("{count: 1}", 'pacsconf.approvals.workflow needs the key "approvers"'),
    ],
)
def test_rules_that_do_not_stand_are_findings(small, declared, words):
    small.edit("pacsconf: {", f"pacsconf: {{approvals: {{workflow: {declared}}}, ")
    ran = small("validate")
    assert ran.code == 3
    assert words in ran.said


def test_a_class_that_is_none_is_a_finding(small):
    small.edit("pacsconf: {", "pacsconf: {approvals: {dataloss: {approvers: [a]}}, ")
    ran = small("validate")
    assert ran.code == 3
    assert 'Unknown key "dataloss" in pacsconf.approvals; did you mean "data-loss"?' in ran.said


# --- where it is kept ---------------------------------------------------------------------------------------


def test_while_a_change_set_is_open_it_waits(edited, monkeypatch):
    from tests.e2e.test_purge import opened

    opened(edited)
    ran = approved_by(ANNA, edited, monkeypatch)
    assert ran.code == 7
    assert "is open on lab" in ran.said


def test_it_is_pushed_and_found_in_another_clone(edited, memory, monkeypatch, tmp_path):
    hub = tmp_path / "hub.git"
    edited.git("init", "-q", "--bare", str(hub))
    edited.git("remote", "add", "origin", str(hub))
    edited.git("push", "-q", "origin", "main", "pacsconf/lab")
    there = tmp_path / "clone.git"
    edited.git("clone", "-q", "-b", "main", str(hub), str(there))
    shutil.copy(edited.plan_file, there / "plan.json")
    other = type(edited)(there, edited.env)

    assert approved_by(ANNA, other, monkeypatch).code == 0

    edited.ok("apply", "plan.json")
    assert manufacturer(memory) == "Varian"


# --- signatures ---------------------------------------------------------------------------------------------


class Keys:
    """SSH keys of people, and the file that says whose they are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.allowed = folder / "allowed_signers"
        folder.mkdir()
        self.allowed.write_text("")

    def make(self, name: str) -> Path:
        path = self.folder / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
        return path

    def allow(self, mail: str, key: Path) -> None:
        public = key.with_suffix(".pub").read_text()
        with self.allowed.open("a") as file:
            file.write(f'{mail} namespaces="git" {public}')


@pytest.fixture
def keys(edited, tmp_path, memory, monkeypatch) -> Keys:
    """The operator's allowed-signers file; Maria signs, and Anna's key is known."""
    made = Keys(tmp_path / "keys")
    config = tmp_path / "home" / ".config" / "pacsconf" / "operator.toml"
    config.parent.mkdir(parents=True)
    config.write_text(
        f'[environments]\nwrite = ["lab"]\n\n[signatures]\nallowed_signers = "{made.allowed}"\n'
    )
    for name, mail in (("maria", "mweber@example.org"), ("anna", ANNA[1]), ("ben", BEN[1])):
        made.allow(mail, made.make(name))
    signs(edited, made.folder / "maria")
    return made


def signs(hospital, key: Path | None) -> None:
    hospital.git("config", "gpg.format", "ssh")
    hospital.git("config", "commit.gpgsign", "true" if key else "false")
    hospital.git("config", "user.signingkey", str(key or ""))


def signed_by(who, key: Path | None, hospital, monkeypatch, maria: Path):
    signs(hospital, key)
    ran = approved_by(who, hospital, monkeypatch)
    signs(hospital, maria)
    return ran


def test_a_signed_approval_counts_and_its_key_is_kept(edited, keys, memory, monkeypatch):
    assert signed_by(ANNA, keys.folder / "anna", edited, monkeypatch, keys.folder / "maria").code == 0
    assert "✓ workflow: 1 of 1" in edited.ok("plan").out
    edited.ok("apply", "plan.json")
    assert manufacturer(memory) == "Varian"
    (kept,) = json.loads(edited.git("show", "pacsconf/lab:changeset.json"))["approvals"]
    assert kept["key"].startswith("SHA256:")


def test_with_signatures_an_approver_is_known_by_address_alone(edited, keys, memory, monkeypatch):
    """Ben is declared by name: a name that anybody can take who has a key of their own."""
    assert signed_by(BEN, keys.folder / "ben", edited, monkeypatch, keys.folder / "maria").code == 0
    ran = edited("apply", "plan.json")
    assert ran.code == 5
    assert "is an approver by name alone, and a signature proves no name but an address" in ran.said
    assert manufacturer(memory) == "SIEMENS"


FORGED = {
    "unsigned": (ANNA, None, "is not signed"),
    "a key that nobody knows": (
        ANNA,
        "unknown",
        "is signed with a key that the allowed-signers file does not have",
    ),
    "another person's key": (ANNA, "ben", "is signed by ben@example.org, not by anna@example.org"),
    "the key of who applies": (ANNA, "maria", "is signed by mweber@example.org, not by anna@example.org"),
}


@pytest.mark.parametrize(("who", "key", "words"), FORGED.values(), ids=FORGED.keys())
def test_an_approval_that_is_not_signed_by_who_gives_it_does_not_count(
    edited, keys, memory, monkeypatch, who, key, words
):
    if key == "unknown":
        keys.make("unknown")
    assert (
        signed_by(who, keys.folder / key if key else None, edited, monkeypatch, keys.folder / "maria").code
        == 0
    )
    ran = edited("apply", "plan.json")
    assert ran.code == 5
    assert "Anna Berg <anna@example.org> is not to be believed, since commit" in ran.said
    assert words in ran.said
    assert "does not count: Anna Berg" in edited.ok("plan").said
    assert manufacturer(memory) == "SIEMENS"


def test_two_names_with_one_key_are_one_person(edited, keys, memory, monkeypatch):
    """Anna's key is known for Maria too: who signs with it may be either."""
    anna = keys.folder / "anna"
    keys.allow("mweber@example.org", anna)
    lines = keys.allowed.read_text().splitlines(keepends=True)
    assert signed_by(ANNA, anna, edited, monkeypatch, anna).code == 0
    # ssh-keygen names the first line with a key, so the order decides whose it is said to be.
    keys.allowed.write_text("".join(lines))
    ran = edited("apply", "plan.json")
    assert ran.code == 5
    assert "workflow: 0 of 1" in ran.said
    assert manufacturer(memory) == "SIEMENS"


def test_who_applies_signs_too_else_they_may_be_the_same_person(edited, keys, memory, monkeypatch):
    signed_by(ANNA, keys.folder / "anna", edited, monkeypatch, keys.folder / "maria")
    signs(edited, None)
    ran = edited("apply", "plan.json")
    assert ran.code == 5
    assert "is signed, but who applies does not sign" in ran.said
    assert manufacturer(memory) == "SIEMENS"


def test_an_approval_that_was_written_into_the_record_by_hand_does_not_count(
    edited, keys, memory, monkeypatch
):
    """Even where a true one of the same words was there before: it was used."""
    signed_by(ANNA, keys.folder / "anna", edited, monkeypatch, keys.folder / "maria")
    tree = edited.git("rev-parse", "pacsconf/lab^{tree}")
    edited.git("config", "commit.gpgsign", "false")
    edited.ok("hold", "memory/device/mr-1", "--reason", "an unsigned commit behind it takes nothing away")
    assert "✓ workflow: 1 of 1" in edited.ok("plan").out
    edited.ok("release", "memory/device/mr-1")
    without = edited.git("commit-tree", "pacsconf/lab~3^{tree}", "-p", "pacsconf/lab", "-m", "gone")
    again = edited.git("commit-tree", tree, "-p", without, "-m", "there again")
    edited.git("update-ref", "refs/heads/pacsconf/lab", again)
    signs(edited, keys.folder / "maria")
    ran = edited("apply", "plan.json")
    assert ran.code == 5
    assert "Anna Berg <anna@example.org> is not to be believed, since commit" in ran.said
    assert "is not signed" in ran.said
    assert manufacturer(memory) == "SIEMENS"


def test_the_allowed_signers_file_is_nobody_elses_to_write(edited, keys, monkeypatch):
    signed_by(ANNA, keys.folder / "anna", edited, monkeypatch, keys.folder / "maria")
    keys.allowed.chmod(0o666)
    ran = edited("apply", "plan.json")
    assert ran.code == 5
    assert "allowed_signers" in ran.said
