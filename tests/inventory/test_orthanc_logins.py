"""Rules about who signs in at an Orthanc."""

from __future__ import annotations

import pytest

from pacsconf.inventory.environment import for_environment
from pacsconf.inventory.loader import load
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.orthanc_logins import login_findings
from pacsconf.inventory.people import JobRole, User
from pacsconf.inventory.systems import OrthancConfig

OWN = {"user": "svc-pacsconf", "password": "env:OWN"}
SVC = {"password": "env:OWN", "for": "svc-pacsconf"}
PEOPLE = {
    "svc-pacsconf": User(id="svc-pacsconf", kind="service", collection="service_accounts"),
    "mmueller": User(id="mmueller"),
    "gone": User(id="gone", status="left"),
}


def found(*, practice: bool = False, roles: dict[str, JobRole] | None = None, **keys: object):
    config = {"name": "pacs", "type": "orthanc", "url": "https://h", "login": OWN} | keys
    inventory = Inventory(users=PEOPLE, roles=roles or {})
    findings = login_findings(OrthancConfig.model_validate(config), inventory, practice=practice)
    return [(one.rule, one.severity, ".".join(map(str, one.path))) for one in findings]


AT = "systems.pacs.users"


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        ({}, []),
        ({"svc-pacsconf": SVC}, []),
        (
            {"svc-pacsconf": SVC, "m": {"password": "env:M", "for": "mmuler"}},
            [("PACS-USR-030", "error", f"{AT}.m.for")],
        ),
        (
            {"svc-pacsconf": SVC, "Orthanc": {"password": "env:M", "for": "mmueller"}},
            [("PACS-USR-031", "warning", f"{AT}.Orthanc")],
        ),
        ({"svc-pacsconf": SVC, "viewer": {"password": "env:M"}}, [("PACS-USR-032", "info", f"{AT}.viewer")]),
        (
            {"svc-pacsconf": SVC, "g": {"password": "env:M", "for": "gone"}},
            [("PACS-USR-033", "warning", f"{AT}.g")],
        ),
        (
            {"m": {"password": "env:M", "for": "mmueller"}},
            [("PACS-USR-034", "error", "systems.pacs.login")],
        ),
        (
            {"svc-pacsconf": SVC | {"password": "env:ANOTHER"}},
            [("PACS-USR-034", "warning", "systems.pacs.login.password")],
        ),
        (
            {"svc-pacsconf": SVC, "m": {"password": "env:OWN", "for": "mmueller"}},
            [("PACS-USR-036", "warning", f"{AT}.svc-pacsconf.password")],
        ),
    ],
)
def test_each_mistake_is_told_at_its_place(users, expected):
    assert found(users=users) == expected


def test_a_login_is_named_that_is_near():
    config = OrthancConfig.model_validate(
        {
            "name": "pacs",
            "type": "orthanc",
            "url": "https://h",
            "users": {"m": {"password": "env:M", "for": "mmuler"}},
        }
    )
    first = next(iter(login_findings(config, Inventory(users=PEOPLE), practice=True)))
    assert first.summary.endswith('who is not declared; did you mean "mmueller"?')


def test_in_the_practice_lab_pacsconf_signs_in_as_the_labs_own():
    assert found(practice=True, users={"m": {"password": "env:M", "for": "mmueller"}}) == []


def test_a_role_lands_only_where_roles_count():
    roles = {"rad": JobRole(id="rad", groups={"pacs": ("doctor",), "accounts": ("pacs-rad",)})}
    assert found(roles=roles) == [("PACS-USR-035", "error", "roles.rad.groups.pacs")]
    assert found(roles=roles, authorization="true") == []


@pytest.mark.parametrize(
    ("users", "said"),
    [
        ("{m: {version: 2}}", 'systems.pacs.users.m needs the key "password"'),
        ('{"a:b": {password: "env:M"}}', "a login has no colon in its name"),
        ("{m: {password: sesame}}", "a secret is named, never written here"),
        ('{m: {password: "env:M", used_by: x}}', 'Unknown key "used_by"'),
    ],
)
def test_what_a_login_must_be(tmp_path, users, said):
    (tmp_path / "inventory").mkdir()
    text = f"systems: {{pacs: {{type: orthanc, url: 'https://h', users: {users}}}}}\n"
    (tmp_path / "inventory" / "a.yaml").write_text(text)
    loaded = load(tmp_path)
    assert loaded.inventory is not None
    _, findings = for_environment(loaded.inventory)
    assert any(said in f"{one.summary} {one.detail}" for one in findings), findings
    assert "sesame" not in str(findings)
