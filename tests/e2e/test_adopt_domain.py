"""look and adopt accounts at a real Active Directory domain: found, adopted, and planned to no change."""

from __future__ import annotations

import shlex

import pytest

from tests.domains import GROUPS, PEOPLE, SERVICES, started
from tests.e2e.desks import desk_at


@pytest.fixture(scope="module")
def running(domain_template, tmp_path_factory):
    with started(domain_template, tmp_path_factory.mktemp("ad") / "dc") as found:
        yield found


@pytest.fixture
def domain(running):
    running.reset()
    return running


@pytest.fixture
def desk(domain, tmp_path, surroundings, monkeypatch):
    server = domain.server
    made = desk_at(
        tmp_path / "hospital", monkeypatch, server.tls_url, server.admin_dn, server.password, surroundings
    )
    (made.path / "ca.pem").write_bytes(server.ca_file.read_bytes())
    return made


def test_a_domain_is_adopted_and_plans_to_no_change(desk, domain):
    anna = domain.add_account("anna", cn="Müllerin, Anna", givenName="Anna", sn="Müllerin")
    over = domain.add_account("over", accountExpires="132223104000000000")  # the beginning of 2020
    away = domain.add_account("away", password="")
    forever = domain.add_account("kx81", userAccountControl=str(0x200 | 0x10000))
    router = domain.add_account("svc-router", base=SERVICES)
    inner = domain.add_group("pacs-radiologist", [anna, over, away, forever])
    domain.add_group("pacs-admin", [anna])
    domain.add_group("pacs-reader", [inner, router])
    branches = ("--people", PEOPLE, "--people", SERVICES, "--groups", GROUPS, "--names", "pacs-*")
    adopted = desk.adopt("--flavour", "active-directory", "--ca-file", "ca.pem", *branches)
    assert adopted.code == 0, adopted
    files = {path.name: path.read_text() for path in (desk.path / "inventory").rglob("*.yaml")}
    assert "  anna: {roles: [admin, radiologist]}\n" in files["users.yaml"]
    assert "  over: {roles: [radiologist], ends: 2019-12-31}\n" in files["users.yaml"]
    assert "  away: {roles: [radiologist], status: suspended}\n" in files["users.yaml"]
    assert "Müllerin" not in "".join(files.values())
    assert "  svc-router: {roles: [reader]}\n" in files["service-accounts.yaml"]
    assert "    nested: {pacs-reader: [pacs-radiologist]}\n" in files["systems.yaml"]
    desk.begin()
    assert "No changes." in desk.ok("plan").out


def test_a_look_finds_the_branches_of_a_domain(desk, domain):
    forever = domain.add_account("kx81", givenName="K", sn="X", userAccountControl=str(0x200 | 0x10000))
    domain.add_group("pacs-reader", [forever])
    sign_in = ("--bind-dn", desk.viewer, "--password", "env:LDAP_PASSWORD", "--ca-file", "ca.pem")
    told = desk.ok("look", desk.url, *sign_in, "--format", "json").json
    assert told["what"] == "An Active Directory"
    assert "PEOPLE-ODD-PASSWORD-FOREVER" in {one["rule"] for one in told["findings"]}
    words = shlex.split(told["next"])
    assert words[:3] == ["pacsconf", "adopt", "accounts"]
    assert "active-directory" in words
    assert PEOPLE.lower() in [word.lower() for word in words]
    assert GROUPS.lower() in [word.lower() for word in words]
