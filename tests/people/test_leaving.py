"""What somebody leaves behind, of what is declared."""

from __future__ import annotations

from pathlib import Path

import pytest

from pacsconf.inventory.environment import for_environment
from pacsconf.inventory.loader import load
from pacsconf.people.leaving import Leaving, SystemSecret, leaving

INVENTORY = """\
users:
  ada: {roles: [reader, admin], email: ada@example.org, name: Ada Acker}
  bob: {roles: [reader]}
  room: {kind: shared, owner: bob, purpose: x, device: ct-1, roles: [reader]}
  seal: {kind: break-glass, owner: ada, purpose: x, roles: [admin]}
  fae: {kind: vendor, sponsor: ada, contract: C-1, ends: 2099-01-01, roles: [qc]}
service_accounts:
  svc-a: {owner: ada, purpose: x}
  svc-b: {owner: bob, purpose: x, roles: [qc], password: {from: "env:B"}}
roles:
  reader: {permissions: [study:view], approvers: [role:admin]}
  qc: {permissions: [qc:mark], approvers: [ada]}
  admin: {administrator: true, permissions: [config:apply]}
security: {administrators: {minimum: 1, required: [ada]}}
devices:
  ct-1: {type: modality, owner: ada, ae_title: CT1, host: 10.20.4.17, port: 104}
  ris: {type: ris, owner: radiology, ae_title: RIS, host: 10.20.4.18, port: 104}
systems:
  ris: {type: console, ae: ris/RIS, contact: RIS team}
pacsconf: {approvals: {access: {approvers: [ada@example.org]}}}
"""


@pytest.fixture
def inventory(tmp_path: Path):
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "all.yaml").write_text(INVENTORY)
    loaded = load(tmp_path)
    assert loaded.built is not None, loaded.findings
    return for_environment(loaded.built, None)[0]


def said(items) -> dict[str, str]:
    return {".".join(map(str, one.path)): one.what for one in items}


def test_what_an_administrator_leaves_behind(inventory):
    secrets = [SystemSecret("directory", "env:LDAP")]
    left = leaving(inventory, inventory.users["ada"], secrets)
    assert left.roles == ("reader", "admin")
    assert said(left.rotate) == {
        "users.seal": "the password of break-glass account seal, which they answer for",
        "service_accounts.svc-a": "the password of service account svc-a, which they answer for",
    }
    assert said(left.may_know) == {
        "users.room": "the password of shared account room, which is for reader",
        "service_accounts.svc-b": "the password of service account svc-b, known to whoever is admin",
        "systems.directory": "env:LDAP, with which directory is signed in to, known to whoever is admin",
    }
    assert set(said(left.successors)) == {
        "users.seal.owner",
        "service_accounts.svc-a.owner",
        "users.fae.sponsor",
        "security.administrators",
        "roles.reader.approvers",
        "roles.qc.approvers",
        "devices.ct-1.owner",
        "pacsconf.approvals.access",
    }
    assert said(left.by_hand) == {
        "systems.ris": "ris: who may sign in there cannot be seen here; take ada out at its console (ask RIS team)"
    }


def test_a_reader_knows_no_secrets_of_systems(inventory):
    left = leaving(inventory, inventory.users["bob"], [SystemSecret("directory", "env:LDAP")])
    assert set(said(left.may_know)) == set()
    assert set(said(left.rotate)) == {"users.room", "service_accounts.svc-b"}


def test_who_has_nothing_leaves_nothing(inventory):
    alone = inventory.model_copy(update={"systems": {}})
    left = leaving(alone, inventory.users["fae"])
    assert left == Leaving("fae", ("qc",))
