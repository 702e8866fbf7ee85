"""Active Directory domains in the practice lab: only when asked for, under their declared names."""

from __future__ import annotations

from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.environment import for_environment
from pacsconf.inventory.model import Inventory
from pacsconf.lab import domains, practice, samba

PEOPLE, GROUPS = "ou=Staff,ou=Radiology,dc=st-mary,dc=example", "ou=PACS,dc=st-mary,dc=example"


def inventory(**keys: object) -> Inventory:
    config = {
        "name": "ad",
        "type": "accounts",
        "flavour": "active-directory",
        "url": "ldaps://dc1.st-mary.example",
        "people": {"staff": {"base": PEOPLE}},
        "groups": {"pacs": {"base": GROUPS}},
    }
    return Inventory(systems={"ad": AccountsConfig.model_validate(config | keys)})


def test_a_domain_is_called_as_the_branches_of_its_people_say():
    assert list(domains.wanted(inventory())) == [
        domains.PracticeDomain("ad", "dc=st-mary,dc=example", (PEOPLE, GROUPS))
    ]


def test_branches_that_are_in_no_domain_lead_to_the_labs_own():
    (found,) = domains.wanted(
        inventory(
            people={"staff": {"base": "ou=people,o=hospital"}},
            groups={"pacs": {"base": "ou=groups,o=hospital"}},
        )
    )
    assert (found.base, found.units) == (samba.BASE, ())


def test_another_flavour_is_no_domain():
    assert list(domains.wanted(inventory(flavour="openldap"))) == []


def test_it_is_left_out_unless_asked_for_and_environment_lab_is_without_it_then(folder):
    state = practice.up(inventory(), folder)
    assert (state.left_out, state.condition) == (("ad",), "up")
    laid = practice.place.overlay(folder)
    assert for_environment(inventory(), None, laid)[0].systems == {}
