"""From accounts and groups to roles, users and service accounts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pacsconf.adopt.draft import Draft
from pacsconf.adopt.people import Asked, Known, draft, role_names
from pacsconf.inventory.people import Grant, JobRole, User
from pacsconf.people.live import LiveAccount, LiveAccounts, LiveGroup

CONFIG = {"type": "accounts", "url": "ldap://127.0.0.1:389", "groups": {"pacs": {"base": "ou=groups,dc=x"}}}


def account(login: str, **more: Any) -> LiveAccount:
    place = more.pop("place", "people")
    return LiveAccount(login, login, f"uid={login},ou=people,dc=x", place, **more)


def group(name: str, *users: str, **more: Any) -> LiveGroup:
    return LiveGroup(name, f"cn={name},ou=groups,dc=x", users, **more)


def live(accounts: list[LiveAccount], *groups: LiveGroup) -> LiveAccounts:
    return LiveAccounts("accounts", {one.user: one for one in accounts}, {one.name: one for one in groups})


def adopted(look: LiveAccounts, known: Known | None = None, **asked: Any) -> Draft:
    ours = Asked("accounts", CONFIG, lambda name: "pacs" if name.startswith("pacs-") else None, **asked)
    return draft(ours, look, known)


def test_each_group_is_a_role_and_its_members_have_it() -> None:
    anna, ben = account("anna", expires=date(2027, 3, 1)), account("ben", enabled=False)
    made = adopted(
        live(
            [anna, ben, account("nobody")],
            group("pacs-radiologist", "anna", "ben", description="Reads images"),
            group("pacs-qc", "anna"),
            group("pacs-empty"),
            group("vpn", "anna"),
        )
    )
    assert made.people == {
        "roles": {
            "empty": {"groups": {"accounts": "pacs-empty"}},
            "qc": {"groups": {"accounts": "pacs-qc"}},
            "radiologist": {"description": "Reads images", "groups": {"accounts": "pacs-radiologist"}},
        },
        "users": {
            "anna": {"roles": ["qc", "radiologist"], "ends": "2027-03-01"},
            "ben": {"roles": ["radiologist"], "status": "suspended"},
        },
        "service_accounts": {},
    }
    assert made.systems == {"accounts": {**CONFIG, "mode": "read-only"}}
    assert made.remarks == ()


def test_kinds_are_guessed_and_told_with_their_reasons() -> None:
    logins = ["ct2", "svc-router", "ext-meier", "notfall"]
    made = adopted(live([account(login) for login in logins], group("pacs-admin", *logins), group("pacs-qc")))
    assert made.people["users"] == {
        "ct2": {"kind": "shared", "roles": ["admin"]},
        "ext-meier": {"kind": "vendor", "roles": ["admin"]},
        "notfall": {"kind": "break-glass", "roles": ["admin"]},
    }
    assert made.people["service_accounts"] == {"svc-router": {"roles": ["admin"]}}
    assert made.people["roles"]["admin"]["administrator"] is True
    assert made.comments == {
        ("roles", "admin"): "Taken for a role of administrators, by its name.",
        ("users", "ct2"): "Taken for an account that several share: by its name.",
        ("users", "ext-meier"): "Taken for an account of somebody from outside: by its name.",
        ("users", "notfall"): "Taken for an account for emergencies: by its name.",
        ("service_accounts", "svc-router"): "Taken for an account of a program: by its name.",
    }
    assert [one.summary for one in made.remarks] == [
        "Taken for roles of administrators, by their names: admin",
        "Taken for accounts that several share: ct2",
        "Taken for accounts of people from outside: ext-meier",
        "Taken for accounts for emergencies: notfall",
        "Taken for accounts of programs: svc-router",
    ]


@pytest.mark.parametrize(
    ("login", "name"),
    [(" lead", "lead"), ("two  spaces", "two-spaces"), ("\t", "user"), ("x" * 200, "x" * 50), ("ä ", "user")],
)
def test_a_login_that_is_no_name_gets_a_made_up_id(login: str, name: str) -> None:
    made = adopted(live([account(login)], group("pacs-a", login), group("pacs-b")))
    assert made.people["users"] == {name: {"roles": ["a"], "logins": {"accounts": login}}}


@pytest.mark.parametrize("login", ["Müller, Anna", "#1", 'say "x"', "a+b", "no", "007", "a/b", "a:b", "*"])
def test_an_odd_login_is_its_id(login: str) -> None:
    made = adopted(live([account(login)], group("pacs-a", login), group("pacs-b")))
    assert made.people["users"] == {login: {"roles": ["a"]}}


def test_logins_that_differ_by_capitals_are_two_users() -> None:
    made = adopted(live([account("anna"), account("ANNA")], group("pacs-a", "anna", "ANNA"), group("pacs-b")))
    assert made.people["users"] == {
        "ANNA": {"roles": ["a"]},
        "anna-2": {"roles": ["a"], "logins": {"accounts": "anna"}},
    }


def test_names_are_written_only_if_asked_for() -> None:
    anna = account("anna", personal={"name": "Anna B", "email": "a@x.example", "employee": "7"})
    look = live([anna], group("pacs-a", "anna"), group("pacs-b"))
    assert adopted(look).people["users"] == {"anna": {"roles": ["a"]}}
    assert adopted(look, with_names=True).people["users"] == {
        "anna": {"roles": ["a"], "name": "Anna B", "email": "a@x.example", "employee": "7"}
    }


def test_members_that_cannot_be_declared_are_told() -> None:
    look = live(
        [account("gone", exists=False), account("far", place="")],
        group("pacs-a", "gone", "far", elsewhere=("uid=who,ou=other,dc=x",)),
    )
    made = adopted(look)
    assert made.people["users"] == {}
    others = "2 members of groups are in none of the branches that were read, and left unmanaged: "
    assert [one.summary for one in made.remarks] == [
        "1 member of groups is not there and left unmanaged: gone",
        f"{others}far and uid=who,ou=other,dc=x",
    ]


def test_what_is_a_member_where_nobody_is_stands_in_the_branch() -> None:
    nobody = "cn=Nobody,ou=groups,dc=x"
    look = live([account("anna")], group("pacs-a", "anna"), group("pacs-b", elsewhere=(nobody,)))
    made = adopted(look)
    assert made.systems["accounts"]["groups"] == {"pacs": {"base": "ou=groups,dc=x", "placeholder": nobody}}
    assert made.remarks == ()


def test_groups_in_groups_stay_so_save_what_closes_a_circle() -> None:
    look = live(
        [],
        group("pacs-a", groups=("pacs-b", "pacs-a", "vpn")),
        group("pacs-b", groups=("pacs-c",)),
        group("pacs-c", groups=("pacs-a",)),
    )
    made = adopted(look)
    assert made.systems["accounts"]["nested"] == {"pacs-a": ["pacs-b"], "pacs-b": ["pacs-c"]}
    assert [one.summary for one in made.remarks] == [
        "Group pacs-a in group pacs-a is not declared: they contain each other in a circle",
        "Group vpn in group pacs-a is not declared: it is none of those that are adopted",
        "Group pacs-a in group pacs-c is not declared: they contain each other in a circle",
    ]


@pytest.mark.parametrize(
    ("groups", "roles"),
    [
        (["pacs-a", "pacs-b"], ["a", "b"]),
        (["pacs-radiologist", "pacs-radiographer"], ["radiologist", "radiographer"]),
        (["PACS Readers", "pacs Admins"], ["Readers", "Admins"]),
        (["pacs", "pacs-admin"], ["pacs", "pacs-admin"]),
        (["pacs-", "pacs-admin"], ["pacs-", "admin"]),
        (["alone-group"], ["alone-group"]),
        (["x", "y"], ["x", "y"]),
        ([], []),
    ],
)
def test_roles_are_called_as_groups_without_what_all_begin_with(groups: list[str], roles: list[str]) -> None:
    assert list(role_names(groups).values()) == roles


# --- beside an inventory ------------------------------------------------------------------------------------


def known(**more: Any) -> Known:
    reader = JobRole(id="reader", groups={"accounts": ("pacs-reader",)})
    return Known(roles={"reader": reader, "qc": JobRole(id="qc")}, **more)


def test_a_role_that_leads_into_a_group_stands_for_it() -> None:
    made = adopted(live([account("anna")], group("pacs-reader", "anna"), group("pacs-b", "anna")), known())
    assert list(made.people["roles"]) == ["b"]
    assert made.people["users"] == {"anna": {"roles": ["b", "reader"]}}


def test_a_role_of_that_name_that_leads_elsewhere_keeps_it() -> None:
    made = adopted(live([account("anna")], group("pacs-qc", "anna"), group("pacs-b")), known())
    assert list(made.people["roles"]) == ["b", "qc-2"]
    assert [one.summary for one in made.remarks] == [
        "Role qc is declared already, so group pacs-qc became role qc-2"
    ]


def test_somebody_of_the_personnel_file_is_given_roles() -> None:
    row = User(id="4711", logins={"accounts": "Anna"})
    look = live([account("anna")], group("pacs-b", "anna"), group("pacs-c"))
    made = adopted(look, known(users={"4711": row}, open=frozenset({"4711"})))
    assert made.people["users"] == {"4711": {"roles": ["b"], "logins": {"accounts": "anna"}}}


@pytest.mark.parametrize("same", [{"employee": "81"}, {"email": "Anna@X.example"}])
def test_a_row_of_the_personnel_file_is_known_by_what_both_have(same: dict[str, str]) -> None:
    row = User(id="4711", **{name: text.lower() for name, text in same.items()})
    anna = account("anna", personal=same)
    rows = known(users={"4711": row}, open=frozenset({"4711"}))
    made = adopted(live([anna], group("pacs-b", "anna"), group("pacs-c")), rows)
    assert made.people["users"] == {"4711": {"roles": ["b"], "logins": {"accounts": "anna"}}}


def test_what_two_have_in_common_says_nothing() -> None:
    rows = {name: User(id=name, email="office@x.example") for name in ("1", "2")}
    anna = account("anna", personal={"email": "office@x.example"})
    made = adopted(
        live([anna], group("pacs-b", "anna"), group("pacs-c")), known(users=rows, open=frozenset(rows))
    )
    assert made.people["users"] == {"anna": {"roles": ["b"]}}


def test_somebody_whom_a_person_wrote_is_kept_as_they_are() -> None:
    anna, ben = (User(id=name, grants=(Grant(role="reader"),)) for name in ("anna", "ben"))
    look = live(
        [account("anna"), account("ben")], group("pacs-reader", "anna", "ben"), group("pacs-b", "anna")
    )
    made = adopted(look, known(users={"anna": anna, "ben": ben}))
    assert made.people["users"] == {}
    assert [one.summary for one in made.remarks] == [
        "anna is declared already, and is live in groups of b too"
    ]


def test_a_branch_of_programs_alone_is_for_them() -> None:
    config = {**CONFIG, "people": {"staff": {"base": "ou=people,dc=x"}, "programs": {"base": "ou=p,dc=x"}}}
    look = live(
        [account("anna", place="staff"), account("svc-a", place="programs")], group("pacs-a", "anna", "svc-a")
    )
    made = draft(Asked("accounts", config, lambda _: "pacs"), look)
    assert made.systems["accounts"]["people"] == {
        "staff": {"base": "ou=people,dc=x"},
        "programs": {"base": "ou=p,dc=x", "kinds": ["service"]},
    }
