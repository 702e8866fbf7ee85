"""Policies about people, held against a real directory: as it is, and as a plan would leave it."""

from __future__ import annotations

import pytest

from tests.accounts_lab import GROUPS
from tests.e2e.people import directory, dn, hospital_of

ROLES = """\
roles:
  reader: {permissions: [study:view], groups: {accounts: pacs-readers}, conflicts_with: [admin]}
  admin: {administrator: true, permissions: [config:apply], groups: {accounts: pacs-admins}}
"""
PACK = """\
pack: {name: ours}
rules:
  - id: OUR-USR-009
    title: Nobody controls themselves
    severity: high
    kind: user
    condition: size(conflicts) == 0 && size(configured.conflicts) == 0
    message: id + " would have " + configured.conflicts.join(", ")
    why: Who has both is stopped by nobody.
    fix: Give one of the two roles to somebody else.
  - id: OUR-USR-001
    title: Who has left is in no group
    severity: critical
    kind: user
    when: status == "left"
    condition: size(configured.groups_beyond) == 0 && size(configured.enabled) == 0
    message: id + " is still in " + configured.groups_beyond.join(", ")
    why: It is a way in.
    fix: Take them out.
  - id: OUR-USR-003
    title: Nobody in a group who is not declared
    severity: medium
    kind: group
    condition: size(configured.undeclared) == 0
    message: configured.undeclared.join(", ") + " is nobody here"
    why: Nobody let them in.
    fix: Take them out.
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with directory(tmp_path_factory.mktemp("people")) as found:
        yield found


@pytest.fixture
def people(lab, repository, tmp_path, monkeypatch):
    monkeypatch.setenv("PACSCONF_CONFIG", "")
    lab.reset()
    made = hospital_of(repository, lab, tmp_path, more='[people]\nown_accounts = ["lab"]\n')
    made.hospital.file("roles").write_text(ROLES)
    made.write("users: {ada: {roles: [reader], name: Ada Adler}, root: {roles: [admin]}}\n")
    folder = made.hospital.path / "policies"
    folder.mkdir()
    (folder / "ours.yaml").write_text(PACK)
    made.hospital.commit("policies")
    return made


def test_a_plan_that_gives_somebody_the_other_of_two_roles_by_a_group_in_a_group_is_refused(people):
    """Leads are declared to be within the administrators. No two roles of hers conflict; she would have both."""
    hospital = people.hospital
    systems = hospital.file("systems")
    systems.write_text(
        systems.read_text().replace("    groups:", "    nested: {pacs-admins: [pacs-lead]}\n    groups:")
    )
    hospital.file("roles").write_text(
        f"{ROLES}  lead: {{permissions: [qc:mark], groups: {{accounts: pacs-lead}}}}\n"
    )
    people.write("users: {ada: {roles: [lead], name: Ada Adler}, root: {roles: [admin]}}\n")
    hospital.applied()
    people.write("users: {ada: {roles: [lead, reader], name: Ada Adler}, root: {roles: [admin]}}\n")
    assert hospital.here("validate").code == 0
    ran = hospital.here("plan", "--out", "plan.json")
    assert "OUR-USR-009" in ran.out, ran
    assert "ada would have accounts: admin and reader" in ran.said
    assert "Adler" not in ran.out
    refused = hospital.here("apply", "plan.json")
    assert refused.code == 4, refused
    assert people.readers() == []


def test_what_a_plan_takes_away_is_not_held_against_it(people, lab):
    people.hospital.applied()
    people.write("users: {ada: {roles: [reader], status: left}, root: {roles: [admin]}}\n")
    ran = people.hospital.here("plan", "--out", "plan.json")
    assert "OUR-USR-001" not in ran.out
    assert ran.code == 0, ran


def test_an_audit_names_by_login_who_is_nobody_here(people, lab):
    people.hospital.applied()
    lab.change(f"cn=pacs-readers,{GROUPS}", member=("MODIFY_ADD", dn("bob")))
    told = people.hospital.here("audit", "--format", "json").json
    (failing,) = [one for one in told["results"] if one["state"] == "fail"]
    assert (failing["rule"], failing["name"]) == ("OUR-USR-003", "accounts/pacs-readers")
    assert failing["message"] == "accounts: bob is nobody here"
    assert {one["state"] for one in told["results"] if one["kind"] == "user"} <= {"pass", "n/a"}
