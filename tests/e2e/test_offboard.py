"""`offboard`: somebody leaves, in the inventory and on a real directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from pacsconf.cli import workspace
from tests.accounts_lab import GROUPS, INVALID_CREDENTIALS, SUCCESS
from tests.e2e.people import ADMINS, QC, READERS, day, directory, dn, hospital_of

USERS = """\
users:
  # chief of the readers
  ada:  # since 2019
    roles: [reader, admin]
    name: Ada Acker
  bob: {roles: [reader]}
  root: {roles: [admin], owner: ada}
  vendor: {kind: vendor, sponsor: ada, contract: C-1, ends: 2099-01-01, roles: [qc]}
service_accounts:
  svc-router: {owner: ada, purpose: sends, roles: [reader]}
"""
MORE = """\
sites: {main: {name: Main}}
devices:
  ct-1: {type: modality, site: main, owner: ada, ae_title: CT1, host: 10.20.4.17, port: 104}
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with directory(tmp_path_factory.mktemp("people")) as found:
        yield found


@pytest.fixture
def people(lab, repository, tmp_path, monkeypatch):
    monkeypatch.setenv("PACSCONF_CONFIG", "")
    lab.reset()
    found = hospital_of(repository, lab, tmp_path)
    found.hospital.file("network").write_text(MORE)
    found.write(USERS)
    found.hospital.applied()
    return found


def status_of(people, name: str = "ada") -> str:
    return workspace.opened(people.hospital.path, "lab").inventory.users[name].status


def test_a_rehearsal_shows_all_that_would_happen_and_writes_nothing(people):
    hospital, text = people.hospital, people.hospital.file("people").read_text()
    ran = hospital.ok("offboard", "ada", "--dry-run")
    assert "ada leaves, who is reader, admin" in ran.said
    assert "Would be written: status: left, at inventory/people.yaml:4" in ran.said
    assert "the password of service account svc-router, which they answer for" in ran.said
    assert "with which accounts is signed in to, known to whoever is admin" in ran.said
    for needs in (
        "device ct-1, whose owner they are (inventory/network.yaml:3)",
        "vendor, whose sponsor they are",
    ):
        assert needs in ran.said
    assert "account enabled → disabled" in ran.said
    assert "git switch" not in ran.said
    assert "Ada Acker" not in ran.said
    assert hospital.file("people").read_text() == text
    assert "ada" in people.readers()
    assert hospital.git("status", "--porcelain") == ""


def test_the_inventory_says_it_where_a_person_would_have_written_it(people):
    hospital = people.hospital
    ran = hospital.ok("offboard", "ada")
    assert "Written: status: left, at inventory/people.yaml:4" in ran.said
    assert hospital.file("people").read_text() == USERS.replace("2019\n", "2019\n    status: left\n")
    assert "git add inventory/people.yaml" in ran.said
    assert "git commit -m 'people: ada leaves'" in ran.said
    assert people.lab.can_bind(dn("ada")) == SUCCESS
    again = hospital.ok("offboard", "ada")
    assert "The inventory says so already." in again.said

    for command in ("switch -c offboard-ada", "add inventory/people.yaml"):
        hospital.git(*command.split())
    hospital.git("commit", "-qm", "people: ada leaves")
    hospital.ok("plan", "--out", "plan.json")
    hospital.ok("apply", "plan.json")
    assert people.lab.can_bind(dn("ada")) == INVALID_CREDENTIALS
    assert all("ada" not in people.names(group) for group in (READERS, ADMINS, QC))


def test_a_last_day_to_come_is_declared_and_looked_ahead_to(people):
    hospital = people.hospital
    ran = hospital.ok("offboard", "bob", "--last-day", str(day(5)))
    assert f"bob: {{ends: {day(5)}, roles: [reader]}}" in hospital.file("people").read_text()
    assert f"as of {day(6)}" in ran.said
    assert "account enabled → disabled" in ran.said
    assert "No changes" not in ran.said
    assert "bob" in people.readers()


