"""Who can do what, and by which way."""

from __future__ import annotations

import pytest

from pacsconf.inventory.people import Grant
from pacsconf.inventory.permissions import PermissionScope
from pacsconf.people import access
from pacsconf.people.access import InGroup
from tests.people.staff import account, accounts_config, device, group, hospital, live, role, user

RADIOLOGIST = role("radiologist", "pacs-radiologist", permissions=("study:view", "study:query"))
CHIEF = role("chief", "pacs-chief", permissions=("study:view",), approvers=("kwolf",))
ADMIN = role("pacs-admin", "pacs-admin", permissions=("device:service",), conflicts_with=("auditor",))
AUDITOR = role("auditor", "pacs-auditor")
ROLES = (RADIOLOGIST, CHIEF, ADMIN, AUDITOR)
NESTED = accounts_config(nested={"pacs-users": ["pacs-radiologist"], "all": ["pacs-users"]})


def of(inventory, name, live=None):
    return access.of_user(inventory, inventory.users[name], live and {"accounts": live})


def test_a_role_leads_into_its_groups_and_into_those_around_them():
    inventory = hospital((user("mm", "radiologist"),), ROLES, config=NESTED)
    assert of(inventory, "mm").groups == (
        InGroup("accounts", "all", ("pacs-radiologist", "pacs-users", "all"), ("radiologist",)),
        InGroup("accounts", "pacs-radiologist", ("pacs-radiologist",), ("radiologist",)),
        InGroup("accounts", "pacs-users", ("pacs-radiologist", "pacs-users"), ("radiologist",)),
    )


def test_groups_of_everybody_are_for_who_has_any_role_there():
    config = accounts_config(place={"everyone": ["auth"]})
    inventory = hospital((user("mm", "radiologist"), user("nn")), ROLES, config=config)
    assert [(one.group, one.roles) for one in of(inventory, "mm").groups] == [
        ("auth", ()),
        ("pacs-radiologist", ("radiologist",)),
    ]
    assert of(inventory, "nn").groups == ()


def test_a_circle_of_declared_groups_ends():
    config = accounts_config(nested={"a": ["pacs-radiologist", "b"], "b": ["a"]})
    inventory = hospital((user("mm", "radiologist"),), ROLES, config=config)
    assert [one.group for one in of(inventory, "mm").groups] == ["a", "b", "pacs-radiologist"]


def test_a_permission_of_several_roles_is_told_once_with_all_of_them():
    inventory = hospital((user("mm", "radiologist", "chief"),), ROLES)
    assert [(str(one.what), one.roles) for one in of(inventory, "mm").permissions] == [
        ("study:query", ("radiologist",)),
        ("study:view", ("radiologist", "chief")),
    ]


@pytest.mark.parametrize(
    ("grant", "now"),
    [
        (Grant(role="radiologist"), True),
        (Grant(role="radiologist", until="2026-11-26"), True),
        (Grant(role="radiologist", until="2026-11-25"), False),
        (Grant(role="radiologist", starts="2026-11-27"), False),
    ],
)
def test_a_role_counts_to_the_end_of_its_last_day(grant, now):
    found = of(hospital((user("mm", grant),), ROLES), "mm")
    assert [one.now for one in found.roles] == [now]
    assert bool(found.permissions) is bool(found.groups) is now


def test_who_has_left_can_do_nothing_any_more():
    found = of(hospital((user("mm", "radiologist", ends="2026-11-25"),), ROLES), "mm")
    assert (found.stage, found.permissions, found.groups) == ("left", (), ())
    assert [one.now for one in found.roles] == [False]


def test_what_is_live_is_marked_beside_what_is_declared():
    inventory = hospital((user("mm", "radiologist", "chief"),), ROLES)
    there = live(
        ("mm",),
        group("pacs-radiologist", "mm"),
        group("helpdesk", "mm"),
        group("pacs-admin", groups=("helpdesk",)),
        group("pacs-chief"),
    )
    found = of(inventory, "mm", there)
    assert [(one.group, one.mark, one.live) for one in found.groups] == [
        ("helpdesk", "live, not declared", ("helpdesk",)),
        ("pacs-admin", "live, not declared", ("helpdesk", "pacs-admin")),
        ("pacs-chief", "declared, not live", None),
        ("pacs-radiologist", "declared and live", ("pacs-radiologist",)),
    ]
    assert not found.is_as_declared
    assert found.accounts == {"accounts": account("mm")}


