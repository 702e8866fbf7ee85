"""Rules about people, service accounts, roles and passwords: one sound inventory, and one fault in it at a time."""

from __future__ import annotations

import pytest

from pacsconf.inventory.environment import for_environment

SOUND = {
    "sites": {"main": {"timezone": "Europe/Berlin"}},
    "devices": {"router-1": {"type": "router", "ae_title": "ROUTER", "host": "10.20.0.9", "port": 104}},
    "users": {
        "mmueller": {
            "roles": ["radiologist"],
            "profession": "physician",
            "site": "main",
            "email": "m@example.org",
        },
        "kwolf": {"roles": ["pacs-admin"], "employee": "'17'"},
        "rlang": {"roles": ["pacs-admin", "chief"]},
        "sv-meier": {
            "kind": "vendor",
            "sponsor": "mmueller",
            "ends": "2026-12-31",
            "roles": ["service-engineer"],
        },
        "seal-1": {"kind": "break-glass", "ends": "2027-01-31", "owner": "pacs team"},
    },
    "service_accounts": {
        "svc-router": {
            "owner": "pacs-team",
            "purpose": "sends",
            "device": "router-1",
            "roles": ["svc-router"],
        }
    },
    "roles": {
        "radiologist": {
            "permissions": "study:view",
            "conflicts_with": ["pacs-admin"],
            "professions": ["physician"],
            "max_holders": "2",
            "approvers": ["role:chief", "kwolf"],
            "groups": {"accounts": "pacs-radiologist"},
        },
        "pacs-admin": {"administrator": "true", "mfa": "keycloak", "groups": {"accounts": "pacs-admin"}},
        "chief": {"groups": {"accounts": "pacs-chief"}},
        "emergency": {"emergency": "true", "groups": {"accounts": "pacs-emergency"}},
        "service-engineer": {"kinds": "vendor", "groups": {"accounts": "pacs-service"}},
        "svc-router": {"groups": {"accounts": "pacs-svc-router"}},
    },
    "security": {
        "password_policy": {"min_length": "12", "history": "5", "lockout_after": "10"},
        "password_policies": {"admins": {"roles": ["pacs-admin"], "min_length": "16"}},
        "administrators": {"minimum": "2", "required": ["kwolf"]},
    },
    "systems": {
        "accounts": {
            "type": "accounts",
            "url": "ldaps://ldap.example.org",
            "people": {"staff": {"base": "'ou=people,dc=x'"}},
            "groups": {"pacs": {"base": "'ou=groups,dc=x'", "names": ["pacs-*"]}},
            "nested": {"pacs-users": ["pacs-radiologist", "pacs-chief"]},
        }
    },
}


def yaml(value, indent=""):
    """Plain values as YAML with one key a line."""
    if not isinstance(value, dict):
        return f" [{', '.join(value)}]\n" if isinstance(value, list) else f" {value}\n"
    if not value:
        return " {}\n"
    lines = "".join(f"{indent}  {key}:{yaml(held, indent + '  ')}" for key, held in value.items())
    return f"\n{lines}"


def changed(value, change):
    """The inventory with something else in it; None takes away."""
    if not isinstance(change, dict) or not isinstance(value, dict):
        return change
    merged = {**value, **{key: changed(value.get(key), each) for key, each in change.items()}}
    return {key: held for key, held in merged.items() if held is not None}


@pytest.fixture
def found(declare):
    """Loads the sound inventory with a change, and gives each finding as `severity RULE path summary`."""

    def lines(change):
        whole = changed(SOUND, change)
        loaded = declare("".join(f"{key}:{yaml(held)}" for key, held in whole.items()))
        more = for_environment(loaded.built)[1] if loaded.built else ()
        return [
            f"{one.severity} {one.rule} {'.'.join(map(str, one.path))} {one.summary}"
            for one in (*loaded.findings, *more)
        ]

    return lines


def test_nothing_is_wrong_with_what_is_sound(found):
    assert found({}) == []


