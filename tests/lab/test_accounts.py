"""The directories of people of a practice lab."""

from __future__ import annotations

import json
import subprocess
from datetime import date

import pytest

from pacsconf.core.errors import Unavailable
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.model import Site
from pacsconf.inventory.people import AsOf, Grant, User
from pacsconf.lab import accounts, directories, practice, processes, slapd

SUFFIX = "dc=clinic,dc=example"
PEOPLE = f"ou=people,ou=identity,{SUFFIX}"
SERVICES = f"ou=services,{SUFFIX}"
GROUPS = f"ou=groups,{SUFFIX}"
DAY = date(2026, 3, 1)

USERS = [
    User(id="works", grants=(Grant(role="reader"),)),
    User(id="begins", starts="2026-03-02"),
    User(id="left", ends="2026-02-28"),
    User(id="away", status="suspended"),
    User(id="vendor", kind="vendor", ends="2026-12-31", logins={"accounts": "V.Endor"}),
    User(id="named", given_name="Ludmilla", family_name="Ølund"),
    User(id="svc", kind="service", collection="service_accounts"),
]

ELSEWHERE = User(id="w", site="there", ends="2026-12-31")


def config(**more) -> AccountsConfig:
    declared = {
        "name": "accounts",
        "type": "accounts",
        "url": "ldaps://people.example.org",
        "people": {
            "staff": {"base": PEOPLE},
            "services": {"base": SERVICES, "owns_accounts": True, "kinds": ["service"]},
        },
        "groups": {"pacs": {"base": GROUPS, "names": ["pacs-*"], "placeholder": f"cn=none,{SUFFIX}"}},
        "password_policies": {"base": f"ou=rules,{SUFFIX}", "default": "staff"},
    }
    return AccountsConfig.model_validate(declared | more)


@pytest.fixture
def clinic(hospital):
    """Makes that hospital with people, and with `config` of their directory."""

    def make(**more):
        return hospital.model_copy(
            update={
                "systems": {**hospital.systems, "accounts": config(**more)},
                "users": {user.id: user for user in USERS},
            }
        )

    return make


def server(inventory) -> accounts.PracticeAccounts:
    (found,) = accounts.wanted(inventory, AsOf.on(DAY))
    return found


def search(found: slapd.Slapd, *wanted: str) -> str:
    """What a search by cn=pacsconf tells, over TLS as pacsconf itself reads."""
    command = ("ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no", "-H", found.tls_url, "-b", SUFFIX)
    bind = ("-D", found.pacsconf_dn, "-y", str(found.password_file))
    told = {"LDAPTLS_CACERT": str(found.ca_file), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [*command, *bind, *wanted], env=told, text=True, check=True, capture_output=True
    ).stdout


def test_there_are_accounts_for_who_has_begun_and_none_of_services(clinic):
    layout = server(clinic()).layout
    assert [account.dn for account in layout.accounts] == [
        f"uid=away,{PEOPLE}",
        f"uid=left,{PEOPLE}",
        f"uid=named,{PEOPLE}",
        f"uid=V.Endor,{PEOPLE}",
        f"uid=works,{PEOPLE}",
    ]
    assert [account.uid for account in layout.accounts if "pwdAccountLockedTime" in account.more] == [
        "away",
        "left",
    ]


def test_an_account_ends_with_the_last_day_where_somebody_works(clinic):
    site = Site(name="there", timezone="America/New_York")
    there = clinic().model_copy(update={"sites": {"there": site}, "users": {"v": USERS[4], "w": ELSEWHERE}})
    ends = {each.uid: each.more["pwdEndTime"] for each in server(there).layout.accounts}
    assert ends == {"V.Endor": "20270101000000Z", "w": "20270101050000Z"}


def test_who_is_at_work_has_signed_in_within_the_month(clinic):
    seen = {each.uid: each.more.get("pwdLastSuccess", "") for each in server(clinic()).layout.accounts}
    assert [uid for uid, last in seen.items() if not last] == ["away", "left"]
    assert all("20260130" < last < "20260302" for last in seen.values() if last)


