"""Whom an apply gives an account is invited to set a first password, by a real program."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pacsconf.cli import workspace
from tests.e2e.people import day, directory, dn, hospital_of


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with directory(tmp_path_factory.mktemp("invited")) as found:
        yield found


class Desk:
    """The program, and what it was called with."""

    def __init__(self, folder: Path) -> None:
        self.program = folder / "invite"
        self.calls = folder / "calls"
        self.ends_with(0)

    def ends_with(self, code: int) -> None:
        self.program.write_text(
            f'#!/bin/sh\nprintf "%s|" "$@" >> {self.calls}; echo >> {self.calls}; exit {code}\n'
        )
        self.program.chmod(0o700)

    @property
    def invited(self) -> list[str]:
        return self.calls.read_text().splitlines() if self.calls.exists() else []


@pytest.fixture
def desk(tmp_path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def people(lab, repository, tmp_path, monkeypatch, desk):
    monkeypatch.setenv("PACSCONF_CONFIG", "")
    lab.reset()
    more = f'[people]\nown_accounts = ["lab"]\ninvite = "{desk.program}"\n'
    return hospital_of(repository, lab, tmp_path, more=more)


USERS = "users:\n  ada: {roles: [reader]}\n  root: {roles: [admin]}\n"
NEW = USERS + "  new: {roles: [qc], name: Nora Neu}\n"


def apply(people, users: str):
    people.write(users)
    people.hospital("record", "init")
    people.hospital.ok("plan", "--out", "plan.json")
    return people.hospital("apply", "plan.json", "--reason", "because")


def changeset(hospital) -> str:
    """The id of the newest change set."""
    return re.findall(r"\[([0-9]{8}-[0-9a-f-]+)\]", hospital.ok("history").out)[0]


def test_who_is_given_an_account_is_invited_once_and_nobody_else(people, desk):
    ran = apply(people, NEW + f"  eve: {{roles: [qc], starts: {day(9)}}}\n")
    assert ran.code == 0, ran
    assert desk.invited == [f"accounts|new|new|{dn('new')}|"]
    assert "✓ invited accounts/invitation/new" in ran.said
    assert "1 invited to set a password" in ran.said
    hospital = people.hospital
    assert hospital("plan", "--detailed-exitcode").code == 0
    assert "✓ 1 user invited (--verbose)" in hospital.ok("show", changeset(hospital)).out

    assert apply(people, NEW + "  eve: {roles: [qc]}\n").code == 0, "she begins, and is let in"
    assert desk.invited[1:] == [f"accounts|eve|eve|{dn('eve')}|"]
    recorded = hospital.git("log", "-p", "pacsconf/lab")
    assert '"action": "invite"' in recorded
    assert "Nora" not in recorded


def test_an_invitation_that_fails_is_told_with_how_to_send_it_and_ends_with_8(people, desk):
    desk.ends_with(3)
    ran = apply(people, NEW)
    assert ran.code == 8
    said = " ".join(ran.said.split())
    assert "✗ failed accounts/invitation/new the program ended with 3. Invite them by hand:" in said
    assert f"{desk.program} accounts new new {dn('new')}" in said
    assert "0 invited to set a password, 1 not" in said
    assert people.hospital("plan", "--detailed-exitcode").code == 0, "the account stands"


def test_a_program_that_others_could_write_ends_the_apply_before_anything_is_written(people, desk):
    desk.program.chmod(0o777)
    ran = apply(people, NEW)
    assert ran.code == 5, ran
    assert "other users of this machine may change" in ran.said
    assert people.lab.entry(dn("new")) is None


def test_who_has_a_password_that_is_kept_somewhere_needs_no_invitation(people, desk, tmp_path):
    secret = tmp_path / "router"
    secret.write_text("a first long password")
    secret.chmod(0o600)
    operator = tmp_path / "operator.toml"
    operator.write_text(
        operator.read_text() + f'[[secret]]\nref = "file:{secret}"\nfor = "{people.lab.url}"\n'
    )
    program = "service_accounts:\n  router: {owner: it, purpose: sends, roles: [qc], "
    assert apply(people, USERS + program + f'password: {{from: "file:{secret}"}}}}\n').code == 0
    assert desk.invited == []


def test_taking_back_invites_nobody(people, desk):
    assert apply(people, NEW).code == 0
    assert apply(people, NEW.replace("new: {roles", f"new: {{ends: {day(-1)}, roles")).code == 0
    hospital = people.hospital
    which = changeset(hospital)
    plan = hospital("rollback", which)
    digest = plan.said.rpartition("(digest ")[2][:8]
    back = hospital("rollback", which, "--expect", digest, "--reason", "back")
    assert back.code == 0, back
    assert people.names(f"cn=pacs-qc,{people.lab.layout.groups[0].dn}") == ["new"]
    assert len(desk.invited) == 1


def test_who_was_invited_before_an_apply_was_cut_off_is_not_invited_again(people, desk, monkeypatch):
    """The program kills pacsconf in its second invitation; it is taken up again when the lease has ended."""
    once = people.hospital.path.parent / "once"
    desk.program.write_text(
        f'#!/bin/sh\necho "$2" >> {desk.calls}\n'
        f'[ "$2" = new ] || [ -e {once} ] || {{ touch {once}; kill -9 $PPID; }}\n'
    )
    people.write(NEW + "  nova: {roles: [qc]}\n")
    hospital = people.hospital
    hospital.ok("record", "init")
    hospital.ok("plan", "--out", "plan.json")
    assert hospital.run("-e", "lab", "apply", "plan.json").code == -9
    assert desk.invited == ["new", "nova"]
    monkeypatch.setattr(workspace, "now", lambda: datetime.now(UTC) + timedelta(hours=2))
    resumed = hospital("resume")
    assert resumed.code == 0, resumed
    assert desk.invited == ["new", "nova", "nova"]
    assert "2 invited to set a password" in resumed.said
