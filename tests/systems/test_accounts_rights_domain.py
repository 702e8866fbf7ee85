"""What an account may do in a real Active Directory domain, as the domain itself says."""

from __future__ import annotations

import pytest

from pacsconf.core.secret import Secret
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.model import Inventory
from pacsconf.systems.accounts import AccountsSystem
from tests.domains import GROUPS, PEOPLE


@pytest.fixture
def domain(shared_domain):
    shared_domain.reset()
    return shared_domain


def rights(domain, dn: str) -> dict[str, str]:
    """By right, whether this account has it."""
    server = domain.server
    keys = {
        "name": "accounts",
        "type": "accounts",
        "flavour": "active-directory",
        "url": server.tls_url,
        "ca_file": str(server.ca_file),
        "bind": {"dn": dn, "password": "env:X"},
        "people": {"staff": {"base": PEOPLE, "owns_accounts": True}},
        "groups": {"pacs": {"base": GROUPS, "names": ["pacs-*"]}},
    }
    config = AccountsConfig.model_validate(keys)
    system = AccountsSystem("accounts", config, lambda *_: Secret(server.password))
    try:
        system.declared(Inventory())
        return {one.name: one.verdict for one in system.rights()}
    finally:
        system.close()


def test_the_account_that_was_given_rights_has_them_and_another_does_not(domain):
    somebody = domain.add_account("mm", password=domain.server.password)
    domain.add_group("pacs-readers")
    ours = rights(domain, domain.server.pacsconf_dn)
    assert ours == {
        "sign in": "yes",
        "read accounts of staff": "yes",
        "read groups of pacs": "yes",
        "change members of pacs": "yes",
        "make groups of pacs": "yes",
        "change accounts of staff": "yes",
        "make accounts of staff": "yes",
        "set passwords of staff": "unknown",
    }
    theirs = rights(domain, somebody)
    assert theirs | {"sign in": "yes"} == {
        **dict.fromkeys(ours, "no"),
        "sign in": "yes",
        "read accounts of staff": "yes",
        "read groups of pacs": "yes",
        "set passwords of staff": "unknown",
    }