def test_the_day_that_the_inventory_is_looked_at_for_counts_first(clinic):
    seen = clinic().model_copy(update={"as_of": AsOf.on(date(2026, 3, 2))})
    assert "begins" in [account.uid for account in server(seen).layout.accounts]


def test_names_are_made_up_and_stay_the_same(clinic):
    by_id = {account.uid: account.name for account in server(clinic()).layout.accounts}
    assert by_id == {account.uid: account.name for account in server(clinic()).layout.accounts}
    assert by_id["named"] == ("Ludmilla", "Ølund")
    assert all(by_id["works"])


def test_branches_without_a_suffix_in_common_cannot_be_played(clinic):
    apart = clinic(groups={"pacs": {"base": "ou=groups,dc=elsewhere,dc=org"}})
    with pytest.raises(Unavailable, match="no suffix"):
        server(apart)


def test_an_active_directory_is_not_played_by_an_openldap(clinic):
    assert list(accounts.wanted(clinic(flavour="active-directory"))) == []


def test_it_has_the_declared_branches_and_who_is_disabled_cannot_sign_in(clinic, tmp_path):
    made = server(clinic())
    made.start(tmp_path / "people")
    found = slapd.attach(tmp_path / "people")
    try:
        told = search(found, "(objectClass=*)", "pwdAccountLockedTime")
        for dn in (PEOPLE, SERVICES, GROUPS, f"cn=staff,ou=rules,{SUFFIX}", f"uid=works,{PEOPLE}"):
            assert f"dn: {dn}\n" in told
        assert told.count("pwdAccountLockedTime: ") == 2
        assert [can_sign_in(found, name) for name in ("works", "left")] == [True, False]
    finally:
        found.stop()


def can_sign_in(found: slapd.Slapd, uid: str) -> bool:
    bind = ("-D", f"uid={uid},{PEOPLE}", "-y", str(found.password_file))
    return subprocess.run(["ldapwhoami", "-x", "-H", found.url, *bind], capture_output=True).returncode == 0


def test_the_lab_brings_it_keeps_it_and_leads_there(clinic, folder):
    inventory = clinic()
    up = practice.up(inventory, folder)
    assert [(part.name, part.running) for part in up.parts if part.name == "accounts"] == [("accounts", True)]
    laid = json.loads((folder / "overlay.json").read_text())["systems"]["accounts"]
    assert (laid["bind"]["dn"], laid["mode"]) == (f"cn=pacsconf,{SUFFIX}", "write")
    by_hand = practice.by_hand(folder, "accounts")
    note = f"dn: uid=works,{PEOPLE}\nchangetype: modify\nadd: description\ndescription: kept\n"
    subprocess.run(by_hand, input=note, text=True, check=True, capture_output=True)
    slapd.attach(folder / "accounts" / "accounts").stop()  # so that it is forgotten
    assert practice.status(folder).condition == "broken"
    again = practice.up(inventory, folder)
    assert (again.condition, again.emptied) == ("up", ("accounts",))


def test_one_that_was_killed_is_started_again_with_its_data(clinic, tmp_path):
    made = server(clinic())
    made.start(tmp_path / "people")
    first = slapd.attach(tmp_path / "people")
    command = directories.by_hand(tmp_path / "people")
    note = f"dn: uid=works,{PEOPLE}\nchangetype: modify\nadd: description\ndescription: kept\n"
    subprocess.run(command, input=note, text=True, check=True, capture_output=True)
    processes.end(tmp_path / "people")
    assert not made.stands(tmp_path / "people")
    assert made.revive(tmp_path / "people")
    again = slapd.attach(tmp_path / "people")
    try:
        assert again.pid != first.pid
        assert "description: kept" in search(again, "(uid=works)")
        assert made.stands(tmp_path / "people")
        owned = {"staff": {"base": PEOPLE, "owns_accounts": True}}
        assert not server(clinic(people=owned)).stands(tmp_path / "people")  # its rights would not fit
    finally:
        again.stop()