def test_a_primary_group_counts_as_any_other():
    inventory = hospital((user("mm", "radiologist"),), ROLES)
    there = live((account("mm", by_itself=("pacs-radiologist",)),), group("pacs-radiologist"))
    assert of(inventory, "mm", there).is_as_declared
    assert there.members(("pacs-radiologist",)) == {"mm"}


def test_a_system_that_was_not_read_is_only_declared():
    found = of(hospital((user("mm", "radiologist"),), ROLES), "mm")
    assert [one.mark for one in found.groups] == ["declared"]
    assert found.is_as_declared


# --- a role


def test_a_role_tells_who_has_it_and_whether_it_counts_now():
    users = (
        user("gone", "chief", ends="2026-01-01"),
        user("mm", "chief"),
        user("later", Grant(role="chief", starts="2027-01-01", until="2027-02-01")),
        user("other", "auditor"),
    )
    inventory = hospital(users, ROLES)
    found = access.of_role(inventory, CHIEF)
    assert [(one.user.id, one.now) for one in found.holders] == [
        ("gone", False),
        ("later", False),
        ("mm", True),
    ]
    assert found.groups == (("accounts", ("pacs-chief",)),)


def test_a_conflict_counts_whichever_of_two_roles_names_it():
    inventory = hospital((), ROLES)
    assert access.of_role(inventory, AUDITOR).conflicts == ("pacs-admin",)
    assert access.of_role(inventory, ADMIN).conflicts == ("auditor",)


def test_approvers_are_users_and_who_has_a_role_now():
    wanted = role("wanted", approvers=("kwolf", "role:chief", "left", "nobody", "role:nothing"))
    users = (
        user("kwolf"),
        user("mm", "chief"),
        user("left", ends="2026-01-01"),
        user("ex", "chief", status="left"),
    )
    assert access.approvers(hospital(users, (*ROLES, wanted)), wanted) == {"kwolf", "mm"}


def test_a_role_shows_who_is_in_its_groups_without_it_and_who_is_not_though_they_have_it():
    inventory = hospital((user("mm", "chief"), user("nn", "chief"), user("aa", "auditor")), ROLES)
    there = live(("mm", "nn", "aa"), group("pacs-chief", "mm", groups=("inner",)), group("inner", "aa", "xx"))
    found = access.of_role(inventory, CHIEF, {"accounts": there})
    assert [(one.user, one.path) for one in found.outsiders] == [
        ("aa", ("inner", "pacs-chief")),
        ("xx", ("inner", "pacs-chief")),
    ]
    assert found.missing == (("nn", "accounts", "pacs-chief"),)


# --- a device


@pytest.mark.parametrize(
    ("limits", "reaches"),
    [
        ({}, True),
        ({"site": ("main",)}, True),
        ({"site": ("north",)}, False),
        ({"modality": ("MG", "CT")}, True),
        ({"modality": ("MR",)}, False),
        ({"device": ("ct-1",)}, True),
        ({"device": ("ct-2",)}, False),
        ({"department": ("radiology",)}, True),
        ({"department": ("cardiology",)}, False),
        ({"site": ("main",), "modality": ("MR",)}, False),
        ({"label": ("research",)}, True),
    ],
)
def test_a_permission_reaches_a_device_that_all_of_its_limits_fit(limits, reaches):
    ct = device("ct-1", site="main", modality=("CT",), institution_departments=("radiology",))
    assert access.fits(PermissionScope(permission="study:view", **limits), ct) is reaches


def test_a_device_without_a_site_is_reached_by_no_permission_for_a_site():
    assert not access.fits(PermissionScope(permission="study:view", site=("main",)), device("ct-1"))


def test_a_device_tells_who_can_do_what_and_whose_account_it_uses():
    service = user("svc-ct", "chief", kind="service", device="ct-1", collection="service_accounts")
    limited = role("service", permissions=({"permission": "device:service", "device": "mr-1"},))
    inventory = hospital((user("mm", "radiologist"), user("aa", "pacs-admin"), service), (*ROLES, limited))
    found = access.of_device(inventory, device("ct-1"))
    assert [(str(one.what), one.roles, one.users) for one in found.permissions] == [
        ("device:service", ("pacs-admin",), ("aa",)),
        ("study:query", ("radiologist",), ("mm",)),
        ("study:view", ("chief", "radiologist"), ("mm", "svc-ct")),
    ]
    assert found.accounts == (service,)
