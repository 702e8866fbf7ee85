"""What is live held against what is declared."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from pacsconf.inventory.baseline import Accepted
from pacsconf.inventory.people import Administrators, PasswordPolicy, Security
from pacsconf.people.remarks import looked_at
from tests.people.staff import NOW, account, accounts_config, group, hospital, live, role, user

RADIOLOGIST = role("radiologist", "pacs-radiologist")
ADMIN = role("pacs-admin", "pacs-admin", conflicts_with=("auditor",), administrator=True)
AUDITOR = role("auditor", "pacs-auditor")
ROLES = (RADIOLOGIST, ADMIN, AUDITOR)
ANNA, BEN = user("anna", "pacs-admin"), user("ben", "radiologist")
ADMINS, RADIOLOGISTS = group("pacs-admin", "anna"), group("pacs-radiologist", "ben")


def told(users, there, roles=ROLES, **more):
    found = looked_at(hospital(users, roles, **more), there, NOW)
    return [(one.kind, one.text) for one in found.remarks]


def seen(name, days):
    return account(name, last_seen=NOW - timedelta(days=days))


def test_nothing_is_said_of_what_is_as_declared():
    assert told((ANNA, BEN), live(("anna", "ben"), ADMINS, RADIOLOGISTS)) == []


def test_an_undeclared_member_is_told_by_its_way():
    there = live(("anna", "ben", "eve"), group("pacs-admin", "anna", groups=("helpdesk",)), RADIOLOGISTS,
                 group("helpdesk", "eve"))  # fmt: skip
    assert told((ANNA, BEN), there) == [
        ("undeclared", "eve is in helpdesk"),
        ("undeclared", "eve is in pacs-admin by helpdesk → pacs-admin"),
    ]


def test_a_declared_person_in_a_group_of_no_role_of_theirs():
    there = live(("anna", "ben"), group("pacs-admin", "anna", "ben"), RADIOLOGISTS)
    assert told((ANNA, BEN), there) == [("extra", "ben is in pacs-admin")]


def test_nesting_that_is_declared_is_no_remark_and_other_is():
    config = accounts_config(nested={"pacs-users": ["pacs-radiologist"]})
    nested = group("pacs-users", groups=("pacs-radiologist",))
    assert told((ANNA, BEN), live(("anna", "ben"), ADMINS, RADIOLOGISTS, nested), config=config) == []
    assert told((ANNA, BEN), live(("anna", "ben"), ADMINS, RADIOLOGISTS, nested)) == [
        ("extra", "ben is in pacs-users by pacs-radiologist → pacs-users")
    ]


def test_a_member_who_is_missing_and_an_account_that_is():
    assert told((ANNA, BEN), live(("anna", "ben"), ADMINS, group("pacs-radiologist"))) == [
        ("missing", "ben is not in pacs-radiologist (radiologist)")
    ]
    assert told((ANNA, BEN), live(("anna",), ADMINS, group("pacs-radiologist"))) == [
        ("no-account", "ben has radiologist")
    ]


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({"ends": "2026-11-25"}, "left on 2026-11-25"),
        ({"status": "left"}, "has left"),
        ({"status": "suspended"}, "is suspended"),
    ],
)
def test_who_left_and_is_still_in(facts, word):
    gone = user("ben", "radiologist", **facts)
    assert told((ANNA, gone), live(("anna", "ben"), ADMINS, RADIOLOGISTS)) == [
        ("left", f"ben {word}, and can sign in"),
        ("left", f"ben {word}, and is in pacs-radiologist"),
    ]
    away = live(("anna", account("ben", enabled=False)), ADMINS)
    assert told((ANNA, gone), away) == []


def test_who_has_not_begun_is_in_no_group_yet():
    later = user("ben", "radiologist", starts="2026-12-01")
    assert told((ANNA, later), live(("anna", "ben"), ADMINS, RADIOLOGISTS)) == [
        ("extra", "ben is in pacs-radiologist")
    ]


@pytest.mark.parametrize(
    ("facts", "kind", "text"),
    [
        ({"enabled": False}, "disabled", "ben is disabled"),
        ({"expires": date(2026, 11, 25)}, "expired", "ben expired on 2026-11-25"),
        ({"locked": True}, "locked", "ben is locked"),
        (
            {"last_seen": NOW - timedelta(days=91)},
            "dormant",
            "ben was last seen on 2026-08-27, 91 days ago",
        ),
        ({"last_seen": None}, "never-seen", "ben was never seen"),
    ],
)
def test_what_is_wrong_with_an_account(facts, kind, text):
    there = live(("anna", account("ben", **facts)), ADMINS, RADIOLOGISTS)
    assert told((ANNA, BEN), there) == [(kind, text)]


def test_how_long_is_dormant_is_declared_and_windows_is_late_with_telling():
    there = live(("anna", seen("ben", 40)), ADMINS, RADIOLOGISTS)
    strict = Security(dormant_after=30)
    assert [kind for kind, _ in told((ANNA, BEN), there, security=strict)] == ["dormant"]
    windows = accounts_config(flavour="active-directory")
    assert told((ANNA, BEN), there, security=strict, config=windows) == []


def test_a_last_sign_in_that_is_not_recorded_counts_as_nothing_and_is_said():
    there = live((account("anna", last_seen_known=False), "ben"), ADMINS, RADIOLOGISTS)
    found = looked_at(hospital((ANNA, BEN), ROLES), there, NOW)
    assert [(one.kind, one.text, one.counts) for one in found.remarks] == [
        ("unknown", "whether 1 of 2 accounts are dormant: their last sign-in is not recorded here", False)
    ]


def test_what_the_server_does_not_tell_is_said_in_its_words():
    there = live(("anna", "ben"), ADMINS, RADIOLOGISTS, cannot_tell=("who is locked",))
    assert told((ANNA, BEN), there) == [("unknown", "who is locked")]


def test_the_password_of_a_service_account_grows_old():
    service = user("svc", "radiologist", kind="service", collection="service_accounts")
    old = account("svc", password_changed=NOW - timedelta(days=400))
    there = live(("anna", old), ADMINS, group("pacs-radiologist", "svc"))
    assert told((ANNA, service), there) == [
        ("old-password", "svc has its password since 2025-10-22, 400 days")
    ]
    patient = Security(password_policies={"svc": PasswordPolicy(kinds=("service",), max_age=500)})
    assert told((ANNA, service), there, security=patient) == []
    assert told((ANNA, user("svc", "radiologist")), there) == []


def test_members_that_are_not_there_or_elsewhere_and_circles():
    there = live(
        ("anna", "ben", account("ghost", exists=False)),
        ADMINS,
        group("pacs-radiologist", "ben", "ghost", elsewhere=("cn=x,dc=y",)),
        group("a", groups=("b",)),
        group("b", groups=("a",)),
    )
    assert told((ANNA, BEN), there) == [
        ("dangling", "ghost in pacs-radiologist does not exist"),
        ("elsewhere", "cn=x,dc=y in pacs-radiologist"),
        ("circle", "a → b → a"),
    ]


def test_duties_that_nobody_may_have_both_are_seen_over_nested_groups():
    there = live(
        ("anna", "ben"), group("pacs-admin", "anna", groups=("inner",)), RADIOLOGISTS,
        group("inner", "ben"), group("pacs-auditor", "ben"),
    )  # fmt: skip
    assert ("separation", "ben has auditor and pacs-admin, by inner → pacs-admin; pacs-auditor") in told(
        (ANNA, BEN), there
    )


def test_who_cannot_sign_in_has_no_duties():
    there = live(
        ("anna", account("ben", enabled=False)), group("pacs-admin", "anna", "ben"), RADIOLOGISTS,
        group("pacs-auditor", "ben"),
    )  # fmt: skip
    assert "separation" not in [kind for kind, _ in told((ANNA, BEN), there)]


def test_roles_whose_groups_lead_into_each_other_cannot_be_told_apart_live():
    config = accounts_config(nested={"pacs-auditor": ["pacs-admin"]})
    there = live(("anna",), ADMINS, group("pacs-auditor", groups=("pacs-admin",)))
    assert told((ANNA,), there, config=config) == []


def test_administrators_are_who_can_sign_in_and_has_all_of_a_role():
    there = live((account("anna", enabled=False), "ben"), ADMINS, RADIOLOGISTS)
    wanted = Security(administrators=Administrators(minimum=2, required=("anna",)))
    assert told((ANNA, BEN), there, security=wanted)[:2] == [
        ("administrators", "0 can administer, 2 must (security.administrators.minimum)"),
        ("administrators", "anna cannot administer, and must (security.administrators.required)"),
    ]
    found = looked_at(hospital((ANNA, BEN), ROLES), live(("anna", "ben"), ADMINS, RADIOLOGISTS), NOW)
    assert (found.administrators, found.accounts, found.groups) == (1, 2, 2)


def test_where_no_administrators_role_lands_none_is_missed():
    found = looked_at(hospital((BEN,), (RADIOLOGIST,)), live(("ben",), RADIOLOGISTS), NOW)
    assert (found.administrators, found.remarks) == (None, ())


def test_what_the_baseline_accepts_does_not_count():
    accepted = Accepted(rule="PACS-USR-002", at="users.ben", owner="kwolf", until="2026-12-31")
    there = live(("anna", "ben"), group("pacs-admin", "anna", "ben"), RADIOLOGISTS)
    found = looked_at(hospital((ANNA, BEN), ROLES, baseline={"w": accepted}), there, NOW)
    assert [(one.counts, one.accepted) for one in found.remarks] == [(False, "until 2026-12-31 by kwolf")]
