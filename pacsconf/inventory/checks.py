"""Rules for the inventory as a whole: what one value alone cannot show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pacsconf.core.finding import Finding
from pacsconf.inventory import (
    addresses,
    care_rules,
    hl7_feeds,
    people_rules,
    references,
    retention_rules,
    role_rules,
    titles,
)
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.scope import Scope

RULES: tuple[Callable[[Inventory, Scope], Iterable[Finding]], ...] = (
    titles.held_titles,
    titles.device_names_alike,
    addresses.called_without_a_port,
    addresses.hosts_outside_networks,
    addresses.one_address_for_two,
    references.missing_sites,
    references.missing_devices,
    references.missing_prober,
    references.missing_worklists,
    references.unknown_rewrites,
    references.unused_sets,
    references.selectors_without_a_match,
    references.flows_to_the_retiring,
    care_rules.unknown_servers,
    care_rules.backups_of_nothing,
    hl7_feeds.names_held_twice,
    hl7_feeds.unknown_entities,
    hl7_feeds.unlisted_character_sets,
    hl7_feeds.feeds_that_do_not_fit,
    hl7_feeds.feeds_in_circles,
    retention_rules.without_a_source,
    retention_rules.holds_on_nothing,
    retention_rules.days_the_wrong_way_round,
    retention_rules.modalities_that_tell_nothing,
    retention_rules.matches_of_everything,
    retention_rules.matches_in_too_many_ways,
    retention_rules.foreign_packs,
    people_rules.unknown_roles,
    people_rules.unknown_sites,
    people_rules.unknown_people,
    people_rules.days_the_wrong_way_round,
    people_rules.without_an_end,
    people_rules.shared_accounts,
    people_rules.service_accounts_kept,
    people_rules.one_identity_twice,
    role_rules.unknown_roles,
    role_rules.unfit_holders,
    role_rules.approved_by_themselves,
    role_rules.administrators_without_a_second_factor,
    role_rules.no_emergency_role,
    role_rules.landing,
    role_rules.weak_passwords,
)


RULE_IDS = frozenset(
    {
        "PACS-AE-003",
        "PACS-AE-013",
        "PACS-AE-014",
        "PACS-AE-015",
        "PACS-DEV-004",
        "PACS-DEV-005",
        "PACS-FLOW-001",
        "PACS-FLOW-002",
        *(f"PACS-HL7-{number:03}" for number in range(3, 11)),
        "PACS-HOST-005",
        "PACS-AE-005",
        "PACS-REF-004",
        "PACS-REF-005",
        "PACS-REF-006",
        "PACS-REF-007",
        "PACS-REF-008",
        "PACS-REF-010",
        "PACS-REF-011",
        *(f"PACS-RET-{number:03}" for number in (7, 8, 9, 10, 11, 12, 15, 16)),
        *(f"PACS-ROLE-{number:03}" for number in range(2, 8)),
        *(f"PACS-SEC-{number:03}" for number in range(1, 4)),
        "PACS-SET-005",
        *(f"PACS-USR-{number:03}" for number in (5, 6, 7, 8, 9, 10, 11, 12, 20, 21, 22, 23, 24, 25)),
    }
)
"""What these rules can find."""


def check(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
    """All that the rules find."""
    for rule in RULES:
        yield from rule(inventory, scope)


@dataclass(frozen=True, slots=True)
class Further:
    """Rules for the whole that stand above this package: what they can find, and how.

    They are asked of an inventory that is complete, and their findings can be accepted as any others.
    """

    ids: frozenset[str]
    check: Callable[[Inventory, Scope], Iterable[Finding]]

    def __add__(self, other: Further) -> Further:
        """Both, one after the other."""

        def both(inventory: Inventory, scope: Scope) -> Iterator[Finding]:
            yield from self.check(inventory, scope)
            yield from other.check(inventory, scope)

        return Further(self.ids | other.ids, both)
