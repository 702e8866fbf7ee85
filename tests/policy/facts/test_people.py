"""Users, roles, groups and password policies as rules see them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pacsconf.core.address import Address
from pacsconf.core.review import Decision, Review, ReviewLine
from pacsconf.inventory.model import Inventory, Site
from pacsconf.inventory.people import AsOf, Grant, PasswordPolicy, Security, User
from pacsconf.inventory.permissions import PermissionScope
from pacsconf.people.live import LiveAccounts
from pacsconf.policy.evidence import Evidence, SystemEvidence
from pacsconf.policy.facts import people
from pacsconf.policy.facts.places import Sites
from pacsconf.policy.subject import Subject
from pacsconf.policy.vocabulary import KINDS
from tests.people.staff import NOW, account, accounts_config, group, hospital, live, role, user

KEPT = {"base": "ou=policies,dc=x", "default": "everybody"}


def evidence(inventory: Inventory, *read: LiveAccounts, **more: Any) -> Evidence:
    systems = {one.system: SystemEvidence(one.system, "accounts", "configured", accounts=one) for one in read}
    return Evidence(inventory, NOW, **({"systems": systems} | more))


def declared(of: Evidence) -> dict[str, tuple[Subject, ...]]:
    return people.declared(of, Sites(of))


def said(kind: str, name: str, inventory: Inventory, *read: LiveAccounts, **more: Any) -> dict[str, Any]:
    """What is declared of one subject."""
    found = declared(evidence(inventory, *read, **more))[kind]
    return dict(next(one for one in found if one.name == name).declared)


def seen(kind: str, name: str, inventory: Inventory, *read: LiveAccounts, **more: Any) -> dict[str, Any]:
    """What is live of one subject."""
    return dict(people.configured(evidence(inventory, *read, **more))[kind][name])


# --- the vocabulary -----------------------------------------------------------------------------------------------

WHOLE = hospital(
    (
        user("ann", "reader", starts="2026-11-01", ends="2026-12-31", site="main"),
        user("eve", Grant(role="emergency", until="2026-11-25", emergency=True)),
    ),
    (
        role("reader", "pacs-readers", max_holders=3, review_every=180, approvers=("ann",)),
        role("emergency", emergency=True),
    ),
    security=Security(password_policy=PasswordPolicy(min_length=12, history=5, lockout_after=10)),
    config=accounts_config(password_policies=KEPT),
)
SIGNED = Review("AR-1", ("reader", "emergency"), "2026-11-26", "x", "2026-11-20T00:00:00Z")
EVERYTHING = evidence(
    WHOLE,
    reviews=(SIGNED,),
    systems={
        "accounts": SystemEvidence(
            "accounts",
            "accounts",
            "configured",
            accounts=live(
                (account("ann", password_changed=NOW, expires=NOW.date()), account("eve", last_seen=None)),
                group("pacs-readers", "ann"),
            ),
            configured={
                "password-policy": {
                    "default": {
                        "exists": True,
                        "min_length": 8,
                        "history": 5,
                        "lockout_after": 0,
                        "reversible": False,
                    }
                }
            },
        )
    },
)


@pytest.mark.parametrize("kind", ["user", "role", "group", "password-policy"])
def test_every_word_for_people_is_filled_somewhere_and_none_is_made_up(kind):
    subjects = declared(EVERYTHING)[kind]
    filled = {name for one in subjects for name in one.declared}
    assert filled == KINDS[kind].fields("declared").keys()
    read = {name for facts in people.configured(EVERYTHING)[kind].values() for name in facts}
    assert read == KINDS[kind].fields("configured").keys()
    assert people.configured(EVERYTHING)[kind].keys() <= {one.name for one in subjects}


# --- users --------------------------------------------------------------------------------------------------------


def test_days_are_those_where_somebody_works():
    sites = {"far": Site(name="far", timezone="Pacific/Auckland"), "main": Site(name="main")}
    night = datetime(2026, 11, 26, 20, tzinfo=UTC)
    inventory = hospital(
        (user("kiwi", "r", ends="2026-11-26", site="far"), user("ann", "r", ends="2026-11-26", site="main")),
        (role("r"),),
        sites=sites,
    ).model_copy(update={"as_of": AsOf(night)})
    kiwi, ann = said("user", "kiwi", inventory), said("user", "ann", inventory)
    assert (kiwi["days_to_end"], kiwi["at_work"], kiwi["roles"]) == (-1, False, [])
    assert (ann["days_to_end"], ann["at_work"], ann["roles"]) == (0, True, ["r"])


def test_an_inventory_without_a_day_is_looked_at_on_that_of_the_evidence():
    inventory = hospital((user("ann", ends="2026-11-25"),)).model_copy(update={"as_of": None})
    assert said("user", "ann", inventory)["days_to_end"] == -1


def test_what_is_wrong_with_the_roles_of_somebody_is_told_of_those_had_today():
    roles = (
        role("reader", professions=("physician",), trainings=("gdpr",)),
        role("admin", administrator=True, conflicts_with=("auditor",)),
        role("auditor", kinds=("vendor",)),
        role("glass", emergency=True),
    )
    one = user(
        "ann",
        "reader",
        "admin",
        "auditor",
        "glass",
        Grant(role="later", starts="2027-01-01"),
        profession="nurse",
    )
    facts = said("user", "ann", hospital((one,), (*roles, role("later", trainings=("x",)))))
    assert facts["roles"] == ["reader", "admin", "auditor", "glass"]
    assert facts["admin_roles"] == ["admin"]
    assert facts["conflicts"] == ["admin and auditor"]
    assert facts["unfit_roles"] == ["reader", "auditor"]
    assert facts["untrained"] == ["gdpr"]
    assert facts["standing_emergency"] == ["glass"]
    assert facts["human_roles"] == []


def test_a_service_account_in_a_role_for_people_is_told():
    facts = said(
        "user", "bot", hospital((user("bot", "admin", kind="service"),), (role("admin", administrator=True),))
    )
    assert (facts["human_roles"], facts["unfit_roles"]) == (["admin"], [])


def test_nobody_is_called_by_name():
    one = User(id="ann", name="Ann Example", email="ann@x.example", employee="4711", owner="it")
    found = declared(evidence(hospital((one,))))
    assert "Example" not in repr(found)
    assert "4711" not in repr(found)


def test_a_subject_is_where_waivers_and_changes_find_it():
    (one,) = declared(evidence(hospital((user("ann", device="ct-1"),))))["user"]
    assert one.path == ("users", "ann")
    assert one.device == "ct-1"
    assert one.about == (Address.of("accounts", "user", "ann"), Address.of("accounts", "membership", "ann"))


# --- users, live --------------------------------------------------------------------------------------------------

STAFF = hospital(
    (user("ann", "reader"), user("gone", "reader", status="left")),
    (role("reader", "pacs-readers"), role("admin", "pacs-admins", administrator=True)),
)


def test_who_has_left_and_is_still_in_is_seen():
    read = live(("ann", "gone"), group("pacs-readers", "ann", "gone"))
    facts = seen("user", "gone", STAFF, read)
    assert facts["enabled"] == ["accounts"]
    assert facts["groups_beyond"] == ["accounts: pacs-readers"]
    assert seen("user", "ann", STAFF, read)["groups_beyond"] == []


def test_who_moved_is_seen_with_groups_beyond_and_missing():
    facts = seen("user", "ann", STAFF, live(("ann",), group("pacs-admins", "ann"), group("pacs-readers")))
    assert facts["groups_beyond"] == ["accounts: pacs-admins"]
    assert facts["groups_missing"] == ["accounts: pacs-readers"]


def test_groups_in_groups_lead_to_roles_that_nobody_may_have_both():
    inventory = hospital(
        (user("ann", "reader"),),
        (role("reader", "pacs-readers"), role("admin", "pacs-admins", conflicts_with=("reader",))),
    )
    read = live(
        ("ann",), group("pacs-readers", "ann"), group("inner", "ann"), group("pacs-admins", groups=("inner",))
    )
    assert seen("user", "ann", inventory, read)["conflicts"] == ["accounts: admin and reader"]


def test_what_nobody_looked_at_is_not_told_as_absent():
    two = STAFF.model_copy(update={"systems": {**STAFF.systems, "other": accounts_config(name="other")}})
    facts = seen("user", "ann", two, live((account("ann"),), group("pacs-readers", "ann")))
    assert facts == {
        "exists": True,
        "enabled": ["accounts"],
        "never_signed_in": False,
        "no_expiry": True,
    }
    assert seen("user", "gone", two, live((), group("pacs-readers"))) == {}


def test_without_any_system_nothing_is_told_of_anybody():
    assert "user" not in people.configured(evidence(STAFF))


def test_a_server_that_does_not_tell_the_last_sign_in_leaves_it_unknown():
    quiet = account("ann", last_seen=None, last_seen_known=False)
    facts = seen("user", "ann", STAFF, live((quiet,), group("pacs-readers", "ann")))
    assert facts.keys().isdisjoint(
        {"dormant_days", "never_signed_in", "password_days", "used_since_password", "expires_days"}
    )
    assert facts["no_expiry"] is True


def test_days_since_the_last_sign_in_leave_room_for_a_domain_that_lags_behind():
    long_ago = account("ann", last_seen=NOW - timedelta(days=100))
    read = live((long_ago,), group("pacs-readers", "ann"))
    domain = STAFF.model_copy(update={"systems": {"accounts": accounts_config(flavour="active-directory")}})
    assert seen("user", "ann", STAFF, read)["dormant_days"] == 100
    assert seen("user", "ann", domain, read)["dormant_days"] == 86


def test_an_account_that_is_closed_is_not_dormant():
    closed = account("gone", enabled=False, last_seen=NOW - timedelta(days=100))
    facts = seen("user", "gone", STAFF, live((closed,), group("pacs-readers")))
    assert "dormant_days" not in facts
    assert (facts["exists"], facts["enabled"], facts["never_signed_in"]) == (True, [], False)


@pytest.mark.parametrize(
    ("last", "changed", "flavour", "broken"),
    [
        (NOW, NOW - timedelta(days=1), "openldap", True),
        (NOW - timedelta(days=2), NOW - timedelta(days=1), "openldap", False),
        (NOW - timedelta(days=2), NOW - timedelta(days=1), "active-directory", None),
        (NOW - timedelta(days=20), NOW - timedelta(days=1), "active-directory", False),
        (None, NOW, "active-directory", False),
        (NOW, None, "openldap", None),
    ],
)
def test_a_seal_is_broken_where_somebody_signed_in_after_the_password_was_set(last, changed, flavour, broken):
    inventory = hospital((user("glass", kind="break-glass"),), config=accounts_config(flavour=flavour))
    read = live((account("glass", last_seen=last, password_changed=changed),))
    assert seen("user", "glass", inventory, read).get("used_since_password") is broken


# --- roles --------------------------------------------------------------------------------------------------------


def test_a_role_tells_who_has_it_and_who_lets_somebody_have_it():
    inventory = hospital(
        (user("ann", "reader"), user("bob", "reader", status="left"), user("cy", "head")),
        (
            role("reader", "pacs-readers", approvers=("role:head", "bob"), mfa="vpn"),
            role("head", approvers=("cy",), permissions=(PermissionScope(permission="study:view"),)),
        ),
    )
    reader, head = said("role", "reader", inventory), said("role", "head", inventory)
    assert (reader["holders"], reader["approvers"], reader["self_approved"]) == (["ann"], ["cy"], False)
    assert (head["approvers"], head["self_approved"], head["permissions"]) == (["cy"], True, ["study:view"])
    assert (reader["lands"], reader["mfa"]) == (["accounts"], "vpn")


def decided(name: str, on: str) -> ReviewLine:
    return ReviewLine(name, "glass", decision=Decision("keep", "Bob <b@x>", "bob", f"{on}T10:00:00Z"))


EMERGENCY = hospital(
    (
        user("ann", Grant(role="glass", starts="2026-11-01", until="2026-11-02", emergency=True)),
        user("now", Grant(role="glass", starts="2026-11-26", until="2026-11-27", emergency=True)),
    ),
    (role("glass", emergency=True),),
)


def test_a_use_in_an_emergency_that_is_over_waits_for_somebody_to_look_at_it():
    facts = said("role", "glass", EMERGENCY, reviews=())
    assert facts["emergency_unreviewed"] == ["ann until 2026-11-02"]
    assert facts["emergency_waiting_days"] == 24
    assert facts["reviewed"] is False


@pytest.mark.parametrize(("on", "waits"), [("2026-11-03", []), ("2026-10-03", ["ann until 2026-11-02"])])
def test_only_a_word_that_was_said_after_it_began_counts(on, waits):
    review = Review("AR-1", ("glass",), on, "x", f"{on}T09:00:00Z", (decided("ann", on),))
    assert said("role", "glass", EMERGENCY, reviews=(review,))["emergency_unreviewed"] == waits


def test_days_since_a_review_count_from_its_last_word():
    review = Review(
        "AR-1", ("glass",), "2026-11-30", "x", "2026-11-01T09:00:00Z", (decided("ann", "2026-11-16"),)
    )
    facts = said("role", "glass", EMERGENCY, reviews=(review,))
    assert (facts["reviewed"], facts["days_since_review"]) == (True, 10)


def test_a_record_that_nobody_read_tells_nothing_of_reviews():
    facts = said("role", "glass", EMERGENCY)
    assert facts.keys().isdisjoint(
        {"reviewed", "days_since_review", "emergency_unreviewed", "emergency_waiting_days"}
    )


def test_live_holders_of_a_role_are_in_all_its_groups_and_strangers_go_by_system():
    inventory = hospital((user("ann", "both"), user("bob")), (role("both", "one", "two"),))
    read = live(
        ("ann", "bob", "mallory", account("uid=lost,ou=people,dc=x", exists=False)),
        group("one", "ann", "bob", "mallory", "uid=lost,ou=people,dc=x"),
        group("two", "ann", "mallory", "uid=lost,ou=people,dc=x"),
    )
    assert seen("role", "both", inventory, read) == {"holders": ["ann"], "undeclared": ["accounts: mallory"]}


# --- groups -------------------------------------------------------------------------------------------------------


def test_groups_are_those_of_roles_and_those_that_are_there():
    inventory = hospital((user("ann", "admin"),), (role("admin", "pacs-admins", administrator=True),))
    read = live(("ann",), group("found"))
    found = declared(evidence(inventory, read))["group"]
    assert [(one.name, one.declared["privileged"], one.path) for one in found] == [
        ("accounts/found", False, ()),
        ("accounts/pacs-admins", True, ("roles", "admin", "groups", "accounts")),
    ]
    assert seen("group", "accounts/pacs-admins", inventory, read)["exists"] is False


def test_what_is_in_a_group_that_nobody_put_there_is_counted_or_named_by_login():
    inventory = hospital(
        (user("ann", "reader"),),
        (role("reader", "outer"),),
        config=accounts_config(nested={"outer": ["meant"]}),
    )
    lost = "uid=lost,ou=people,dc=x"
    read = live(
        ("ann", "mallory", account(lost, exists=False)),
        group("outer", "ann", lost, groups=("meant", "hidden"), elsewhere=("cn=Somebody Else,dc=y",)),
        group("meant"),
        group("hidden", "mallory", groups=("outer",)),
    )
    facts = seen("group", "accounts/outer", inventory, read)
    assert facts == {
        "exists": True,
        "members": 2,
        "undeclared": ["accounts: mallory"],
        "hidden": ["hidden"],
        "dangling": 1,
        "elsewhere": 1,
        "circular": True,
    }
    assert "Somebody" not in repr(people.configured(evidence(inventory, read)))


def test_a_primary_group_counts_its_members():
    inventory = hospital((user("ann", "reader"),), (role("reader", "staff"),))
    read = live((account("ann", by_itself=("staff",)),), group("staff"))
    assert seen("group", "accounts/staff", inventory, read)["members"] == 1


# --- password policies --------------------------------------------------------------------------------------------


def keeping(*names: str) -> Inventory:
    policy = PasswordPolicy(min_length=12)
    systems = {name: accounts_config(name=name, password_policies=KEPT) for name in names}
    inventory = hospital(security=Security(password_policy=policy))
    return inventory.model_copy(update={"systems": systems})


def told(system: str, **policies: dict[str, Any]) -> dict[str, SystemEvidence]:
    return {
        system: SystemEvidence(system, "accounts", "configured", configured={"password-policy": policies})
    }


def test_of_several_systems_the_weakest_policy_counts():
    read = told(
        "a", default={"exists": True, "min_length": 12, "lockout_after": 0, "reversible": True}
    ) | told("b", default={"exists": True, "min_length": 8, "lockout_after": 9})
    assert seen("password-policy", "default", keeping("a", "b"), systems=read) == {
        "exists": True,
        "min_length": 8,
        "lockout_after": 0,
    }


def test_a_policy_of_which_one_system_was_not_read_is_not_known():
    read = told("a", default={"exists": True, "min_length": 12})
    assert people.configured(evidence(keeping("a", "b"), systems=read))["password-policy"] == {}


def test_a_policy_that_only_a_system_has_is_a_subject_of_its_own():
    read = told("a", default={"exists": False}, **{"a/old": {"exists": True, "min_length": 4}})
    one, old = declared(evidence(keeping("a"), systems=read))["password-policy"]
    assert (one.name, one.declared["declared"], one.about) == (
        "default",
        True,
        (Address.of("a", "password-policy", "everybody"),),
    )
    assert (old.name, old.declared["declared"], old.about) == (
        "a/old",
        False,
        (Address.of("a", "password-policy", "old"),),
    )


# --- what could not be looked at ----------------------------------------------------------------------------------


def test_a_system_that_did_not_answer_is_named():
    down = {"accounts": SystemEvidence("accounts", "accounts", "unreached", why="connection refused")}
    found = declared(replace(evidence(WHOLE), systems=down))
    assert {one.blind for subjects in found.values() for one in subjects} == {
        "accounts was not read: connection refused"
    }