def test_access_is_taken_away_at_once_and_somebody_else_looks_at_it(people):
    hospital = people.hospital
    people.lab.change(QC, member=("MODIFY_ADD", dn("ada")))  # by hand, and nobody's of the inventory
    hospital.file("people").write_text(USERS.replace("bob: {roles: [reader]}", "bob: {roles: [reader, qc]}"))
    people.commit("bob is to be given something")
    ran = hospital.ok("offboard", "ada", "--now", "--ticket", "T-7")
    assert people.lab.can_bind(dn("ada")) == INVALID_CREDENTIALS
    assert all("ada" not in people.names(group) for group in (READERS, ADMINS, QC))
    assert "bob" not in people.names(QC)
    assert status_of(people) == "left"
    assert "Somebody else looks at this until" in ran.said
    shown = hospital.ok("show", hospital.git("rev-parse", "pacsconf/lab"))
    for fact in ("offboards ada", "Maria Weber", "T-7", "ada has left (offboard --now)"):
        assert fact in shown.said
    assert "Ada Acker" not in hospital.git("log", "-p", "pacsconf/lab")

    status = hospital.ok("status")
    assert "ada, whose access Maria Weber took away at once" in status.said
    mine = hospital("offboard", "ada", "--looked-at", "--reason", "right")
    assert (mine.code, "was offboarded by you" in mine.said) == (5, True)
    assert hospital("offboard", "ada", "--looked-at").code == 64
    config = Path(hospital.env["HOME"]) / ".gitconfig"
    config.write_text(config.read_text().replace("Maria Weber", "Ben").replace("mweber@", "ben@"))
    operator = Path(hospital.env["PACSCONF_CONFIG"])
    before = operator.read_text()
    (allowed := operator.parent / "allowed").write_text("")
    allowed.chmod(0o600)
    operator.write_text(f'{before}\n[signatures]\nallowed_signers = "{allowed}"\n')
    unsigned = hospital("offboard", "ada", "--looked-at", "--reason", "agreed")
    assert (unsigned.code, "what you commit is not signed" in unsigned.said) == (5, True)
    operator.write_text(before)
    hospital.ok("offboard", "ada", "--looked-at", "--reason", "agreed")
    assert "whose access" not in hospital.ok("status").said
    none = hospital("offboard", "ada", "--looked-at", "--reason", "again")
    assert (none.code, "no offboarding of ada" in none.said) == (1, True)


def test_a_branch_that_does_not_say_so_yet_gives_nothing_back_and_who_returns_is_let_in(people):
    hospital = people.hospital
    hospital.ok("offboard", "ada", "--now")
    left = hospital.file("people").read_text()
    hospital.git("checkout", "-q", "inventory/people.yaml")
    merged_not_yet = hospital.ok("plan", "--out", "plan.json")
    assert "ada has left (offboard --now)" in hospital.ok("status").said
    assert "held" in merged_not_yet.said
    hospital.ok("apply", "plan.json")
    assert "ada" not in people.readers()
    assert people.lab.can_bind(dn("ada")) == INVALID_CREDENTIALS

    people.write(left.replace("bob: {roles: [reader]}", "bob: {roles: [reader, qc]}"))
    hospital.ok("plan", "--out", "plan.json")
    hospital.ok("apply", "plan.json")
    assert "bob" in people.names(QC)
    people.write(USERS)
    hospital.ok("plan", "--out", "plan.json")
    hospital.ok("apply", "plan.json")
    assert "ada" in people.readers()
    assert people.lab.can_bind(dn("ada")) == SUCCESS


def test_at_once_needs_the_operator_files_permission(people):
    hospital = people.hospital
    hospital.file("systems").write_text(
        hospital.file("systems").read_text().replace("environments: {lab:", "environments: {production:")
    )
    people.commit("production")
    refused = hospital.here("offboard", "ada", "--now")
    assert refused.code == 5
    assert "does not let access to production be taken away at once from here" in refused.said
    assert 'offboard = ["production"]' in refused.said
    assert hospital.file("people").read_text() == USERS
    assert people.lab.can_bind(dn("ada")) == SUCCESS


def test_the_last_administrator_is_not_shut_out(people):
    hospital = people.hospital
    hospital.ok("offboard", "ada", "--now")
    before = hospital.file("people").read_text()
    refused = hospital("offboard", "root", "--now")
    assert refused.code == 3
    assert "Nothing was written: the inventory would not stand with it." in refused.said
    assert hospital.file("people").read_text() == before
    assert people.lab.can_bind(dn("root")) == SUCCESS


def test_who_stands_in_a_list_of_others_gets_a_line_of_their_own(people):
    hospital = people.hospital
    (hospital.path / "people").mkdir()
    (hospital.path / "people" / "hr.csv").write_text("STAFF_NO;JOB\nu00;reader\nu01;reader\n")
    source = "users_from: [{csv: people/hr.csv, delimiter: ';', columns: {id: STAFF_NO, roles: JOB}}]\n"
    hospital.file("lists").write_text(source)
    people.commit("a list")
    ran = hospital.ok("offboard", "u00")
    assert "Written: status: left, at inventory/left.yaml:3" in ran.said
    hospital.ok("offboard", "u01")
    assert hospital.file("left").read_text().splitlines()[1:] == [
        "users:", "  u01: {status: left}", "  u00: {status: left}",
    ]  # fmt: skip
    assert (status_of(people, "u00"), status_of(people, "u01")) == ("left", "left")