USER = {"roles": ["radiologist"], "profession": "physician"}
CASES = {
    "unknown role": (
        {"users": {"mmueller": {"roles": ["radiolgist"]}}},
        "error PACS-USR-020 users.mmueller.grants.0",
        'There is no role "radiolgist", which mmueller has; did you mean "radiologist"?',
    ),
    "unknown role for a time": (
        {"users": {"kwolf": {"roles": ["pacs-admin", "{role: chif, until: 2027-01-01}"]}}},
        "error PACS-USR-020 users.kwolf.grants.1.role",
        'There is no role "chif", which kwolf has; did you mean "chief"?',
    ),
    "unknown sponsor": (
        {"users": {"sv-meier": {"sponsor": "mmuller"}}},
        "error PACS-USR-021 users.sv-meier.sponsor",
        '"mmuller", sponsor of sv-meier, is not declared; did you mean "mmueller"?',
    ),
    "an owner that is nearly an id": (
        {"service_accounts": {"svc-router": {"owner": "kwollf"}}},
        "warning PACS-USR-021 service_accounts.svc-router.owner",
        '"kwollf", owner of svc-router, is nobody\'s id; did you mean "kwolf"?',
    ),
    "a sponsor who left": (
        {"users": {"sv-meier": {"sponsor": "gone"}, "gone": {"status": "left"}}},
        "warning PACS-USR-021 users.sv-meier.sponsor",
        '"gone", sponsor of sv-meier, has left',
    ),
    "unknown approver": (
        {"roles": {"radiologist": {"approvers": ["kwolff", "rlang"]}}},
        "error PACS-USR-021 roles.radiologist.approvers.0",
        '"kwolff", approver of role radiologist, is not declared; did you mean "kwolf"?',
    ),
    "unknown required administrator": (
        {"security": {"administrators": {"required": ["nobody"]}}},
        "error PACS-USR-021 security.administrators.required.0",
        '"nobody", an administrator who must stay, is not declared',
    ),
    "required administrator who is none": (
        {"security": {"administrators": {"required": ["mmueller"]}}},
        "error PACS-SEC-002 security.administrators.required.0",
        "mmueller is to stay an administrator, and has no role of one",
    ),
    "too few administrators": (
        {"security": {"administrators": {"minimum": "3"}}},
        "error PACS-SEC-001 security.administrators.minimum",
        "Administrators: 2; there are to be at least 3",
    ),
    "a suspended administrator": (
        {"users": {"rlang": {"status": "suspended"}}},
        "error PACS-SEC-001 security.administrators.minimum",
        "Administrators: 1; there are to be at least 2",
    ),
    "unknown site": (
        {"users": {"mmueller": {"site": "mian"}}},
        "error PACS-REF-004 users.mmueller.site",
        'There is no site "mian", which mmueller names; did you mean "main"?',
    ),
    "unknown device of a program": (
        {"service_accounts": {"svc-router": {"device": "router-2"}}},
        "error PACS-REF-004 service_accounts.svc-router.device",
        'There is no device "router-2", which svc-router names; did you mean "router-1"?',
    ),
    "unknown site of a permission": (
        {"roles": {"chief": {"permissions": ["{permission: study:view, site: nort}"]}}},
        "error PACS-REF-004 roles.chief.permissions.0.site",
        'There is no site "nort", which role chief names',
    ),
    "a name to sign in with nowhere": (
        {"users": {"mmueller": {"logins": {"acounts": "m"}}}},
        "error PACS-REF-004 users.mmueller.logins.acounts",
        'There is no system "acounts", which mmueller names; did you mean "accounts"?',
    ),
    "group of everybody without a place": (
        {"systems": {"accounts": {"groups": {"pacs": {"everyone": ["auth"]}}}}},
        "error PACS-ROLE-008 systems.accounts.groups.pacs.everyone.0",
        'Group "auth" is to hold everybody, and no groups place of accounts has that name',
    ),
    "end before start": (
        {"users": {"mmueller": {"starts": "2026-02-01", "ends": "2026-01-01"}}},
        "error PACS-USR-022 users.mmueller.ends",
        "mmueller leaves on 2026-01-01 and begins on 2026-02-01",
    ),
    "grant until before from": (
        {"users": {"kwolf": {"roles": ["pacs-admin", "{role: chief, from: 2026-02-01, until: 2026-01-01}"]}}},
        "error PACS-USR-022 users.kwolf.grants.1.until",
        "kwolf has chief until 2026-01-01 and from 2026-02-01",
    ),
    "grant until before start": (
        {
            "users": {
                "kwolf": {"roles": ["pacs-admin", "{role: chief, until: 2026-01-01}"], "starts": "2026-03-01"}
            }
        },
        "error PACS-USR-022 users.kwolf.grants.1.until",
        "kwolf has chief until 2026-01-01, and begins on 2026-03-01",
    ),
    "grant from after the end": (
        {
            "users": {
                "kwolf": {"roles": ["pacs-admin", "{role: chief, from: 2027-01-01}"], "ends": "2026-12-31"}
            }
        },
        "error PACS-USR-022 users.kwolf.grants.1.starts",
        "kwolf has chief from 2027-01-01, and leaves on 2026-12-31",
    ),
    "vendor without end": (
        {"users": {"sv-meier": {"ends": None}}},
        "error PACS-USR-006 users.sv-meier",
        "sv-meier is of kind vendor and has no end",
    ),
    "sealed account without end": (
        {"users": {"seal-1": {"ends": None}}},
        "error PACS-USR-006 users.seal-1",
        "seal-1 is of kind break-glass and has no end",
    ),
    "contractor without end": (
        {"users": {"x.y": {"contract": "agency-12"}}},
        "error PACS-USR-006 users.x.y",
        "x.y is here by a contract and has no end",
    ),
    "somebody let in without end": (
        {"users": {"x.y": {"sponsor": "kwolf"}}},
        "error PACS-USR-006 users.x.y",
        "x.y is from outside (has a sponsor) and has no end",
    ),
    "program without owner and purpose": (
        {"service_accounts": {"svc-router": {"owner": None, "purpose": None}}},
        "error PACS-USR-011 service_accounts.svc-router",
        "Service account svc-router has no owner and no purpose",
    ),
    "program as administrator": (
        {"service_accounts": {"svc-router": {"roles": ["pacs-admin"]}}},
        "error PACS-USR-011 service_accounts.svc-router.grants.0",
        "Service account svc-router has role pacs-admin, which is for people",
    ),
    "shared": (
        {"users": {"desk-3": {"kind": "shared"}}},
        "error PACS-USR-005 users.desk-3",
        "desk-3 is shared by several people",
    ),
    "name of nobody": (
        {"users": {"rad1": {}}},
        "warning PACS-USR-005 users.rad1",
        '"rad1" is a name of nobody in particular',
    ),
    "conflict": (
        {"users": {"kwolf": {"roles": ["pacs-admin", "radiologist"], "profession": "physician"}}},
        "error PACS-USR-009 users.kwolf.grants.1",
        "kwolf has the roles pacs-admin and radiologist, which nobody may have both",
    ),
    "conflict for a time": (
        {
            "users": {
                "kwolf": {
                    "roles": ["pacs-admin", "{role: radiologist, from: 2030-01-01, until: 2030-02-01}"],
                    "profession": "physician",
                }
            }
        },
        "error PACS-USR-009 users.kwolf.grants.1",
        (
            "kwolf has the roles pacs-admin and radiologist, which nobody may have both, from 2030-01-01 "
            "until 2030-02-01"
        ),
    ),
    "too many holders": (
        {
            "users": {
                "a.b": {"roles": ["radiologist"], "profession": "physician"},
                "c.d": {"roles": ["radiologist"], "profession": "physician", "starts": "2030-01-01"},
            }
        },
        "error PACS-ROLE-004 roles.radiologist.max_holders",
        "Role radiologist has 3 holders from 2030-01-01; it may have 2",
    ),
    "profession": (
        {"users": {"mmueller": {"profession": "nurse"}}},
        "error PACS-USR-008 users.mmueller.grants.0",
        "mmueller is a nurse, and role radiologist is for physician alone",
    ),
    "no profession": (
        {"users": {"mmueller": {"profession": None}}},
        "error PACS-USR-008 users.mmueller.grants.0",
        "mmueller has no profession, and role radiologist is for physician alone",
    ),
    "kind": (
        {"users": {"kwolf": {"roles": ["pacs-admin", "service-engineer"]}}},
        "error PACS-USR-008 users.kwolf.grants.1",
        "kwolf is of kind person, and role service-engineer is for vendor alone",
    ),
    "training": (
        {
            "roles": {"chief": {"trainings": ["cd-import", "safety"]}},
            "users": {"rlang": {"trainings": {"safety": "2026-01-01"}}},
        },
        "warning PACS-USR-023 users.rlang.grants.1",
        "rlang has role chief and is not known to be trained for it (cd-import)",
    ),
    "emergency role for good": (
        {"users": {"kwolf": {"roles": ["pacs-admin", "emergency"]}}},
        "error PACS-USR-024 users.kwolf.grants.1",
        "kwolf has emergency role emergency for good",
    ),
    "two with one address": (
        {"users": {"kwolf": {"email": "M@Example.org"}}},
        "error PACS-USR-025 users.kwolf.email",
        "mmueller and kwolf have the same mail address",
    ),
    "two with one number": (
        {"users": {"rlang": {"employee": "'17'"}}},
        "error PACS-USR-025 users.rlang.employee",
        "kwolf and rlang have the same employee number",
    ),
    "two ids but for capitals": (
        {"users": {"KWolf": {}}},
        "error PACS-USR-025 users.KWolf",
        "kwolf and KWolf have the same id",
    ),
    "a login that is the id of another": (
        {"users": {"rlang": {"logins": {"accounts": "KWOLF"}}}},
        "error PACS-USR-025 users.rlang.logins.accounts",
        "kwolf and rlang have the same name to sign in to accounts",
    ),
    "no second factor": (
        {"roles": {"pacs-admin": {"mfa": None}}},
        "warning PACS-USR-010 roles.pacs-admin",
        "Nothing is said to ask holders of pacs-admin for a second factor",
    ),
    "no emergency role": (
        {"roles": {"emergency": None}},
        "info PACS-USR-007 roles",
        "There is no role for emergencies",
    ),
    "unknown conflict": (
        {"roles": {"radiologist": {"conflicts_with": ["pacs-admn"]}}},
        "error PACS-ROLE-002 roles.radiologist.conflicts_with.0",
        'There is no role "pacs-admn", which role radiologist names; did you mean "pacs-admin"?',
    ),
    "conflict with itself": (
        {"roles": {"radiologist": {"conflicts_with": ["radiologist"]}}},
        "error PACS-ROLE-002 roles.radiologist.conflicts_with.0",
        "role radiologist cannot conflict with itself",
    ),
    "unknown approving role": (
        {"roles": {"radiologist": {"approvers": ["role:chif", "kwolf"]}}},
        "error PACS-ROLE-002 roles.radiologist.approvers.0",
        'There is no role "chif", which role radiologist names; did you mean "chief"?',
    ),
    "unknown role of a policy": (
        {"security": {"password_policies": {"admins": {"roles": ["pacs-admn"]}}}},
        "error PACS-ROLE-002 security.password_policies.admins.roles.0",
        'There is no role "pacs-admn", which password policy admins names; did you mean "pacs-admin"?',
    ),
    "approved by themselves": (
        {"roles": {"chief": {"approvers": ["rlang"]}}},
        "warning PACS-ROLE-005 roles.chief.approvers",
        "rlang alone approves who has role chief, and has it",
    ),
    "approved by nobody": (
        {"roles": {"chief": {"approvers": ["role:emergency"]}}},
        "warning PACS-ROLE-005 roles.chief.approvers",
        "Nobody approves role chief",
    ),
    "lands nowhere": (
        {
            "roles": {"chief": {"groups": None}},
            "systems": {"accounts": {"nested": {"pacs-users": ["pacs-radiologist"]}}},
        },
        "info PACS-ROLE-003 roles.chief",
        "Role chief lands in no group",
    ),
    "lands in no system": (
        {"roles": {"chief": {"groups": {"accounts": "pacs-chief", "acounts": "x"}}}},
        "error PACS-ROLE-006 roles.chief.groups.acounts",
        'Role chief lands in system "acounts", which is not declared; did you mean "accounts"?',
    ),
    "group with a space": (
        {"roles": {"chief": {"groups": {"accounts": ["pacs-chief", "'pacs-x '"]}}}},
        "error PACS-ROLE-007 roles.chief.groups.accounts",
        "Role chief lands in a group whose name cannot be one",
    ),
    "group without a place": (
        {"roles": {"chief": {"groups": {"accounts": ["pacs-chief", "domain-admins"]}}}},
        "error PACS-ROLE-008 roles.chief.groups.accounts.1",
        'Role chief lands in group "domain-admins", and no groups place of accounts has that name',
    ),
    "outer group without a place": (
        {"systems": {"accounts": {"nested": {"everyone": ["pacs-chief"]}}}},
        "error PACS-ROLE-008 systems.accounts.nested.everyone",
        'Group "everyone" is to hold others, and no groups place of accounts has that name',
    ),
    "unknown inner group": (
        {"systems": {"accounts": {"nested": {"pacs-users": ["pacs-cheif"]}}}},
        "warning PACS-ROLE-009 systems.accounts.nested.pacs-users.0",
        'No role lands in group "pacs-cheif", which pacs-users is to hold; did you mean "pacs-chief"?',
    ),
    "circle of groups": (
        {"systems": {"accounts": {"nested": {"pacs-users": ["pacs-a"], "pacs-a": ["pacs-users"]}}}},
        "error PACS-ROLE-010 systems.accounts.nested.pacs-a",
        "Group pacs-a holds itself: pacs-a → pacs-users → pacs-a",
    ),
    "administrators by a group that holds another": (
        {"systems": {"accounts": {"nested": {"pacs-admin": ["pacs-chief"]}}}},
        "warning PACS-ROLE-011 systems.accounts.nested.pacs-admin.0",
        "Whoever is chief is an administrator too: pacs-admin holds pacs-chief",
    ),
    "kind without a place": (
        {"systems": {"accounts": {"people": {"staff": {"kinds": ["person", "vendor"]}}}}},
        "warning PACS-USR-026 systems.accounts.people",
        "1 of kind service have roles that land in accounts, where no people place takes that kind",
    ),
    "short passwords": (
        {"security": {"password_policy": {"min_length": "8"}}},
        "warning PACS-USR-012 security.password_policy.min_length",
        "The password policy asks for 8 characters; at least 12 is usual",
    ),
    "short history": (
        {"security": {"password_policies": {"admins": {"history": "3"}}}},
        "warning PACS-USR-012 security.password_policies.admins.history",
        "Password policy admins remembers 3 former passwords; at least 5 is usual",
    ),
    "many tries": (
        {"security": {"password_policy": {"lockout_after": "20"}}},
        "warning PACS-USR-012 security.password_policy.lockout_after",
        "The password policy lets 20 attempts fail; at most 10 is usual",
    ),
    "never locked": (
        {"security": {"password_policy": {"lockout_after": "0"}}},
        "warning PACS-USR-012 security.password_policy.lockout_after",
        "The password policy never locks out; at most 10 is usual",
    ),
    "policy for nobody": (
        {"security": {"password_policies": {"admins": {"roles": None}}}},
        "warning PACS-SEC-003 security.password_policies.admins",
        "Password policy admins is for nobody",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_one_fault_is_told_once(found, case):
    change, head, summary = CASES[case]
    assert found(change) == [f"{head} {summary}"]


FINE = {
    "owner that is a team": {"service_accounts": {"svc-router": {"owner": "Team of PACS"}}},
    "roles one after the other": {
        "users": {
            "kwolf": {**USER, "roles": ["pacs-admin"]},
            "x.y": {
                **USER,
                "roles": ["{role: chief, until: 2026-01-31}", "{role: radiologist, from: 2026-02-01}"],
            },
        },
        "roles": {"chief": {"conflicts_with": ["radiologist"]}},
    },
    "a vendor who left": {"users": {"sv-meier": {"ends": None, "status": "left"}}},
    "emergency by break glass": {
        "users": {"kwolf": {"break_glass": "{role: emergency, until: 2026-01-01, reason: x}"}},
    },
    "a program as administrator that is meant": {
        "service_accounts": {"svc-router": {"roles": ["pacs-admin"]}},
        "roles": {"pacs-admin": {"kinds": ["person", "service"]}},
    },
    "an address of who has left": {"users": {"old": {"status": "left", "email": "m@example.org"}}},
    "a shared account that is accepted": {
        "users": {"desk-3": {"kind": "shared"}},
        "baseline": {
            "d": {
                "rule": "PACS-USR-005",
                "at": "users.desk-3",
                "owner": "kwolf",
                "until": "2099-01-01",
                "reason": "x",
            }
        },
    },
    "a group with marks": {
        "roles": {"chief": {"groups": {"accounts": ["pacs-chief", "'pacs-a,b=c+\"d\" #ü\\'"]}}},
    },
}


@pytest.mark.parametrize("case", FINE)
def test_what_is_meant_so_is_fine(declare, case):
    whole = changed(SOUND, FINE[case])
    loaded = declare("".join(f"{key}:{yaml(held)}" for key, held in whole.items()))
    assert [one for one in loaded.findings if not one.accepted] == []
    assert for_environment(loaded.built)[1] == ()


def test_who_somebody_is_stands_in_no_message(declare):
    whole = changed(SOUND, {"users": {"kwolf": {"email": "m@example.org"}, "rlang": {"employee": "'17'"}}})
    loaded = declare("".join(f"{key}:{yaml(held)}" for key, held in whole.items()))
    told = "".join(f"{one.summary}{one.detail}{one.fix}" for one in loaded.findings)
    assert len(loaded.findings) == 2
    assert "example.org" not in told
    assert "17" not in told


def test_what_is_accepted_takes_no_room_from_what_is_not(declare):
    shared = {f"desk-{number}": {"kind": "shared"} for number in range(120)}
    accepted = {
        name: {"rule": "PACS-USR-005", "at": f"users.{name}", "owner": "kwolf", "until": "2099-01-01"}
        for name in shared
    }
    whole = changed(SOUND, {"users": {**shared, "rad1": {}}, "baseline": accepted})
    found = declare("".join(f"{key}:{yaml(held)}" for key, held in whole.items())).findings
    assert len([one for one in found if one.accepted]) == 120
    assert [(one.severity, one.path) for one in found if not one.accepted] == [("warning", ("users", "rad1"))]


def test_warnings_take_no_room_from_errors(found):
    odd = {f"rad{number}": {} for number in range(120)}
    lines = found({"users": {**odd, "z.z": {"kind": "shared"}}})
    assert "error PACS-USR-005 users.z.z z.z is shared by several people" in lines
    assert len(lines) == 102


def test_of_a_thousand_faults_of_a_kind_a_hundred_are_told_and_the_others_counted(found):
    lines = found(
        {"users": {f"person.{chr(97 + number // 26)}.{number}": {"roles": ["x"]} for number in range(150)}}
    )
    assert len(lines) == 101
    assert "error PACS-USR-020 users There are 50 more like this" in lines
