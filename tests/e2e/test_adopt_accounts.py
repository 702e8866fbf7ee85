"""adopt accounts: a directory of people becomes an inventory that plans to no change, and holds no names."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.accounts_lab import DISABLED, GROUPS, PEOPLE, SERVICES, Account, AccountsLab, Layout, started
from tests.e2e.desks import Desk, desk_at

BRANCHES = ("--people", PEOPLE, "--people", SERVICES, "--groups", GROUPS, "--names", "pacs-*")
NAMES = ("Müllerin", "Annegret", "annegret@hospital.example", "8100081")


def in_groups(*names: str) -> list[str]:
    return [f"cn={name},{GROUPS}" for name in names]


LAYOUT = Layout(
    accounts=[
        Account("amueller", PEOPLE, ("Annegret", "Müllerin"), in_groups("pacs-radiologist", "pacs-admin"),
                more={"mail": "annegret@hospital.example", "employeeNumber": "8100081"}),
        Account("ben", PEOPLE, ("Ben", "B"), in_groups("pacs-radiologist", "vpn")),
        Account("away", PEOPLE, ("A", "Way"), in_groups("pacs-radiologist"),
                more={"pwdAccountLockedTime": DISABLED}),
        Account("over", PEOPLE, ("O", "Ver"), in_groups("pacs-qc"), more={"pwdEndTime": "20200101000000Z"}),
        Account('Odd, "one" + #', PEOPLE, ("O", "Dd"), in_groups("pacs-qc")),
        Account(" #lead", PEOPLE, ("L", "Ead"), in_groups("pacs-qc")),
        Account("ct2", PEOPLE, ("", "CT"), in_groups("pacs-radiologist")),
        Account("elsewhere", PEOPLE, ("No", "Body"), in_groups("vpn")),
        Account("svc-router", SERVICES, ("", "Router"), in_groups("pacs-send")),
    ],
    empty_groups=in_groups("pacs-empty"),
)  # fmt: skip


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccountsLab]:
    with started(tmp_path_factory.mktemp("people"), LAYOUT) as lab:
        yield lab


@pytest.fixture
def lab(live: AccountsLab) -> AccountsLab:
    live.reset()
    return live


@pytest.fixture
def desk(
    tmp_path: Path, surroundings: dict[str, str], lab: AccountsLab, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    viewer = lab.server.viewer_dn
    return desk_at(tmp_path / "hospital", monkeypatch, lab.url, viewer, lab.password, surroundings)


def test_a_directory_of_people_is_adopted_and_plans_to_no_change(desk: Desk, lab: AccountsLab) -> None:
    adopted = desk.adopt(*BRANCHES)
    assert adopted.code == 0, adopted
    assert f"Adopted {desk.url} as accounts: 8 members, 5 groups" in adopted.out
    assert "Only amueller is in group pacs-admin" in adopted.said
    desk.ok("validate")
    desk.begin()
    plan = desk.ok("plan")
    assert "No changes." in plan.out
    assert lab.writes() == []
    users = desk.read("people/users.yaml")
    assert '  "Odd, \\"one\\" + #": {roles: [qc]}\n' in users
    assert '  lead: {roles: [qc], logins: {accounts: " #lead"}}\n' in users
    assert "  away: {roles: [radiologist], status: suspended}\n" in users
    assert "  over: {roles: [qc], ends: 2019-12-31}\n" in users
    assert "elsewhere" not in users
    assert "  svc-router: {roles: [send]}\n" in desk.read("people/service-accounts.yaml")
    assert "  admin: {groups: {accounts: pacs-admin}, administrator: true}\n" in desk.read(
        "people/roles.yaml"
    )
    assert "  # ct2 is shared by several people\n" in desk.read("baseline.yaml")


def test_a_look_at_a_directory_of_people_tells_what_is_odd_and_how_to_adopt_it(
    desk: Desk, lab: AccountsLab
) -> None:
    sign_in = ("--bind-dn", desk.viewer, "--password", "env:LDAP_PASSWORD")
    told = desk.ok("look", desk.url, *sign_in, "--format", "json")
    assert told.json["what"] == "A directory of people"
    assert told.json["counts"] == {"account": 9, "group": 6, "membership": 11}
    assert sorted(one["rule"] for one in told.json["findings"]) == [
        "PEOPLE-ODD-DISABLED-MEMBER",
        "PEOPLE-ODD-DISABLED-MEMBER",
        "PEOPLE-ODD-ONE-ADMIN",
        "PEOPLE-ODD-SHARED",
    ]
    assert [name for name in NAMES if name in told.out] == []
    words = shlex.split(told.json["next"])
    assert words[:3] == ["pacsconf", "adopt", "accounts"]
    assert desk.ok(*words[1:]).out.startswith(f"Adopted {desk.url}")
    assert lab.writes() == []


def test_a_look_below_a_branch_without_groups_sees_no_people(desk: Desk) -> None:
    sign_in = ("--bind-dn", desk.viewer, "--password", "env:LDAP_PASSWORD")
    told = desk.ok("look", desk.url, "--base", PEOPLE, *sign_in)
    assert told.out.startswith("A DICOM configuration")


def test_who_somebody_is_stays_in_the_directory(desk: Desk) -> None:
    told = desk.adopt(*BRANCHES, "--format", "json")
    written = "".join(file.read_text() for file in (desk.path / "inventory").rglob("*.yaml"))
    assert [name for name in NAMES if name in written + told.out + told.err] == []


def test_names_are_written_if_that_is_asked_for_and_plan_to_no_change(desk: Desk) -> None:
    assert desk.adopt(*BRANCHES, "--with-names").code == 0
    assert [name for name in NAMES if name not in desk.read("people/users.yaml")] == []
    desk.begin()
    plan = desk.ok("plan", "--show-unmanaged")
    assert "No changes." in plan.out
    assert [name for name in NAMES if name in plan.out] == []


def test_removing_what_is_ignored_takes_the_one_who_is_away_out(desk: Desk) -> None:
    desk.adopt(*BRANCHES)
    systems = desk.path / "inventory" / "systems.yaml"
    systems.write_text(systems.read_text().replace("      - membership/away\n", ""))
    desk.begin()
    plan = desk.ok("plan", "--format", "json").json
    assert [one["after"]["address"] for one in plan["changes"]] == ["accounts/membership/away"]


def test_people_of_the_personnel_file_are_given_roles_and_others_are_kept(desk: Desk) -> None:
    desk.write("people/hr.csv", "ID,MAIL,UNTIL\n4711,annegret@hospital.example,2027-06-30\n4712,,\n")
    desk.write(
        "inventory/people.yaml",
        "users_from: [{csv: people/hr.csv, columns: {id: ID, email: MAIL, ends: UNTIL}}]\n"
        "users:\n  ben: {roles: [reader]}\n"
        "roles:\n  reader: {permissions: [study:view]}\n  qc: {permissions: [qc:mark]}\n",
    )
    adopted = desk.adopt(*BRANCHES)
    assert adopted.code == 0, adopted
    users = desk.read("people/users.yaml")
    assert '  "4711": {roles: [admin, radiologist], logins: {accounts: amueller}}\n' in users
    assert "4712" not in users
    assert "  ben:" not in users
    assert "ben is declared already, and is live in groups of radiologist too" in " ".join(
        adopted.out.split()
    )
    assert "Role qc is declared already, so group pacs-qc became role qc-2" in " ".join(adopted.out.split())
    desk.begin()
    assert "No changes." in desk.ok("plan").out


def test_a_directory_that_is_adopted_already_is_refused(desk: Desk) -> None:
    desk.adopt(*BRANCHES)
    again = desk.adopt(*BRANCHES, "--name", "other")
    assert again.code == 1
    assert f"{desk.url} is adopted already: it is system accounts" in again.err


def test_nothing_is_written_with_dry_run(desk: Desk) -> None:
    assert "Would adopt" in desk.adopt(*BRANCHES, "--dry-run").out
    assert list(desk.path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--groups", GROUPS), "name the branch with accounts"),
        (("--people", PEOPLE), "name the branch with groups"),
        (("--people", "people", "--groups", GROUPS), "--people"),
        (("--people", PEOPLE, "--groups", GROUPS, "--flavour", "novell"), "--flavour"),
    ],
)
def test_what_is_typed_wrong_is_said(desk: Desk, words: tuple[str, ...], said: str) -> None:
    ran = desk("adopt", "accounts", "--url", desk.url, *words)
    assert ran.code == 64
    assert said in ran.err


def test_a_branch_that_is_not_there_is_named(desk: Desk) -> None:
    ran = desk.adopt(*BRANCHES, "--people", "ou=nowhere,dc=hospital,dc=example")
    assert ran.code == 1
    assert "ou=nowhere,dc=hospital,dc=example" in ran.err
    assert list(desk.path.iterdir()) == []


def test_where_no_group_is_meant_nothing_is_written(desk: Desk) -> None:
    ran = desk("adopt", "accounts", "--url", desk.url, "--people", PEOPLE, "--groups", GROUPS, "--names", "x-*",
               "--bind-dn", desk.viewer, "--password", "env:LDAP_PASSWORD")  # fmt: skip
    assert ran.code == 1
    assert "nothing was written" in ran.err
    assert list(desk.path.iterdir()) == []