def test_what_would_not_stand_is_not_written(people):
    hospital = people.hospital
    hospital.file("people").write_text(
        USERS + "  svc-other: &same {owner: bob, purpose: x}\n  svc-more: *same\n"
    )
    people.commit("aliases")
    before = hospital.file("people").read_text()
    refused = hospital("offboard", "svc-more")
    assert refused.code == 1
    assert "is written in a way that is not changed by machine" in refused.said
    assert "Write there: status: left" in refused.said
    assert hospital.file("people").read_text() == before


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["adda"], 1, 'there is no user "adda" in the inventory; did you mean "ada"?'),
        (["ada", "--now", "--dry-run"], 64, "--now"),
        (["ada", "--now", "--last-day", "2099-01-01"], 64, "--now"),
        (["ada", "--looked-at", "--now"], 64, "--looked-at"),
        (["ada", "--last-day", "2020-01-01"], 64, "is over"),
        (["ada", "--last-day", "soon"], 64, "--last-day"),
        (["ada", "--last-day", "9999-12-31"], 64, "no day comes after it"),
    ],
)
def test_what_makes_no_sense_is_refused(people, words, code, said):
    ran = people.hospital("offboard", *words)
    assert (ran.code, said in ran.said) == (code, True)
    assert people.hospital.file("people").read_text() == USERS


def test_a_directory_that_does_not_answer_keeps_nobody_from_what_can_be_done(people):
    hospital = people.hospital
    text = hospital.file("systems").read_text()
    second = text.partition("systems:\n")[2].partition("environments:")[0].replace("  accounts:", "  branch:")
    second = second.replace(people.lab.url, "ldap://127.0.0.1:1")
    hospital.file("systems").write_text(text.replace("environments:", f"{second}environments:"))
    operator = Path(hospital.env["PACSCONF_CONFIG"])
    block = operator.read_text().replace(people.lab.url, "ldap://127.0.0.1:1")
    operator.write_text(f"{operator.read_text()}\n{block}")
    people.commit("a second directory")
    ran = hospital("offboard", "ada", "--now")
    assert ran.code == 9
    assert "branch is left out" in ran.said
    assert people.lab.can_bind(dn("ada")) == INVALID_CREDENTIALS


def test_all_of_it_can_be_read_by_a_program(people):
    told = people.hospital.ok("offboard", "ada", "--dry-run", "--format", "json").json
    assert (told["format_version"], told["user"], told["roles"]) == (1, "ada", ["reader", "admin"])
    assert told["inventory"] == {
        "at": "inventory/people.yaml:4", "value": "status: left", "written": False, "git": [],
    }  # fmt: skip
    assert {one["what"] for one in told["successors"]} >= {"device ct-1, whose owner they are"}
    assert told["plan"]["options"]["leaver"] == ["ada"]
    assert f"cn=pacs-readers,{GROUPS}" == READERS


def test_what_others_were_asked_for_is_open_whatever_branch_is_applied_until_it_is_seen(
    tmp_path_factory, repository, tmp_path, monkeypatch
):
    monkeypatch.setenv("PACSCONF_CONFIG", "")
    with directory(tmp_path_factory.mktemp("theirs"), owned=False) as theirs:
        found = hospital_of(repository, theirs, tmp_path, owned=False)
        hospital = found.hospital
        found.write(USERS)
        hospital.applied()
        hospital.ok("offboard", "ada", "--now")
        assert "ada" not in found.readers()
        morning = hospital.ok("status")
        assert "ada has left (accounts, asked of the identity team)" in morning.said
        assert morning.out.splitlines()[-1] != "Next: pacsconf -e lab apply --due"
        left = hospital.file("people").read_text()
        hospital.git("checkout", "-q", "inventory/people.yaml")
        found.write(USERS.replace("bob: {roles: [reader]}", "bob: {roles: [reader, qc]}"))
        hospital.ok("plan", "--out", "plan.json")
        hospital.ok("apply", "plan.json")
        assert "ada" not in found.readers()
        assert "accounts: disable the account ada, since" in hospital.ok("status").said
        found.write(left)
        assert "accounts: disable the account ada, since" in hospital.ok("status").said
        theirs.modify(dn("ada"), pwdAccountLockedTime="000001010000Z")
        hospital.ok("plan", "--out", "plan.json")
        hospital.ok("apply", "plan.json")
        assert "disable the account ada" not in hospital.ok("status").said
